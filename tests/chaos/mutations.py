"""Builds the program wrongly, in five ways that panels are known to get wrong, and proves that a run finds each.

A check that cannot fail proves nothing. Each build is a copy of the source with a few words replaced; a replacement
that no longer fits the source is an error.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from tests.chaos.bursts import burst
from tests.chaos.plan import Blow, Plan, Wish
from tests.chaos.processes import ROOT, run_to_the_end
from tests.chaos.storm import rage

SOURCES = ("aggregator", "providers", "pricing")
AT_ONCE = 2
PATIENCE = 8
"""How long a drain waits for what a broken build will never do, in seconds."""
DISPATCH, ATTEMPTS = "aggregator/orders/dispatching/dispatch.py", "aggregator/orders/dispatching/attempt_writer.py"
SETTLE, STORE = "aggregator/orders/settling/settle.py", "aggregator/orders/store.py"

Catch = Callable[[Path], Awaitable[list[str]]]
"""From the folder of a build to what was found wrong with it."""


class Misfit(Exception):
    """A replacement does not fit the source any more."""


class Edit(NamedTuple):
    """One replacement; `before` stands exactly once in the file."""

    file: str
    before: str
    after: str


class Mutation(NamedTuple):
    """One broken build, and the load that brings its fault to light."""

    name: str
    edits: list[Edit]
    catch: Catch
    fault: str
    """What is found, among other things, because of this and nothing else."""


async def _load(root: Path, links: list[str], *blows: Blow) -> list[str]:
    """Place orders with these links, several of each, and break what the blows say."""
    wishes = [
        Wish(n, n % 8, 1, f"https://x.example/m-{n}/{link}", 1000, f"m-{n}", repeated=False, called_off=False)
        for n, link in enumerate(links * 4)
    ]
    plan = Plan(1, "sqlite", wishes, list(blows), seconds=2.0)
    return (await rage(plan, root=root, patience=PATIENCE)).faults


async def _lose_answers(root: Path) -> list[str]:
    return await _load(root, ["lost", "drop", "error500", "plain"])


async def _die_between(root: Path) -> list[str]:
    return await _load(root, ["plain"] * 4, Blow(0.0, "kill_at", 0, "add.reply-read:2:kill9"))


async def _lose_more_later(root: Path) -> list[str]:
    return await _load(root, ["grow/100/300", "grow/1/999", "plain"])


async def _spend_at_once(root: Path) -> list[str]:
    outcome = await burst("postgresql", rounds=6, adds=60, root=root)
    return [outcome.line] if outcome.overspent else []


MUTATIONS = [
    Mutation(
        "an add is sent again when its answer is late",
        [
            Edit(DISPATCH, "placement = await adapter.add(", "placement = await _insist(adapter.add, "),
            Edit(
                DISPATCH,
                "async def _park_all(",
                """async def _insist(add, submission, turn):
    try:
        return await add(submission, turn)
    except ProviderError:
        return await add(submission)


async def _park_all(""",
            ),
        ],
        _lose_answers,
        "bought_twice",
    ),
    Mutation(
        "an order is refunded when its answer is late",
        [
            Edit(
                "aggregator/orders/dispatching/failover.py",
                "    if not error.may_try_another:\n        return Outcome.UNSURE\n",
                "    if not error.may_try_another:\n        return Outcome.REFUSED\n",
            ),
            Edit(ATTEMPTS, "now is not None and now.cancel_wish", 'now is not None and error.code == "TRANSPORT"'),
        ],
        _lose_answers,
        "forbidden",
    ),
    Mutation(
        "an attempt is written down after it was sent",
        [
            Edit(
                DISPATCH,
                "                attempt = await self._attempts.begin(",
                """                from types import SimpleNamespace
                unwritten = SimpleNamespace(service=route.offer.service, package_units=route.offer.package_units)
                placement = await adapter.add(submission_of(order, unwritten, sent), turn)
                attempt = await self._attempts.begin(""",
            ),
            Edit(
                DISPATCH,
                "await self._submit(order, attempt, adapter, sent, turn)",
                "placement",
            ),
        ],
        _die_between,
        "bought_twice",
    ),
    Mutation(
        "a refund is paid once for a status, and nobody asks whether the order has changed",
        [
            Edit(SETTLE, "undelivered=order.undelivered, late=late", "undelivered=order.state.value, late=late"),
            Edit(
                STORE,
                " & (_ORDER.state == order.state.value) & (_ORDER.undelivered == order.undelivered)",
                "",
            ),
        ],
        _lose_more_later,
        "refund_errors",
    ),
    Mutation(
        "a wallet is read first and written afterwards",
        [
            Edit(
                "aggregator/ledger/book.py",
                "    left = await _debit_totals(payable)\n",
                """    held = dict(zip(totals, await balances(list(totals)), strict=True))
    for reseller, total in totals.items():
        if total <= held[reseller]:
            await Wallet.update({Wallet.balance: held[reseller] - total}).where(Wallet.reseller == reseller)
    left = {reseller: held[reseller] - total for reseller, total in totals.items() if total <= held[reseller]}
""",
            ),
        ],
        _spend_at_once,
        "overspent",
    ),
]


def build(mutation: Mutation, folder: Path) -> Path:
    """Copy the source and break it; raises `Misfit`."""
    for source in SOURCES:
        shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
    for edit in mutation.edits:
        path = folder / edit.file
        text = path.read_text()
        if text.count(edit.before) != 1:
            raise Misfit(f"{edit.file} has {text.count(edit.before)} times: {edit.before}")
        path.write_text(text.replace(edit.before, edit.after))
    return folder


async def hunt(mutation: Mutation) -> tuple[list[str], float]:
    """What was found wrong with a broken build, and in how many seconds."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="aggregator-mutation-") as folder:
        found = await mutation.catch(build(mutation, Path(folder)))
    return found, time.monotonic() - begun


async def show() -> bool:
    """Hunt them all, a line each; whether every one was caught."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(mutation: Mutation) -> bool:
        async with room:
            found, seconds = await hunt(mutation)
        found = [fault for fault in found if mutation.fault in fault]
        first = found[0][:160] if found else "NOT FOUND"
        sys.stdout.write(f"mutation {mutation.name!r}: faults={len(found)} secs={seconds:.0f} ({first})\n")
        sys.stdout.flush()
        return bool(found)

    caught = sum(await asyncio.gather(*map(one, MUTATIONS)))
    sys.stdout.write(f"mutations caught={caught} of={len(MUTATIONS)}\n")
    return caught == len(MUTATIONS)


if __name__ == "__main__":
    sys.exit(run_to_the_end(show()))
