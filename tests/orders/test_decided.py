"""A decision tells every process which orders it is about: what is kept of others stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from aggregator.app import Panel
from aggregator.cache.status import CachedKind
from aggregator.orders.decided import MOST
from aggregator.orders.unsure import resolve
from aggregator.resellers.model import Reseller
from aggregator.storage import decisions
from aggregator.storage.transaction import write
from tests.builders import accept_order, later

Decide = Callable[[int], Awaitable[object]]


@pytest.fixture
def decide() -> Decide:
    """As another process does: nothing of this panel takes part."""
    return lambda order: resolve.call_off(order, actor="olga", reason="x")


async def test_replies_of_others_stay_kept(panel: Panel, ann: Reseller, decide: Decide) -> None:
    first, second = [str((await accept_order(ann)).id) for _ in range(2)]
    await panel.look()
    before = await panel.tracker.replies(ann.id, [first, second], "json")
    await decide(int(first))
    await panel.look()
    kept = await panel.cache.get_many(CachedKind.JSON, [first, second])
    assert kept[1] is not None, "nobody decided about it"
    assert kept[0] is not None, "made anew, so that what was read before the decision cannot cover it"
    after = await panel.tracker.replies(ann.id, [first, second], "json")
    assert (after[0] == before[0], after[1] == before[1]) == (False, True)
    assert b"CANCELLED" in (after[0] or b"").upper()


async def test_a_decision_that_began_before_the_last_look_is_taken_in(
    panel: Panel, ann: Reseller, decide: Decide
) -> None:
    order = (await accept_order(ann)).id
    await panel.tracker.replies(ann.id, [str(order)], "json")
    await decide(order)
    with later(1):
        await panel.look()
    assert b"CANCELLED" in ((await panel.tracker.replies(ann.id, [str(order)], "json"))[0] or b"").upper()


async def test_more_decisions_than_can_be_named_make_every_reply_anew(
    panel: Panel, ann: Reseller, decide: Decide
) -> None:
    order = (await accept_order(ann)).id
    await panel.tracker.replies(ann.id, [str(order)], "json")
    await decide(order)

    async def many() -> None:
        for number in range(MOST):
            await decisions.record("reseller", number, "changed", actor="x", reason="")

    await write(many)
    await panel.look()
    assert await panel.cache.get_many(CachedKind.JSON, [str(order)]) == [None]
