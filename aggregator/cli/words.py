"""The command about what providers say that nobody understands."""

from __future__ import annotations

import rich_click as click

from aggregator.catalog.upstream import word_store, words
from aggregator.cli.providers import providers
from aggregator.cli.root import Context, Failure, actor, command
from aggregator.cli.told_words import word_row
from aggregator.settings import PROVIDERS_FILE
from aggregator.storage.opening import database


@command(providers, "words")
@click.argument("provider", required=False)
@click.argument("text", required=False)
@click.option("--means", metavar="MEANING", help="A status (completed, partial, ...) or an error code (FUNDS, ...).")
@click.option("--reason", default="", help="Why, for the record.")
@click.option("--check", is_flag=True, help="Say nothing yet: show which orders it would let go on, and where to.")
@click.option("--all", "everything", is_flag=True, help="Also those whose meaning was said.")
@click.option("--limit", type=click.IntRange(1), help="No more rows than these.")
async def words_(
    context: Context,
    provider: str | None,
    text: str | None,
    means: str | None,
    reason: str,
    check: bool,
    everything: bool,
    limit: int | None,
) -> None:
    """Show what providers said that nobody understands; with TEXT and --means, say once what it means.

    Orders that are unsure for want of it go on then, where their kept reply is a refusal with it.
    """
    if (text is None) != (means is None):
        raise click.UsageError("write PROVIDER TEXT --means MEANING, in quotes where there are blanks")
    settings = context.settings() if check else context.settings_of(PROVIDERS_FILE)
    if provider is not None and provider not in [one.profile.name for one in settings.providers]:
        raise Failure(f"there is no provider {provider} in providers.toml")
    async with database(settings):
        if provider is not None and text is not None and means is not None:
            from aggregator.cli import explaining  # noqa: PLC0415  # judges orders, and has the providers' adapters

            if check:
                await explaining.foresee(context, settings, await words.explained(provider, text, means))
            else:
                said = await words.explain(provider, text, means, actor=actor(), reason=reason)
                await explaining.carry_out(context, settings, said)
            return
        rows = await word_store.words(provider, everything=everything)
    columns = ["provider", "kind", "text", "times", "last", "meaning"]
    empty = "every word is understood" if not everything else "nothing was ever said that nobody understood"
    context.print_rows([word_row(row) for row in rows][:limit], columns=columns, empty=empty)
