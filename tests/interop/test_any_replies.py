"""Whatever a provider says of an order, in whatever order of events: the books balance and a refund is never undone."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aggregator.orders.model import Order
from aggregator.orders.state import OrderState
from providers.vocabulary import ServiceType
from tests import depth
from tests.interop.market import ANYBODYS, Market, assert_audit_is_green, market, service, status
from tests.interop.readers import CENT, EVERYBODY, Follow, Sale, php_int
from tests.interop.upstream import Page

WORDS = [
    "Pending",
    "Processing",
    "In progress",
    "Completed",
    "Partial",
    "Canceled",
    "CANCELLED",
    "Refunded",
    "Error",
    "Expired",
    "Paused",
    "Active",
    "Refill",
    "zz",
    "",
    "3",
    None,
]
COUNTS = st.integers(-20, 1500) | st.sampled_from(["0", "120", "99.9", "1000.0000000000", "", "Unknown", None, "1e2"])
CHARGES = st.sampled_from(["0", "2.00", "1.99", "1.50", "0.000001", 0.75, "1,000.5", "-1", "NaN", "1e-7", "", None])
ROWS = st.fixed_dictionaries(
    {"status": st.sampled_from(WORDS)},
    optional={
        "remains": COUNTS,
        "charge": CHARGES,
        "start_count": COUNTS,
        "runs": COUNTS,
        "posts": COUNTS,
        "currency": st.sampled_from(["USD", "EUR", "USDT", None]),
    },
)
TROUBLES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        {"error": "Incorrect order ID"},
        {"error": "Something went wrong"},
        {"error": "Too many requests"},
        [],
        "",
        Page("<html>404</html>", 404),
        Page(""),
        Page('{"status": "Par'),
        Page("Fatal error"),
    ]
)
DRIP_FEED = (ServiceType.DEFAULT, {"quantity": 100, "runs": 10, "interval": 5})
SUBSCRIPTION = (ServiceType.SUBSCRIPTIONS, {"username": "u", "min": 10, "max": 20, "posts": 5, "delay": 0})
NEGATIVE = {"status": "Completed", "remains": -3, "start_count": -1, "runs": -1, "posts": "-1"}
PARTIAL = ("both", {"status": "Partial", "remains": 3, "start_count": "-1"})
ORDERS = st.sampled_from(
    [
        (ServiceType.DEFAULT, {"quantity": 1000}),
        (ServiceType.DEFAULT, {"quantity": 7}),
        DRIP_FEED,
        (ServiceType.PACKAGE, {}),
        (ServiceType.CUSTOM_COMMENTS, {"comments": "a\nb\nc"}),
        SUBSCRIPTION,
    ]
)
LOSSES = st.fixed_dictionaries({"status": st.just("Partial"), "remains": st.integers(1, 1000)})
"""Of many words few move money; an order that loses more and more of its delivery moves it each time."""
STEPS = st.lists(
    st.tuples(st.sampled_from(["alpha", "bravo", "both"]), LOSSES | ROWS | TROUBLES) | st.just("cancel"), max_size=8
)
CLASSIC = {"Pending", "Processing", "In progress", "Completed", "Partial", "Canceled"}
OF_SUBSCRIPTIONS = {"Active", "Completed", "Expired", "Canceled", "Pending"}
JSON = {"PENDING", "PROCESSING", "IN_PROGRESS", "COMPLETED", "PARTIAL", "CANCELLED"}


class Play:
    """One order through one sequence of replies."""

    def __init__(self, trade: Market) -> None:
        self.trade = trade
        self.count = 0

    async def run(self, kind: ServiceType, fields: dict[str, Any], steps: Sequence[Any]) -> None:
        self.count += 1
        self.client = await self.trade.reseller(f"reseller {self.count}", "10")
        self.begun = 0
        self.kind = kind
        for upstream in self.trade.upstreams.values():
            upstream.says = {"status": "Pending"}
        wanted = {"service": service(kind, of=ANYBODYS), "link": f"https://x.example/{self.count}", **fields}
        order = await self.trade.buy(self.client, kind, **wanted)
        before = await self.look(order, 0)
        for step in steps:
            await self.take(order, step)
            before = await self.look(order, before.refunded)
        await assert_audit_is_green()

    async def take(self, order: int, step: Any) -> None:
        if step == "cancel":
            await self.client.form("cancel", orders=order)
        else:
            who, says = step
            for name in self.trade.upstreams if who == "both" else [who]:
                self.trade.upstreams[name].says = says
        await self.trade.ask(order)
        await self.trade.send_out()

    async def look(self, number: int, refunded: int) -> Order:
        order = await self.trade.order(number)
        assert refunded <= order.refunded <= order.charge
        balance = Decimal((await self.client.form("balance")).json()["balance"])
        assert balance == 10 - Decimal(order.charge - order.refunded).scaleb(-8)
        told = (await self.client.json("status", order=number)).json()
        assert told["status"] in JSON
        assert_nothing_is_negative(told)
        assert Decimal(str(told["charge"])) == Decimal(order.charge).scaleb(-8)
        classic = await status(self.client, number)
        self.count_parts(order, told, classic)
        await self.read(order, classic)
        return order

    def count_parts(self, order: Order, told: dict[str, Any], classic: dict[str, Any]) -> None:
        """Runs and posts never fall under way, and in the end they are the fewest that hold what was delivered."""
        name = "posts" if self.kind is ServiceType.SUBSCRIPTIONS else "runs"
        assert (name in told) == (name in classic) == (order.runs > 1)
        if order.runs == 1:
            return
        begun = told[name]
        assert classic[name] == str(begun)
        if order.state.ended:
            delivered = order.quantity - order.undelivered
            assert (begun - 1) * order.per_run < delivered <= begun * order.per_run
        else:
            assert self.begun <= begun <= order.runs
            self.begun = begun

    async def read(self, order: Order, told: dict[str, Any]) -> None:
        """Every panel that resells us pays what we paid."""
        assert_nothing_is_negative(told)
        subscription = self.kind is ServiceType.SUBSCRIPTIONS
        assert told["status"] in (OF_SUBSCRIPTIONS if subscription else CLASSIC)
        assert 0 <= php_int(told["remains"]) <= order.quantity
        sale = Sale(Decimal(order.charge).scaleb(-8), order.quantity)
        verdicts = {name: read(told, sale) for name, read in EVERYBODY.items()}
        assert Follow.FAILED not in {verdict.follow for verdict in verdicts.values()}
        if subscription:
            return
        paid = Decimal(order.refunded).scaleb(-8)
        follow = Follow.ENDED if order.state.ended else Follow.OPEN
        assert {name: verdict.follow for name, verdict in verdicts.items()} == dict.fromkeys(EVERYBODY, follow)
        assert all(abs(verdict.back - paid) <= CENT for verdict in verdicts.values()), (told, paid, verdicts)
        assert (order.state is OrderState.CANCELLED) == (
            php_int(told["remains"]) == order.quantity and order.state.ended
        )


def assert_nothing_is_negative(told: dict[str, Any]) -> None:
    """Readers keep these in columns without a sign, and some give an order up whose number they cannot read."""
    counted = ("charge", "remains", "start_count", "runs", "posts")
    assert [name for name in counted if Decimal(str(told.get(name, 0))) < 0] == [], told


@pytest.mark.parametrize(("confirm", "count"), [("0", 40), ("0.001", 12)])
def test_no_sequence_of_replies_breaks_a_promise(tmp_path: Path, fresh_sqlite: str, confirm: str, count: int) -> None:
    """Answers, errors, gaps, pages and cancels in any order, from either provider."""
    lines = f"[limits]\nrequests_per_second = 0\n[pace]\nconfirm_seconds = {confirm}\nbreaker_seconds = 0.01\n"
    opening = market(tmp_path, fresh_sqlite, aggregator=lines, presets={"bravo": "mystic"})
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opening) as trade:
        play = Play(trade)

        @settings(max_examples=depth.examples(count), suppress_health_check=list(HealthCheck))
        @example((ServiceType.DEFAULT, {"quantity": 7}), [("both", {**NEGATIVE, "status": "In progress"}), PARTIAL])
        @example((ServiceType.DEFAULT, {"quantity": 7}), [("both", {**NEGATIVE, "status": "Completed"})])
        @example(DRIP_FEED, [("both", {**NEGATIVE, "status": "In progress"}), ("both", NEGATIVE)])
        @example(SUBSCRIPTION, [("both", {**NEGATIVE, "status": "Active"}), ("both", NEGATIVE)])
        @given(ORDERS, STEPS)
        def prove(order: tuple[ServiceType, dict[str, Any]], steps: list[Any]) -> None:
            portal.call(play.run, *order, steps)

        prove()
