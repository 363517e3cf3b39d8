"""Commands about the panels we buy from: how they are, and what their words mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rich_click as click

from aggregator.catalog import store as catalog_store
from aggregator.catalog import word_store, words
from aggregator.catalog.model import ProviderRow
from aggregator.catalog.word_store import WordRow
from aggregator.catalog.words import WordUnknown
from aggregator.cli.later import Later, Places
from aggregator.cli.root import Context, Failure, Row, actor, command, root, when
from aggregator.orders import account_door_store, attempt_store
from aggregator.orders.account_doors import ForeignDoor
from aggregator.settings import PROVIDERS_FILE, ProviderSettings
from aggregator.storage import clock
from aggregator.storage.opening import database

_LATER: Places = {
    "scaffold": ("aggregator.cli.trials", "Write the beginning of an adapter for a panel whose API fits no preset."),
    "test": ("aggregator.cli.trials", "Try a provider without buying anything; exit 1 where it could not sell."),
}
_LIMIT = click.option("--limit", type=click.IntRange(1), help="No more rows than these.")


@root.group("providers", cls=Later, later=_LATER, invoke_without_command=True)
@_LIMIT
@click.option("--config", metavar="DIR", help="The configuration's folder [./config].")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def providers(click_context: click.RichContext, /, **given: Any) -> None:
    """Show each provider: balance, health, services, last sync; or try one, or say what its words mean."""
    if click_context.invoked_subcommand is None:
        click_context.invoke(providers.commands["list"], **given)
    elif any(given.values()):
        name = click_context.invoked_subcommand
        raise click.UsageError(f"write the options after {name}: aggregator providers {name} --json", click_context)


@command(providers, "list")
@_LIMIT
async def list_(context: Context, limit: int | None) -> None:
    """Show each provider: balance, health, services, last sync. The same as providers alone."""
    settings = context.settings_of(PROVIDERS_FILE)
    async with database(settings):
        known = await catalog_store.providers()
        listings = await catalog_store.listings()
        unsure = await attempt_store.unsure_since(0)
        elsewhere = await _elsewhere(settings.providers)
    counts: dict[str, int] = {}
    for listing in listings:
        if not listing.withdrawn:
            counts[listing.provider] = counts.get(listing.provider, 0) + 1
    rows = [
        _provider_row(one, known.get(one.profile.name), counts, unsure, elsewhere[one.profile.name])
        for one in settings.providers
    ][:limit]
    columns = ["provider", "enabled", "balance", "currency", "health", "services", "last_sync", "unsure"]
    context.print_rows(rows, columns=columns, empty="no provider is configured: see config/providers.toml")


def _provider_row(
    one: ProviderSettings, row: ProviderRow | None, counts: dict[str, int], unsure: dict[str, int],
    elsewhere: Sequence[ForeignDoor],
) -> Row:  # fmt: skip
    name = one.profile.name
    row = row or ProviderRow(name=name)
    resting = row.rest_until > clock.now()
    health, why = "resting" if resting else "ok", row.rest_reason if resting else row.sync_error
    if elsewhere:
        health, why = "moved", f"confirm with providers confirm-account {name} that it is the same account"
    return {
        "provider": name, "enabled": one.enabled, "preset": one.preset, "balance": row.balance,
        "currency": row.currency or one.profile.currency, "health": health, "reason": why,
        "elsewhere": [_door_row(door) for door in elsewhere], "services": counts.get(name, 0),
        "last_sync": when(row.synced_at), "unsure": unsure.get(name, 0),
    }  # fmt: skip


async def _elsewhere(found: Sequence[ProviderSettings]) -> dict[str, list[ForeignDoor]]:
    """By provider: where orders went that its address and key of today do not lead to."""
    return {
        one.profile.name: await account_door_store.foreign(
            one.profile.name, await account_door_store.doors_of(one.profile)
        )
        for one in found
    }


def _door_row(one: ForeignDoor) -> Row:
    return {"door": one.short, "orders": one.orders, "since": when(one.since)}


@command(providers, "confirm-account")
@click.argument("provider")
@click.option("--door", default="", metavar="DOOR", help="Which one, where orders went to several accounts.")
@click.option("--reason", default="", help="Why, for the record.")
async def confirm_account(context: Context, provider: str, door: str, reason: str) -> None:
    """Its address or key changed and it is the same account: what waits for that goes on."""
    settings = context.settings_of(PROVIDERS_FILE)
    found = next((one for one in settings.providers if one.profile.name == provider), None)
    if found is None:
        raise Failure(f"there is no provider {provider} in providers.toml")
    async with database(settings):
        said = await account_door_store.confirm(found.profile, door, actor=actor(), reason=reason)
    orders = "1 order goes" if said.orders == 1 else f"{said.orders} orders go"
    document = {"provider": provider, "door": said.short, "orders": said.orders}
    context.print(document, text=f"{provider} is the same account as {said.short}: {orders} on")


@command(providers, "words")
@click.argument("provider", required=False)
@click.argument("text", required=False)
@click.option("--means", metavar="MEANING", help="A status (completed, partial, ...) or an error code (FUNDS, ...).")
@click.option("--reason", default="", help="Why, for the record.")
@click.option("--all", "everything", is_flag=True, help="Also those whose meaning was said.")
@_LIMIT
async def words_(
    context: Context, provider: str | None, text: str | None, means: str | None, reason: str,
    everything: bool, limit: int | None,
) -> None:  # fmt: skip
    """Show what providers said that nobody understands; with TEXT and --means, say once what it means."""
    if (text is None) != (means is None):
        raise click.UsageError("write PROVIDER TEXT --means MEANING, in quotes where there are blanks")
    settings = context.settings_of(PROVIDERS_FILE)
    if provider is not None and provider not in [one.profile.name for one in settings.providers]:
        raise Failure(f"there is no provider {provider} in providers.toml")
    async with database(settings):
        if provider is not None and text is not None and means is not None:
            await _explain(context, provider, text, means, reason)
            return
        rows = await word_store.words(provider, everything=everything)
    columns = ["provider", "kind", "text", "times", "last", "meaning"]
    empty = "every word is understood" if not everything else "nothing was ever said that nobody understood"
    context.print_rows([_word_row(row) for row in rows][:limit], columns=columns, empty=empty)


async def _explain(context: Context, provider: str, text: str, means: str, reason: str) -> None:
    try:
        rows = await words.explain(provider, text, means, actor=actor(), reason=reason)
    except WordUnknown as error:
        raise Failure(str(error)) from error
    follows = [line for row in rows for line in _consequence(row)]
    document = {"provider": provider, "words": [_word_row(row) for row in rows], "consequence": follows}
    said = [f"{provider}: {row.text!r} means {row.meaning} from now on" for row in rows]
    context.print(document, text="\n".join([*said, *follows]))


def _consequence(row: WordRow) -> list[str]:
    if not words.is_clear_no(row):
        return []
    return [
        f"An order that {row.provider} answers so was not taken: it goes to the next provider, waits, or is refunded.",
        "If it ever takes an order it answers so, that order is bought twice: then say --means unknown.",
        "Orders that are unsure already stay so: see aggregator orders unsure.",
    ]


def _word_row(row: WordRow) -> Row:
    return {
        "provider": row.provider, "kind": row.kind, "text": row.text, "times": row.times, "meaning": row.meaning,
        "first": when(row.first_at), "last": when(row.last_at), "reply": row.reply,
    }  # fmt: skip
