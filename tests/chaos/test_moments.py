"""Every moment at which a process can be made to die is passed by a panel at work: none has been renamed away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from aggregator import app, failpoints
from aggregator.failpoints import VARIABLE, Armed, Failpoints
from aggregator.orders.model import Order
from aggregator.orders.state import OrderState
from aggregator.orders.unsure import resolve
from aggregator.storage import tables
from aggregator.storage.transaction import intercept_writes
from tests.builders import accept_order, make_reseller, open_database, order_now
from tests.chaos.plan import HITCHES, KILLS
from tests.chaos.processes import PATIENCE
from tests.orders.panels import open_panel, sandbox

PACE = "poll_seconds = 0.05\nconfirm_seconds = 0\nsync_seconds = 1"
LINKS = ("", "partial/300", "cancel", "refuse/Not-enough-funds", "lostno", "lostno")
"""A settlement, a refund, one called off and sent elsewhere, a refusal, and two that only the owner can decide."""


def documented() -> set[str]:
    """The points of the table of moments."""
    table = str(failpoints.__doc__).rpartition("| moment |")[2]
    return set(re.findall(r"`([\w.]+\.[\w-]+)`", table))


def used() -> set[str]:
    """The points of the storm."""
    return {point.partition(":{n}")[0] for point in chain(KILLS, HITCHES)}


@pytest.fixture
def armed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Armed]:
    """Our own process as if it were started with the variable, by a point that nothing passes."""
    monkeypatch.setenv(VARIABLE, "nothing.passes:1:raise")
    app.failpoints.cache_clear()
    points = app.failpoints()
    assert isinstance(points, Armed)
    intercept_writes(points.transaction)
    yield points
    app.failpoints.cache_clear()
    intercept_writes(Failpoints().transaction)


def test_the_moments_are_told_in_one_place() -> None:
    """CP1 to CP12, CP17 and CP18: the others come with deposits and backups."""
    told = re.findall(r"^\| CP(\d+) ", str(failpoints.__doc__), re.MULTILINE)
    assert [int(number) for number in told] == [*range(1, 13), 17, 18]


async def test_a_panel_at_work_passes_every_moment(armed: Armed, tmp_path: Path, fresh_sqlite: str) -> None:
    """Orders of every fate, the loops and the owner; the work of each is named as the points name it."""
    async with (
        open_database(fresh_sqlite),
        open_panel(
            tmp_path, fresh_sqlite, {"alpha": sandbox("2.30"), "bravo": sandbox()}, pace=PACE, reroute=True
        ) as panel,
    ):
        ann = await make_reseller()
        orders = [await accept_order(ann, link=f"https://x.example/{n}/{link}") for n, link in enumerate(LINKS)]
        await panel.jobs.start()
        await _decide(orders[-2:])
        async with asyncio.timeout(PATIENCE):
            while not documented() | used() <= armed._passed.keys():  # noqa: ASYNC110  # the points only count
                await asyncio.sleep(0.05)


async def _decide(orders: list[Order]) -> None:
    """One was there after all, the other was not."""
    async with asyncio.timeout(PATIENCE):
        for order in orders:
            while (await order_now(order.id)).state is not OrderState.UNSURE:  # noqa: ASYNC110  # a row tells nobody
                await asyncio.sleep(0.05)
    await tables.Attempt.raw("update attempts set deadline_at = 1 where outcome = 'unsure'")  # time passes
    found, absent = orders
    await resolve.found(found.id, "4711", actor="owner", reason="seen there")
    await resolve.absent(absent.id, actor="owner", reason="not there", settle_ms=0)
