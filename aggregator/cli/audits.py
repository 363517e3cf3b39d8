"""The command that proves the books."""

from __future__ import annotations

import msgspec
import rich_click as click

from aggregator.audit import run, store
from aggregator.audit.run import Result
from aggregator.audit.store import Run
from aggregator.cli.root import Context, Failure, Row, actor, command, root, when
from aggregator.storage.opening import database


@command(root, "audit")
@click.option("--full", is_flag=True, help="Everything, also where that takes a while.")
@click.option("--runs", type=click.IntRange(1), metavar="N", help="Only show the last N runs.")
@click.option(
    "--accept-entries", is_flag=True, help="First take the book as it is now: its chain of hashes begins anew."
)
@click.option("--reason", default="", help="Why, for the record.")
async def audit(context: Context, full: bool, runs: int | None, accept_entries: bool, reason: str) -> None:
    """Prove every promise about money and orders; exit 1 where one is broken.

    Looks at everything, but in a large database only at what has changed since the last green run. What is red stands
    still until a later run is green.
    """
    async with database(context.settings_of()):
        if runs is not None:
            columns = ["run", "at", "complete", "green", "rows", "milliseconds", "red", "failure"]
            found = [_run_row(one) for one in await store.last_runs(runs)]
            context.print_rows(found, columns=columns, empty="no audit has run yet")
            return
        if accept_entries:
            await store.begin_chain_anew(actor=actor(), reason=reason)
        result = await run.run(full=full or None)
    _show(context, result)


def _show(context: Context, result: Result) -> None:
    document = {
        "green": result.green,
        "complete": result.complete,
        "rows": result.checked,
        "milliseconds": result.milliseconds,
        "failure": result.failure,
        "promises": [msgspec.to_builtins(one) for one in result.findings],
    }
    if not context.as_json:
        for finding in result.findings:
            click.echo(
                f"{'RED  ' if finding.broken else 'green'}  {finding.id:3} {finding.promise}: {finding.sentence}"
            )
            for row in finding.rows:
                click.echo(f"           {row}")
    if result.failure is not None:
        raise Failure(f"some promises could not be looked at: {result.failure}", document=document)
    if result.broken:
        raise Failure(f"{len(result.broken)} of {len(result.findings)} promises are broken", document=document)
    looked = "everything" if result.complete else "what is new since the last green run"
    text = f"{len(result.findings)} promises hold: {looked}, {result.checked} rows in {result.milliseconds} ms"
    context.print(document, text=text)


def _run_row(one: Run) -> Row:
    return {
        "run": one.id,
        "at": when(one.at),
        "complete": one.complete,
        "green": one.green,
        "rows": one.checked,
        "milliseconds": one.milliseconds,
        "red": {finding.promise: finding.broken for finding in one.red},
        "failure": one.failure,
    }
