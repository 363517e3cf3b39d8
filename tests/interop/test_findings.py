"""What a refusal tells of a service is believed for 7 days, then 14, then 28; what is published anew counts at once."""

from __future__ import annotations

import pytest

from aggregator.catalog import learned_store, store
from aggregator.catalog.upstream import cooldown
from aggregator.catalog.upstream.cooldown import NothingLearned
from aggregator.storage import tables
from providers.reading.error_texts import names_a_service
from tests.api.served import Client
from tests.builders import later
from tests.interop.market import FOLLOWERS, Market
from tests.interop.test_cancels import cancel
from tests.interop.upstream import FIRST_ORDER

DAY = 24 * 60
OF_SERVICE = "Cancel is disabled for this service"


async def flag(trade: Market, client: Client, name: str = "cancel") -> bool:
    """What the price list says after the next sync."""
    await trade.panel.syncer.sync("alpha")
    await trade.panel.look()
    rows = {row["service"]: row for row in (await client.form("services")).json()}
    return bool(rows[FOLLOWERS][name])


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (OF_SERVICE, True),
        ("Refill is disabled for this service", True),
        ("Cancellation is not available for orders of this service", True),
        ("cancel_not_allowed_for_service", True),
        ("This service does not support cancel", True),
        ("Hủy không khả dụng cho dịch vụ này", True),
        ("This order has already started and cannot be cancelled", False),
        ("This order cannot be cancelled", False),
        ("This order is not eligible for refill", False),
        ("Cannot cancel", False),
        ("Already cancelled", False),
        ("Order not eligible for refill.", False),
        ("Incorrect order status", False),
        ("", False),
    ],
)
def test_only_a_refusal_that_names_the_service_is_about_it(said: str, named: bool) -> None:
    assert names_a_service(said) is named


@pytest.mark.parametrize(
    "said", ["This order has already started and cannot be cancelled", "Cannot cancel", "Already cancelled"]
)
async def test_one_orders_refused_cancel_takes_it_from_nobody_else(any_trade: Market, said: str) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    first, second = await trade.buy(ann), await trade.buy(ann)
    trade.alpha.replies["cancel"] = [{"order": FIRST_ORDER, "cancel": {"error": said}}]
    assert await cancel(ann, first) == first
    await trade.ask(first)
    assert await flag(trade, ann)
    assert await cancel(ann, second) == 1


async def test_one_orders_refused_refill_takes_it_from_nobody_else(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    first, second = await trade.buy(ann), await trade.buy(ann)
    await trade.ask(first, second, status="Completed", remains="0")
    trade.alpha.replies["refill"] = {"error": "Order not eligible for refill."}
    await ann.form("refill", order=first)
    await trade.refill()
    assert await flag(trade, ann, "refill")
    assert (await ann.form("refill", order=second)).json().keys() == {"refill"}


async def test_a_refusal_of_the_service_is_asked_again_ever_more_rarely(any_trade: Market) -> None:
    """After a week the flag counts again; the next refusal is believed for two, and every further one for four."""
    trade, ann = any_trade, await any_trade.reseller()
    at = 0.0
    for days in (7, 14, 28, 28):
        with later(at):
            assert await flag(trade, ann)
            await cooldown.note_refusal("alpha", str(trade.alpha.rows[0]["service"]), cancel=True, said=OF_SERVICE)
            assert not await flag(trade, ann)
        with later(at + days * DAY - 10):
            assert not await flag(trade, ann)
            # Another order of the same days, refused as well, tells nothing new.
            await cooldown.note_refusal("alpha", str(trade.alpha.rows[0]["service"]), cancel=True, said=OF_SERVICE)
        at += days * DAY + 10


async def test_a_flag_that_is_set_anew_counts_at_once(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    row = trade.alpha.rows[0]
    await cooldown.note_refusal("alpha", str(row["service"]), cancel=True, refill=True, said=OF_SERVICE)
    row["cancel"] = False
    assert not await flag(trade, ann)
    row["cancel"] = True
    assert await flag(trade, ann)
    assert not await flag(trade, ann, "refill")


async def test_limits_that_a_refusal_told_outlive_the_next_sync_until_others_are_published(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    trade.alpha.refuses = "Minimum quantity is 2000"
    await trade.buy(ann)
    for published, least in ((None, "2000"), (1, "1"), (5, "5")):
        if published is not None:
            trade.alpha.rows[0]["min"] = published + 2
            await trade.panel.syncer.sync("alpha")
            trade.alpha.rows[0]["min"] = published
        await flag(trade, ann)
        rows = {row["service"]: row for row in (await ann.form("services")).json()}
        assert rows[FOLLOWERS]["min"] == least


async def test_what_was_learned_is_taken_back_by_somebody(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    service = str(trade.alpha.rows[0]["service"])
    await cooldown.note_refusal("alpha", service, cancel=True, said=OF_SERVICE)
    assert not await flag(trade, ann)
    (gone,) = await cooldown.forget("alpha", service, actor="ann", reason="they promised")
    assert (gone.text, gone.said, gone.times) == ("no cancels", OF_SERVICE, 1)
    await trade.panel.look()
    assert await flag(trade, ann)
    (decision,) = await tables.Decision.select().where(tables.Decision.verdict == "forgotten")
    assert (decision["actor"], decision["reason"]) == ("ann", "they promised")
    assert decision["subject_id"] == await store.listing_id("alpha", service)
    with pytest.raises(NothingLearned):
        await cooldown.forget("alpha", service, actor="ann", reason="")
    assert not (await learned_store.of_service("alpha", service)).cancel_refused
