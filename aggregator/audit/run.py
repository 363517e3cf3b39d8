"""Runs the promises against one moment of the database, and keeps what was found."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import structlog
from msgspec import Struct

from aggregator.audit import store
from aggregator.audit.chain import Chain, Link
from aggregator.audit.columns import Columns
from aggregator.audit.costs import Days
from aggregator.audit.due_refunds import DUE_REFUNDS
from aggregator.audit.entries import ENTRIES
from aggregator.audit.facts import Check, Checked
from aggregator.audit.horizon import settled_marks
from aggregator.audit.orders import ORDERS
from aggregator.audit.placement import ATTEMPTS_OF_ORDERS, attempts
from aggregator.audit.promise import Breach, Promise, Stops
from aggregator.audit.refills import refills
from aggregator.audit.scope import Marks, Scope
from aggregator.audit.store import Checkpoint, Finding
from aggregator.audit.sums import Sums
from aggregator.audit.uniqueness import REFERENCES, UPSTREAM_ORDERS
from aggregator.audit.wallets import Wallets
from aggregator.orders.halts import Concerned
from aggregator.storage import clock
from aggregator.storage.transaction import snapshot

log = structlog.get_logger(__name__)

MOST_SHOWN = 20
MOST_TOLD = 300
"""Characters of an error."""
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
    failure: str | None = None
    """Why some promises could not be looked at; what the others found counts."""

    @property
    def broken(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.broken]

    @property
    def green(self) -> bool:
        return not self.broken and self.failure is None


class CannotLook(Exception):
    """Some promises could not be looked at; the text says which, and why."""


class _Run:
    """One look at one moment; at one more for each check that fails, so that none hides what the others find."""

    def __init__(
        self, base: Checkpoint | None, links: Sequence[Link], marks: Marks, failures: Sequence[str] = ()
    ) -> None:
        now = clock.now()
        self.scope = Scope(base.marks if base else None)
        self.wallets = Wallets(base.sums if base else {}, marks)
        self.chain = Chain(links, marks.entries)
        self.checks: list[Check] = [
            self.wallets,
            ORDERS,
            ENTRIES,
            REFERENCES,
            Sums(),
            Columns(),
            self.chain,
            ATTEMPTS_OF_ORDERS,
            UPSTREAM_ORDERS,
            attempts(now),
            DUE_REFUNDS,
            refills(now),
            Days(),
        ]
        self.tallies = {promise.name: Tally(promise) for check in self.checks for promise in check.promises}
        self.checked = 0
        self.failures = list(failures)
        self._waiting = deque(self.checks)

    async def look_at_all(self) -> None:
        """Whatever goes wrong is in `failures`, afterwards."""
        while self._waiting:
            try:
                await snapshot(self.look)
            except Exception as error:  # noqa: BLE001  # whatever it is, the rest is looked at
                names = ", ".join(promise.name for promise in self._waiting.popleft().promises)
                self.failures.append(f"{names}: {_tell(error)}")

    async def look(self) -> None:
        while self._waiting:
            await self._look_at(self._waiting[0])
            self._waiting.popleft()

    async def _look_at(self, check: Check) -> None:
        async for told in check.look(self.scope):
            if isinstance(told, Checked):
                self.checked += told.rows
            else:
                self.tallies[told.promise].add(told)

    @property
    def failure(self) -> str | None:
        return "; ".join(self.failures) or None

    def halts(self) -> dict[str, set[Concerned]]:
        return {name: halts for name, tally in self.tallies.items() if (halts := tally.halts())}


async def audit() -> list[Finding]:
    """Every promise over the whole database: no rows anywhere is green. Reads only, and keeps nothing.

    Raises `CannotLook` where that cannot be said of all.
    """
    await clock.follow()
    run = _Run(None, await store.links(), Marks())
    await run.look_at_all()
    if run.failure is not None:
        raise CannotLook(run.failure)
    return [tally.finding() for tally in run.tallies.values()]


async def run(*, full: bool | None = None) -> Result:
    """Look, keep what was found, and let what it concerns stand still, or go on.

    `full` = everything; False = what is new since the last green checkpoint; None = everything while that is quick,
    after a red run, or where there is no checkpoint.
    """
    async with failing_in_public():
        result = await run_in_slot(None, full=full)
    assert result is not None
    return result


@asynccontextmanager
async def failing_in_public() -> AsyncIterator[None]:
    """A run in here that cannot even begin, or be kept, is kept as a red one where the database takes that."""
    try:
        yield
    except Exception as error:
        log.error("audit.failed", error=_tell(error))  # noqa: TRY400  # raised again
        with suppress(Exception):
            await store.fail(_tell(error))
        raise


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
    # What may still come in below the marks would be missed by the next run: then there is no new checkpoint.
    marks, links, failures = await _known()
    current = _Run(since, links, marks or (since.marks if since else Marks()), failures)
    await current.look_at_all()
    took = round((time.monotonic() - started) * 1000)
    findings = [tally.finding() for tally in current.tallies.values()]
    result = Result(since is None, clock.now(), took, current.checked, findings, current.failure)
    await store.finish(
        number,
        result.broken,
        current.halts(),
        failure=result.failure,
        complete=since is None,
        milliseconds=took,
        checked=current.checked,
        newest=newest,
        checkpoint=Checkpoint(number, marks, current.wallets.sums) if marks and result.green else None,
        link=current.chain.link,
    )
    return result


async def _known() -> tuple[Marks | None, list[Link], list[str]]:
    """Up to where this run is, and what was kept of the entries; and why that cannot be told."""
    try:
        return await settled_marks(), await store.links(), []
    except Exception as error:  # noqa: BLE001  # whatever it is, the promises are looked at
        return None, [], [f"where the last run ended: {_tell(error)}"]


def _tell(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")[:MOST_TOLD]
