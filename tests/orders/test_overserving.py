"""A provider that serves more than was bought is stopped, or it sells us nothing more; what it served is a cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.app import Panel
from aggregator.audit.run import audit
from aggregator.catalog import learned_store
from aggregator.catalog.syncing import decide
from aggregator.orders import attempt_store, store
from aggregator.orders.following import overserving_store
from aggregator.orders.following.overserving import judge, units_beyond
from aggregator.orders.following.overserving_store import Noted
from aggregator.orders.model import Attempt, Order
from aggregator.orders.reporting import alerts
from aggregator.orders.reporting.provider_stats import Business, standings
from aggregator.orders.settling import daily_totals_store
from aggregator.orders.settling.daily_totals import day_of
from aggregator.orders.settling.settle import settle
from aggregator.storage import clock, tables
from providers.vocabulary import Phase, ServiceType
from tests.builders import (
    accept_order,
    active_order,
    attempt_of,
    days_ago,
    make_reseller,
    order_now,
    order_of,
    progress_of,
)
from tests.orders.panels import ScriptedPanel, dispatch, open_panel, poll

FIELDS: dict[str, str | list[str]] = {"username": "u", "min": "100", "max": "100", "posts": "10", "delay": "0"}
BEYOND = {"status": "Active", "posts": "12"}
SUBSCRIPTION = order_of(type=ServiceType.SUBSCRIPTIONS, runs=10)


class Stubborn(ScriptedPanel):
    """Sells subscriptions, and answers to cancels whatever the test says."""

    def __init__(self, answer: Any = None, **changes: Any) -> None:
        super().__init__("2.40", **{"type": "Subscriptions", **changes})
        self.answer_to_cancel = answer

    async def _answer(self, asked: Mapping[str, str]) -> Any:
        said = await super()._answer(asked)
        return self.answer_to_cancel if asked["action"] == "cancel" and self.answer_to_cancel else said


@pytest.mark.parametrize(
    ("kind", "runs", "said", "units"),
    [
        ("Subscriptions", 10, {"posts": 10}, 0),
        ("Subscriptions", 10, {"posts": 11}, 100),
        ("Subscriptions", 10, {"posts": 512}, 50_200),
        ("Subscriptions", 10, {"remains": -1}, 1),
        ("Subscriptions", 10, {"posts": 10, "remains": -99}, 0),
        ("Subscriptions", 10, {"posts": 10, "remains": -100}, 100),
        ("Subscriptions", 1, {"posts": 2}, 1000),
        ("Subscriptions", 10, {"runs": 12}, 0),
        ("Subscriptions", 10, {}, 0),
        ("Default", 10, {"runs": 11}, 100),
        ("Default", 10, {"runs": 10}, 0),
        ("Default", 10, {"remains": -300}, 0),
        ("Default", 10, {"posts": 12}, 0),
        ("Default", 1, {"runs": 5, "remains": -30}, 0),
    ],
)
def test_only_runs_and_posts_that_nobody_bought_are_beyond(
    kind: str, runs: int, said: dict[str, int], units: int
) -> None:
    assert units_beyond(order_of(type=kind, runs=runs), progress_of(Phase.IN_PROGRESS, **said)) == units  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(list(Phase)), st.integers(0, 90)), max_size=12))
def test_no_more_is_believed_than_two_readings_a_minute_apart_said(
    readings: list[tuple[int, Phase, int]],
) -> None:
    """Posts, word, and seconds since the reading before."""
    attempt, now, told = attempt_of(), 0, list[tuple[int, int]]()
    for posts, phase, seconds in readings:
        now += seconds * 1000
        known = attempt.overserved
        noted = judge(SUBSCRIPTION, attempt, progress_of(phase, posts=posts), confirm_ms=60_000, now=now)
        if noted is not None:
            attempt = replace(
                attempt,
                overserved=noted.known,
                overserved_seen=noted.seen,
                overserved_at=noted.seen_at,
                call_off=noted.call_off,
            )
        said = max(posts - 10, 0) * 100
        assert attempt.overserved >= known
        if attempt.overserved > known:
            assert said >= attempt.overserved
            assert any(units == attempt.overserved and now - at >= 60_000 for units, at in told)
        assert not (attempt.call_off and not attempt.overserved)
        told.append((said, now))


@pytest.fixture
def cancels() -> bool:
    """Whether alpha's catalogue says that orders can be called off."""
    return True


@pytest.fixture
def alpha(cancels: bool) -> Stubborn:
    return Stubborn(cancel=cancels)


@pytest.fixture
def more() -> str:
    """Lines of alpha in providers.toml."""
    return ""


@pytest.fixture
async def panel(alpha: Stubborn, more: str, tmp_path: Path, panel_database: str) -> AsyncIterator[Panel]:
    pace = "confirm_seconds = 60"
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, pace=pace, more=more) as opened:
        yield opened
        assert [finding for finding in await audit() if finding.broken] == []


@pytest.fixture
async def order(panel: Panel) -> Order:
    """Ten posts of 100 that alpha has taken."""
    order = await accept_order(await make_reseller(), type="Subscriptions", runs=10, fields=FIELDS)
    await dispatch(panel)
    return order


async def attempt_at(order: Order) -> Attempt:
    return (await attempt_store.of_order(order.id))[0]


async def minute_passes() -> None:
    attempt = tables.Attempt
    for column in (attempt.overserved_at, attempt.cancel_at):
        await attempt.update({column: column - 60_000}).where(column.is_not_null())
    order = tables.Order
    await order.update({order.sight_at: order.sight_at - 60_000}).where(order.sight_at.is_not_null())


async def say(panel: Panel, alpha: Stubborn, *replies: Mapping[str, Any]) -> None:
    """One after the other, a minute apart; what is to be called off by then has been asked for."""
    for reply in replies:
        alpha.reply = dict(reply)
        await poll(panel)
        await minute_passes()
    await panel.poller.run_once("alpha")


async def is_on_sale(panel: Panel) -> bool:
    await panel.prices.reload(panel.upstreams)
    return panel.prices.shelf.get(1) is not None


async def alarms_now(panel: Panel) -> list[str]:
    seen = await alerts.look(await standings(panel.upstreams, panel.prices.markup.fx), sync_ms=900_000)
    return [alarm.what for alarm in alerts.alarms(seen) if "more than was bought" in alarm.what]


async def test_two_equal_readings_call_it_off(panel: Panel, alpha: Stubborn, order: Order) -> None:
    """The second is word by word the first, and so nothing new for its reseller."""
    await say(panel, alpha, BEYOND)
    assert alpha.cancels == []
    await say(panel, alpha, BEYOND)
    assert alpha.cancels == ["5001"]
    await say(panel, alpha, BEYOND, {**BEYOND, "posts": "13"}, {**BEYOND, "posts": "13"})
    assert alpha.cancels == ["5001"]
    now, attempt = await order_now(order.id), await attempt_at(order)
    assert (now.state, now.cancel_wish, now.refunded, now.runs_done) == ("active", False, 0, 10)
    assert attempt.overserved == 300
    texts = [line.text for line in await store.history(order)]
    assert any(text.startswith("alpha has served 200 units more") for text in texts)
    assert await is_on_sale(panel)
    assert await alarms_now(panel) == []


async def test_pollers_that_all_see_it_call_it_off_once(panel: Panel, alpha: Stubborn, order: Order) -> None:
    alpha.reply = dict(BEYOND)
    for _ in range(3):
        await asyncio.gather(*(poll(panel) for _ in range(5)))
        await minute_passes()
    assert (alpha.cancels, (await attempt_at(order)).overserved) == (["5001"], 200)


@pytest.mark.parametrize(
    "replies",
    [
        [BEYOND, {"status": "Active", "posts": "9"}, BEYOND],
        [{**BEYOND, "posts": "13"}, BEYOND],
        [{"status": "Active", "posts": "10", "remains": "-20"}] * 2,
        [{"status": "Completed", "posts": "12"}] * 2,
    ],
)
async def test_what_is_not_sure_or_over_already_is_not_called_off(
    panel: Panel, alpha: Stubborn, order: Order, replies: list[dict[str, Any]]
) -> None:
    await say(panel, alpha, *replies)
    assert alpha.cancels == []
    assert await is_on_sale(panel)
    assert not (await attempt_at(order)).call_off


async def test_it_is_called_off_although_its_order_has_ended(panel: Panel, alpha: Stubborn, order: Order) -> None:
    done = {"status": "Completed", "posts": "10"}
    await say(panel, alpha, done, done)
    assert (await order_now(order.id)).state == "completed"
    await say(panel, alpha, BEYOND, BEYOND)
    assert alpha.cancels == ["5001"]


async def test_a_count_that_grows_with_each_reading_is_agreed_on_as_well(
    panel: Panel, alpha: Stubborn, order: Order
) -> None:
    await say(panel, alpha, *({**BEYOND, "posts": str(posts)} for posts in (11, 12, 13)))
    assert (alpha.cancels, (await attempt_at(order)).overserved) == (["5001"], 200)


async def test_remains_below_none_of_a_subscription_without_posts(panel: Panel, alpha: Stubborn, order: Order) -> None:
    beyond = {"status": "In progress", "remains": "-250"}
    await say(panel, alpha, beyond, beyond)
    assert (alpha.cancels, (await attempt_at(order)).overserved) == (["5001"], 250)


async def test_a_drip_feed_with_more_runs_than_were_bought(tmp_path: Path, panel_database: str) -> None:
    alpha = Stubborn(type="Default")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, pace="confirm_seconds = 60") as panel:
        order = await accept_order(await make_reseller(), runs=10)
        await dispatch(panel)
        beyond = {"status": "In progress", "runs": 12, "remains": "-150"}
        await say(panel, alpha, beyond, beyond)
        assert (alpha.cancels, (await attempt_at(order)).overserved) == (["5001"], 200)
        assert (await order_now(order.id)).runs_done == 10


async def test_what_ends_as_it_was_asked_to_is_no_alarm(panel: Panel, alpha: Stubborn, order: Order) -> None:
    await say(panel, alpha, BEYOND, BEYOND)
    ended = {"status": "Canceled", "posts": "12"}
    await say(panel, alpha, ended, ended)
    await say(panel, alpha, *[ended] * 2)
    assert (await order_now(order.id)).state == "completed"
    assert await is_on_sale(panel)
    assert not (await attempt_at(order)).call_off


class TestNoCancel:
    """Where it cannot be called off nothing more is bought, until the owner says so."""

    async def assert_off_sale(self, panel: Panel, alpha: Stubborn) -> None:
        await say(panel, alpha, BEYOND, BEYOND)
        assert not await is_on_sale(panel)
        assert await alarms_now(panel) == ["alpha serves more than was bought, and does not stop: 1 order"]
        await panel.syncer.sync("alpha")
        assert not await is_on_sale(panel)
        [held] = await learned_store.held()
        assert held.hold.reason == "it serves more than was bought, and does not stop: order 5001 there"

    @pytest.mark.parametrize("more", ['cancel = "off"'])
    async def test_by_the_settings(self, panel: Panel, alpha: Stubborn, order: Order) -> None:
        await self.assert_off_sale(panel, alpha)
        assert (alpha.cancels, (await attempt_at(order)).overserved) == ([], 200)

    @pytest.mark.parametrize("cancels", [False])
    async def test_by_the_catalogue(self, panel: Panel, alpha: Stubborn, order: Order) -> None:
        await self.assert_off_sale(panel, alpha)
        assert (await attempt_at(order)).unstopped_at is not None

    @pytest.mark.parametrize(
        "answer",
        [
            [{"order": 5001, "cancel": {"error": "Cancel is not allowed for this service"}}],
            {"error": "Incorrect request"},
        ],
    )
    async def test_by_its_answer(self, panel: Panel, alpha: Stubborn, order: Order, answer: Any) -> None:
        alpha.answer_to_cancel = answer
        await self.assert_off_sale(panel, alpha)
        assert (await attempt_at(order)).unstopped_at is not None

    async def test_by_going_on_an_hour_after_it_was_asked(self, panel: Panel, alpha: Stubborn, order: Order) -> None:
        await say(panel, alpha, BEYOND, BEYOND)
        for _ in range(59):
            await minute_passes()
        assert await is_on_sale(panel)
        await self.assert_off_sale(panel, alpha)
        assert (await attempt_at(order)).unstopped_at is not None

    @pytest.mark.parametrize("more", ['cancel = "off"'])
    async def test_the_owner_lifts_it_once_and_for_all(self, panel: Panel, alpha: Stubborn, order: Order) -> None:
        await self.assert_off_sale(panel, alpha)
        await decide.approve("alpha", "1", actor="boss", reason="they stopped it by hand")
        await say(panel, alpha, BEYOND, {**BEYOND, "posts": "13"}, {**BEYOND, "posts": "13"})
        assert await is_on_sale(panel)
        await say(panel, alpha, {"status": "Completed", "posts": "13"})
        assert await alarms_now(panel) == []
        assert (await attempt_at(order)).overserved == 300


async def test_what_was_served_beyond_is_cost_of_its_day(panel: Panel, alpha: Stubborn, order: Order) -> None:
    """Bought at 2.40 for 1,000: two posts of 100 more are 0.48."""
    done = {"status": "Completed", "posts": "12"}
    await say(panel, alpha, done, done)
    today = day_of(clock.now())
    assert (await daily_totals_store.count(today)).cost == 240_000_000 + 48_000_000


@pytest.mark.usefixtures("panel_database")
async def test_what_is_served_beyond_later_is_added_to_a_day_that_is_kept() -> None:
    """In odd amounts, so that each step is rounded by itself."""
    with days_ago(3):
        order = await active_order(await make_reseller(), type="Subscriptions", runs=7, quantity=7007, fields=FIELDS)
    with days_ago(2):
        await settle(order, 1001, note="fell short")
    kept = (await Business().days(3))[0]
    for units in (1001, 1002, 5005):
        attempt = await attempt_at(order)
        assert await overserving_store.note(attempt, Noted(attempt.id, units, 0, None, call_off=True))
        assert not await overserving_store.note(attempt, Noted(attempt.id, units + 1, 0, None, call_off=True))
    after = (await Business().days(3))[0]
    assert after.cost == kept.cost + 250_000_000 * 5005 // 7007
    assert after == await daily_totals_store.count(after.start)
    assert (after.revenue, after.refunded) == (kept.revenue, kept.refunded)
