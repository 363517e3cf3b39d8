"""Runs the promises against one moment of the database, and keeps what was found."""

from __future__ import annotations

import time
from collections.abc import Sequence

from msgspec import Struct

from aggregator.audit import store
from aggregator.audit.chain import Chain, Link
from aggregator.audit.columns import Columns
from aggregator.audit.costs import Days
from aggregator.audit.due_refunds import DUE_REFUNDS
from aggregator.audit.entries import ENTRIES
from aggregator.audit.facts import Check, Checked
from aggregator.audit.horizon import settled_marks
from aggregator.audit.once import REFERENCES, UPSTREAM_ORDERS
from aggregator.audit.orders import ORDERS
from aggregator.audit.placement import ATTEMPTS_OF_ORDERS, attempts
from aggregator.audit.promise import Breach, Promise, Stops
from aggregator.audit.refills import refills
from aggregator.audit.scope import Marks, Scope
from aggregator.audit.store import Checkpoint, Finding
from aggregator.audit.sums import Sums
from aggregator.audit.wallets import Wallets
from aggregator.orders.halts import Concerned
from aggregator.storage import clock
from aggregator.storage.transaction import snapshot

MOST_SHOWN = 20
MOST_CONCERNED = 1_000
"""When a promise is broken for more orders or resellers, it concerns all."""
SMALL = 50_000
"""With fewer entries everything is looked at in a moment, so it always is."""


class Tally:
    """What a run has found of one promise so far."""

    def __init__(self, promise: Promise) -> None:
        self.promise = promise
        self.broken = 0
        self.rows: list[str] = []
        self.concerned: set[Concerned] = set()

    def add(self, breach: Breach) -> None:
        self.broken += 1
        if len(self.rows) < MOST_SHOWN:
            self.rows.append(breach.text)
        if len(self.concerned) <= MOST_CONCERNED:
            self.concerned.add(_concerned(self.promise, breach))

    def finding(self) -> Finding:
        promise = self.promise
        return Finding(promise.id, promise.name, promise.sentence, promise.stops, self.broken, self.rows)

    def halts(self) -> set[Concerned]:
        """What must stand still."""
        if self.promise.stops is Stops.NOTHING or not self.broken:
            return set()
        return {Concerned()} if len(self.concerned) > MOST_CONCERNED else self.concerned


def _concerned(promise: Promise, breach: Breach) -> Concerned:
    if promise.stops is Stops.WALLET and breach.reseller is not None:
        return Concerned(reseller=breach.reseller)
    return Concerned(order=breach.order)


class Result(Struct, frozen=True):
    """What one run found."""

    complete: bool
    """Everything was looked at, not only what is new."""
    at: int
    milliseconds: int
    checked: int
    findings: Sequence[Finding]

    @property
    def broken(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.broken]

    @property
    def green(self) -> bool:
        return not self.broken


class _Run:
    """One look at one moment."""

    def __init__(self, base: Checkpoint | None, links: Sequence[Link], marks: Marks) -> None:
        now = clock.now()
        self.scope = Scope(base.marks if base else None)
        self.wallets = Wallets(base.sums if base else {}, marks)
        self.chain = Chain(links, marks.entries)
        self.checks: list[Check] = [
            self.wallets, ORDERS, ENTRIES, REFERENCES, Sums(), Columns(), self.chain, ATTEMPTS_OF_ORDERS,
            UPSTREAM_ORDERS, attempts(now), DUE_REFUNDS, refills(now), Days(),
        ]  # fmt: skip
        self.tallies = {promise.name: Tally(promise) for check in self.checks for promise in check.promises}
        self.checked = 0

    async def look(self) -> None:
        for check in self.checks:
            async for told in check.look(self.scope):
                if isinstance(told, Checked):
                    self.checked += told.rows
                else:
                    self.tallies[told.promise].add(told)

    def halts(self) -> dict[str, set[Concerned]]:
        return {name: halts for name, tally in self.tallies.items() if (halts := tally.halts())}


async def audit() -> list[Finding]:
    """Every promise over the whole database: no rows anywhere is green. Reads only, and keeps nothing."""
    await clock.follow()
    run = _Run(None, await store.links(), Marks())
    await snapshot(run.look)
    return [tally.finding() for tally in run.tallies.values()]


async def run(*, full: bool | None = None) -> Result:
    """Look, keep what was found, and let what it concerns stand still, or go on.

    `full` = everything; False = what is new since the last green checkpoint; None = everything while that is quick,
    after a red run, or where there is no checkpoint.
    """
    result = await run_in_slot(None, full=full)
    assert result is not None
    return result


async def run_in_slot(slot: int | None, *, full: bool | None) -> Result | None:
    """`run` once in each slot, whoever comes first; None for whoever comes later."""
    await clock.follow()
    base = await store.checkpoint()
    if full is not False and (full or await _is_better_whole(base)):
        return await _run(None, base, slot)
    found = await _run(base, base, slot)
    # What is new is red: only a look at everything can name all that it concerns.
    return await _run(None, base, None) if full is None and found is not None and not found.green else found


async def _is_better_whole(base: Checkpoint | None) -> bool:
    if base is None or await store.last_was_red():
        return True
    return await store.entries() <= SMALL


async def _run(since: Checkpoint | None, newest: Checkpoint | None, slot: int | None) -> Result | None:
    number = await store.begin(complete=since is None, slot=slot)
    if number is None:
        return None
    started = time.monotonic()
    marks = await settled_marks()
    # What may still come in below the marks would be missed by the next run: then there is no new checkpoint.
    current = _Run(since, await store.links(), marks or (since.marks if since else Marks()))
    await snapshot(current.look)
    took = round((time.monotonic() - started) * 1000)
    findings = [tally.finding() for tally in current.tallies.values()]
    result = Result(since is None, clock.now(), took, current.checked, findings)
    await store.finish(
        number, result.broken, current.halts(), complete=since is None, milliseconds=took, checked=current.checked,
        newest=newest, checkpoint=Checkpoint(number, marks, current.wallets.sums) if marks and result.green else None,
        link=current.chain.link,
    )  # fmt: skip
    return result
