"""A subscription is sent with the posts that were charged, whatever was asked for and whenever it was stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aggregator.storage import tables
from pricing.money import SCALE
from providers.vocabulary import ServiceType
from tests.api.served import Client
from tests.builders import accept_order, make_reseller
from tests.interop.market import ANYBODYS, AT_ONCE, BRAVOS, Market, market, service, status, wallet
from tests.orders.panels import outcomes_of

PLAN: dict[str, Any] = {"username": "u", "min": 10, "max": 20, "delay": 0}
WATCH = service(ServiceType.SUBSCRIPTIONS)
OPEN = 7
LIMITS = AT_ONCE.replace("[limits]\n", f"[limits]\nopen_subscription_posts = {OPEN}\n")


@pytest.mark.parametrize(
    ("asked", "new", "old"),
    [
        ({}, OPEN, 0),
        ({"posts": 0}, OPEN, 0),
        ({"posts": 0, "old_posts": 0}, OPEN, 0),
        ({"posts": 3}, 3, 0),
        ({"old_posts": 1}, OPEN, 1),
        ({"posts": 0, "old_posts": 4}, 0, 4),
        ({"posts": 2, "old_posts": 3}, 2, 3),
    ],
)
async def test_what_is_sent_is_what_was_charged(
    asked: dict[str, Any], new: int, old: int, tmp_path: Path, fresh_sqlite: str
) -> None:
    async with market(tmp_path, fresh_sqlite, aggregator=LIMITS) as trade:
        ann = await trade.reseller()
        before = await wallet(ann)
        await trade.buy(ann, ServiceType.SUBSCRIPTIONS, **PLAN, **asked)
        sent = trade.alpha.taken[-1]
        assert (sent.text("posts"), int(sent.text("old_posts") or 0)) == (str(new), old)
        assert (before - await wallet(ann)) * 1000 / 20 == (new + old) * 5 / 2


@pytest.mark.parametrize(
    ("fields", "billed", "posts"), [({}, 10, "10"), ({"old_posts": "1"}, 1, "0"), ({"posts": "0"}, 10, "10")]
)
async def test_an_order_of_an_older_version_is_sent_as_it_was_charged(
    any_trade: Market, fields: dict[str, str], billed: int, posts: str
) -> None:
    await accept_order(
        await make_reseller(),
        service=WATCH,
        type="Subscriptions",
        runs=billed,
        quantity=billed * 20,
        charge=billed * 20 * 3 * SCALE // 1000,
        fields={"username": "u", "min": "10", "max": "20", "delay": "0", **fields},
    )
    await any_trade.send_out()
    assert any_trade.alpha.taken[-1].text("posts") == posts


class TestZeroPostsWithoutEnd:
    """Alpha serves every new post where `posts` is 0, and is the cheaper one."""

    OLD = PLAN | {"posts": 0, "old_posts": 2}

    @pytest.fixture
    async def trade(self, tmp_path: Path, fresh_sqlite: str) -> Any:
        async with market(tmp_path, fresh_sqlite, presets={"alpha": "smartpanel"}) as opened:
            yield opened

    async def test_old_posts_alone_go_to_whoever_serves_no_more(self, trade: Market, ann: Client) -> None:
        order = await trade.buy(ann, ServiceType.SUBSCRIPTIONS, **self.OLD, service=WATCH + ANYBODYS)
        assert await outcomes_of(order) == [("bravo", "accepted", None)]
        assert trade.alpha.taken == []

    async def test_where_nobody_does_nothing_is_charged(self, trade: Market, ann: Client) -> None:
        before = await wallet(ann)
        assert (await ann.form("add", service=WATCH, **self.OLD)).json() == {"error": "Incorrect request"}
        assert await wallet(ann) == before
        assert trade.alpha.asked("add") == []

    async def test_new_posts_are_still_bought_there(self, trade: Market, ann: Client) -> None:
        for asked in ({}, {"posts": 0}, {"posts": 1, "old_posts": 2}):
            order = await trade.buy(ann, ServiceType.SUBSCRIPTIONS, **PLAN, **asked, service=WATCH + ANYBODYS)
            assert await outcomes_of(order) == [("alpha", "accepted", None)]

    async def test_an_order_that_nobody_may_take_any_more_comes_back(self, trade: Market, ann: Client) -> None:
        """Bravo sold it, and has no service of the kind any more."""
        before = await wallet(ann)
        order = int((await ann.form("add", service=WATCH + BRAVOS, **self.OLD)).json()["order"])
        await tables.Order.update({tables.Order.service: WATCH}).where(tables.Order.id == order)
        await trade.send_out()
        assert (await status(ann, order))["status"] == "Canceled"
        assert await wallet(ann) == before
        assert trade.alpha.taken == []
