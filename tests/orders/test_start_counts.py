"""Which of the start counts that a provider states is told: the first that says something."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from aggregator.app import Panel
from aggregator.orders import store
from aggregator.orders.model import Order
from aggregator.orders.settling.settlement import Rules, decide
from aggregator.orders.settling.start_counts import MOST_NOTES
from aggregator.resellers.model import Reseller
from providers.vocabulary import Phase
from tests.builders import attempt_of, order_now, order_of, progress_of
from tests.orders.panels import ScriptedPanel, classic_reply, poll, running

RULES = Rules("full", 0)


def start_after(order: Order, phase: Phase, remains: int | None, said: int | None, **more: Any) -> int | None:
    progress = progress_of(phase, remains, start_count=said, **more)
    decision = decide(order, attempt_of(), progress, rules=RULES, now=1)
    start: int | None = decision.start_count  # type: ignore[union-attr]  # all of these go on or end
    return start


FIRST = [(None, None, None), (None, 0, 0), (0, None, 0), (None, 7, 7), (0, 7, 7), (7, 0, 7), (7, None, 7), (7, -1, 7)]


@pytest.mark.parametrize(("known", "said", "told"), FIRST)
@pytest.mark.parametrize(
    ("phase", "remains"), [(Phase.PENDING, 1000), (Phase.IN_PROGRESS, 400), (Phase.COMPLETED, 0), (Phase.PARTIAL, 400)]
)
def test_nothing_gives_way_to_the_first_number(
    phase: Phase, remains: int, known: int | None, said: int | None, told: int | None
) -> None:
    assert start_after(order_of(start_count=known), phase, remains, said) == told


LATER = [
    (Phase.PENDING, 1000, 9),
    (Phase.PENDING, 0, 9),
    (Phase.PENDING, None, 9),
    (Phase.PROCESSING, None, 9),
    (Phase.IN_PROGRESS, 1000, 9),
    (Phase.IN_PROGRESS, 999, 7),
    (Phase.IN_PROGRESS, 0, 7),
    (Phase.IN_PROGRESS, None, 7),
    (Phase.COMPLETED, 0, 7),
    (Phase.COMPLETED, 1000, 7),
    (Phase.CANCELLED, 1000, 7),
]


@pytest.mark.parametrize(("phase", "remains", "told"), LATER)
def test_another_number_counts_while_nothing_is_delivered(phase: Phase, remains: int | None, told: int) -> None:
    assert start_after(order_of(start_count=7), phase, remains, 9) == told


@pytest.mark.parametrize(
    "delivered", [{"delivery_seen": True}, {"remains": 400, "phase": Phase.IN_PROGRESS}, {"runs_done": 1, "runs": 2}]
)
def test_what_has_begun_keeps_its_number(delivered: dict[str, Any]) -> None:
    """Also where the provider goes a step back."""
    order = replace(order_of(start_count=7), **delivered)
    assert start_after(order, Phase.PENDING, 1000, 9) == 7


def test_a_run_that_has_begun_keeps_the_number() -> None:
    order = order_of(start_count=7, runs=2)
    assert start_after(order, Phase.IN_PROGRESS, 1000, 9, runs=1) == 7


async def test_the_count_of_a_pending_order_is_corrected_and_later_ones_stand_in_the_history(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    [order] = await running(panel, ann, 1)
    for status, remains, said, told in (
        ("Pending", 1000, 0, "0"),
        ("In progress", 1000, 3215, "3215"),
        ("In progress", 990, 3215, "3215"),
        ("In progress", 700, 3515, "3215"),
        ("In progress", 600, 0, "3215"),
        ("Completed", 0, 4215, "3215"),
    ):
        alpha.reply = {"status": status, "remains": str(remains), "start_count": str(said), "charge": "1"}
        for _ in range(3):
            await poll(panel)
        assert (await classic_reply(panel, await order_now(order.id)))["start_count"] == told
    lines = [line.text for line in await store.history(order)]
    assert [line for line in lines if "start count" in line] == [
        "alpha states another start count: 3515",
        "alpha states another start count: 4215",
    ]


async def test_a_count_that_never_rests_does_not_fill_the_history(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    """Some state how many there are now."""
    [order] = await running(panel, ann, 1)
    for done in range(MOST_NOTES + 5):
        alpha.reply = {"status": "In progress", "remains": str(900 - done), "start_count": str(100 + done)}
        await poll(panel)
    lines = [line.text for line in await store.history(order)]
    assert len([line for line in lines if "start count" in line]) == MOST_NOTES
