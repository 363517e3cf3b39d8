"""The owner after a storm: waits until orders end, and decides what is unsure by what the providers really have."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable

from tests.chaos.books import Row
from tests.chaos.stage import Stage
from tests.chaos.upstreams import DISHONEST, Add

UNSURE = """
    select o.id, o.link, a.provider, a.id as attempt from orders o join attempts a on a.order_id = o.id
    where o.state = 'unsure' and a.outcome = 'unsure' and a.deadline_at < {now}
"""
HELD = """
    select o.id, o.link, a.provider, a.upstream_order from orders o join attempts a on a.order_id = o.id
    where o.state = 'active' and o.held is not null and a.outcome = 'accepted'
"""
OPEN = "select count(*) as n from orders where ended_at is null"
QUIET_SECONDS = 5
"""After so long without a change, what waits for a moment further off than a drain may last has its moment come."""


class Owner:
    """Settles what only an owner can; counts the decisions."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.decisions = 0
        self.settled = 0

    async def drain(self, *, seconds: float, until: Callable[[], Awaitable[bool]]) -> None:
        """Wait until no order is open and `until` says so, but no longer than so many seconds without a change."""
        left, latest, quiet = -1, time.monotonic() + seconds, time.monotonic() + QUIET_SECONDS
        while time.monotonic() < latest:
            await self._decide()
            open_now = (await self._stage.books.rows(OPEN))[0]["n"]
            if open_now != left:
                left, latest, quiet = open_now, time.monotonic() + seconds, time.monotonic() + QUIET_SECONDS
            elif time.monotonic() > quiet:
                await self._stage.books.let_leases_run_out()
                quiet = time.monotonic() + QUIET_SECONDS
            if not open_now and await until():
                return
            await asyncio.sleep(0.3)

    async def _decide(self) -> None:
        unsure = await self._stage.books.rows(UNSURE.format(now=int(time.time() * 1000)))
        held = [row for row in await self._stage.books.rows(HELD) if row["provider"] in DISHONEST]
        if not unsure and not held:
            return
        truth = await truth_of(self._stage)
        await asyncio.gather(*(self._settle(row, truth) for row in held))
        known = {
            (row["provider"], row["upstream_order"]): row["order_id"]
            for row in await self._stage.books.rows(
                "select provider, upstream_order, order_id from attempts where upstream_order is not null"
            )
        }
        earlier = await self._stage.books.rows("select order_id from attempts where outcome = 'absent'")
        tried = {row["order_id"] for row in earlier}
        await asyncio.gather(*(self._decide_one(row, truth, known, tried) for row in unsure))

    async def _settle(self, row: Row, truth: dict[str, list[Add]]) -> None:
        """What a dishonest provider says of its order no rule may believe; the owner looks at its pages."""
        for add in truth[row["link"]]:
            if (add.provider, add.upstream_order) == (row["provider"], row["upstream_order"]) and add.ended:
                words = ("orders", "settle", row["id"], "--undelivered", add.undelivered, "--reason", "chaos")
                self.settled += (await self._stage.command(*words)).code == 0

    async def _decide_one(
        self, row: Row, truth: dict[str, list[Add]], known: dict[tuple[str, str], int], tried: set[int]
    ) -> None:
        here = [add for add in truth[row["link"]] if add.provider == row["provider"] and add.accepted]
        new = [add.upstream_order for add in here if (add.provider, str(add.upstream_order)) not in known]
        again = [add for add in here if known.get((add.provider, str(add.upstream_order)), row["id"]) != row["id"]]
        if new:
            words: tuple[object, ...] = ("orders", "found", row["id"], new[0])
        elif again:
            # Its id is that of an earlier order there: it may be found under it, or is the owner's loss.
            words = ("orders", "found", row["id"], again[-1].upstream_order)
            if (await self._stage.command(*words, "--reason", "chaos")).code == 0:
                self.decisions += 1
                return
            words = ("orders", "write-off", row["id"])
        else:
            # What is lost every time would be sent for ever: the second time it is given up.
            words = ("orders", "write-off" if row["id"] in tried else "absent", row["id"])
        answer = await self._stage.command(*words, "--reason", "chaos")
        self.decisions += answer.code == 0


async def truth_of(stage: Stage) -> dict[str, list[Add]]:
    """What the providers saw, by link."""
    seen: dict[str, list[Add]] = defaultdict(list)
    for upstream in stage.upstreams:
        for add in await upstream.adds():
            seen[add.link].append(add)
    return seen
