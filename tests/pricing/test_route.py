"""An order goes to the cheapest provider that can really deliver it, and every other one says why not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pricing.money import CurrencyMismatch, Money, Rate
from pricing.offer import Offer
from pricing.route import Candidate, Route, rank

MARGIN = Decimal(5)


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def offer(
    provider: str = "alpha",
    rate: str | int = "2",
    *,
    maximum: int | None = 5000,
    kind: str = "Default",
    per: int = 1000,
    currency: str = "USD",
) -> Offer:
    return Offer(
        provider=provider,
        service="1",
        name="",
        category="",
        type=kind,
        rate=Rate(rate, currency, per) if isinstance(rate, int) else Rate.parse(rate, currency, per),
        minimum=100,
        maximum=maximum,
        refill=False,
        cancel=False,
        dripfeed=False,
    )


def judge(candidate: Candidate, quantity: int = 1000, charge: str = "2.50") -> Route:
    (route,) = rank([candidate], quantity=quantity, charge=usd(charge), min_margin_percent=MARGIN, order_type="Default")
    return route


def test_the_cheapest_comes_first_and_equals_keep_their_order() -> None:
    rates = {"alpha": "2.1", "bravo": "1.9", "carol": "2.0", "dave": "1.9"}
    routes = rank(
        [Candidate(offer=offer(name, rate)) for name, rate in rates.items()],
        quantity=1000,
        charge=usd("2.50"),
        min_margin_percent=MARGIN,
    )
    assert [route.offer.provider for route in routes] == ["bravo", "dave", "carol", "alpha"]
    assert [route.reason for route in routes] == ["cheapest", "next cheapest", "next cheapest", "next cheapest"]
    assert [str(route.margin) for route in routes] == ["0.6", "0.6", "0.5", "0.4"]


def test_what_is_put_last_comes_after_all_others_that_are_usable_and_says_why() -> None:
    """But before what cannot be used at all, and alone where nothing else is usable."""
    cheap, dear = offer("alpha", "1.5"), offer("bravo", "2.1")
    given = [Candidate(offer=cheap, last="it lies"), Candidate(offer=dear), Candidate(offer=offer("carol"), held="new")]
    terms: dict[str, Any] = {"quantity": 1000, "charge": usd("2.50"), "min_margin_percent": MARGIN}
    told = [(route.offer.provider, route.reason) for route in rank(given, **terms)]
    assert told == [("bravo", "cheapest"), ("alpha", "last: it lies"), ("carol", "held: new")]
    alone = rank([given[0], replace(given[1], enabled=False)], **terms)
    assert [(route.offer.provider, route.usable) for route in alone] == [("alpha", True), ("bravo", False)]


def test_what_cannot_be_used_stands_behind_what_can_however_cheap() -> None:
    resting, working = Candidate(offer=offer("alpha", "1"), healthy=False), Candidate(offer=offer("bravo", "2"))
    routes = rank([resting, working], quantity=1000, charge=usd("2.50"), min_margin_percent=MARGIN)
    assert [(route.offer.provider, route.usable, route.reason) for route in routes] == [
        ("bravo", True, "cheapest"),
        ("alpha", False, "resting after failures"),
    ]


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (Candidate(offer=offer(), enabled=False), "disabled"),
        (Candidate(offer=offer(), held="price rose by 40%"), "held: price rose by 40%"),
        (Candidate(offer=offer(), healthy=False), "resting after failures"),
        (Candidate(offer=offer(), busy=True), "too many orders there without a known outcome"),
        (Candidate(offer=offer(), postponed=True), "refused for the moment"),
        (Candidate(offer=offer(), link_runs=True), "another order for this link runs there"),
        (Candidate(offer=offer(rate="3.10")), "costs 3.10, above 2.38095238 that the least margin allows"),
        (Candidate(offer=offer(), funds=usd("0.4")), "out of funds: 0.4 of 2"),
        (Candidate(offer=offer(), funds=usd("-1")), "out of funds: -1 of 2"),
    ],
)
def test_an_obstacle_of_the_moment_leaves_the_route_open_for_later(candidate: Candidate, reason: str) -> None:
    route = judge(candidate)
    assert (route.usable, route.permanent, route.reason) == (False, False, reason)


@pytest.mark.parametrize(
    ("candidate", "quantity", "reason"),
    [
        (Candidate(offer=offer(), spent=True), 1000, "refused this order"),
        (Candidate(offer=offer(kind="SEO")), 1000, "of type SEO, the order is Default"),
        (Candidate(offer=offer()), 99, "quantity outside 100-5000"),
        (Candidate(offer=offer()), 5001, "quantity outside 100-5000"),
        (Candidate(offer=offer(maximum=None)), 99, "quantity below 100"),
        (Candidate(offer=offer(), spent=True, enabled=False, healthy=False), 1000, "refused this order"),
    ],
)
def test_an_obstacle_about_the_order_itself_closes_the_route_for_good(
    candidate: Candidate, quantity: int, reason: str
) -> None:
    route = judge(candidate, quantity, "100")
    assert (route.usable, route.permanent, route.reason) == (False, True, reason)


@pytest.mark.parametrize(
    ("needs", "reason"),
    [
        ({"least": 100, "most": 5000}, ""),
        ({"least": 99, "most": 5000}, "quantity outside 100-5000"),
        ({"least": 100, "most": 5001}, "quantity outside 100-5000"),
        ({"drip_feed": True}, "has no drip-feed"),
    ],
)
def test_an_order_of_many_runs_needs_an_offer_for_each_of_them(needs: dict[str, Any], reason: str) -> None:
    """The order as a whole, 9,000 here, may be more than the provider takes at once."""
    quantity = 1000 if "drip_feed" in needs else 9000
    (route,) = rank(
        [Candidate(offer=offer())], quantity=quantity, charge=usd("100"), min_margin_percent=MARGIN, **needs
    )
    assert (route.permanent, route.reason) == (bool(reason), reason or "cheapest")


def test_a_drip_feed_goes_where_there_is_one() -> None:
    dripping = Candidate(offer=replace(offer(), dripfeed=True))
    (route,) = rank([dripping], quantity=1000, charge=usd("100"), min_margin_percent=MARGIN, drip_feed=True)
    assert route.usable


def test_the_bounds_of_a_range_belong_to_it() -> None:
    for quantity in (100, 5000):
        assert judge(Candidate(offer=offer()), quantity, "100").usable
    assert judge(Candidate(offer=offer(maximum=None)), 10**9, "9999999999").usable


def test_unknown_funds_forbid_nothing_and_just_enough_is_enough() -> None:
    assert judge(Candidate(offer=offer(), funds=None)).usable
    assert judge(Candidate(offer=offer(), funds=usd("2"))).usable
    assert not judge(Candidate(offer=offer(), funds=usd("1.99999999"))).usable


def test_a_cost_that_no_column_holds_is_no_route_however_much_may_be_lost() -> None:
    (route,) = rank(
        [Candidate(offer=offer(rate=2**63 - 1))],
        quantity=2000,
        charge=usd("90000000000"),
        min_margin_percent=Decimal(-90),
    )
    assert (route.usable, route.reason) == (False, "costs more than can be kept")


def test_the_least_margin_itself_is_enough() -> None:
    assert judge(Candidate(offer=offer()), charge="2.1").usable
    assert not judge(Candidate(offer=offer()), charge="2.09999999").usable


def test_a_tiny_order_is_not_forbidden_by_the_rounding_of_its_own_cost() -> None:
    """One unit at 0.00010001 costs us 0.0000001 and a part of 1e-8; the charge made from that rate must carry it."""
    one = Candidate(offer=replace(offer(rate=10001), minimum=1))
    (route,) = rank([one], quantity=1, charge=Rate.parse("0.000106", "USD").cost(1), min_margin_percent=MARGIN)
    assert (route.usable, str(route.cost), str(route.margin)) == (True, "0.00000011", "0")


def test_a_package_is_routed_whatever_range_its_provider_states() -> None:
    package = Candidate(offer=offer(rate="4", kind="Package", per=1))
    (route,) = rank([package], quantity=1, charge=usd("5"), min_margin_percent=MARGIN, order_type="Package")
    assert (route.usable, str(route.cost)) == (True, "4")


def test_an_order_may_lose_money_on_paper_but_never_on_a_route() -> None:
    route = judge(Candidate(offer=offer(rate="3")))
    assert (str(route.margin), route.usable) == ("-0.5", False)


def test_offers_and_charge_must_be_in_one_currency() -> None:
    with pytest.raises(CurrencyMismatch):
        judge(Candidate(offer=offer(currency="EUR")))
    with pytest.raises(CurrencyMismatch):
        judge(Candidate(offer=offer(), funds=Money(10**12, "EUR")))


def test_without_candidates_there_is_no_route() -> None:
    assert rank([], quantity=1, charge=usd("1"), min_margin_percent=MARGIN) == []


CANDIDATES = st.lists(
    st.builds(
        lambda rate, flags, funds: Candidate(
            offer=offer("x", rate),
            enabled=flags != 1,
            healthy=flags != 2,
            held="?" if flags == 3 else None,
            spent=flags == 4,
            busy=flags == 5,
            postponed=flags == 6,
            funds=None if funds is None else Money(funds, "USD"),
        ),
        st.integers(1, 10**9),
        st.integers(0, 30),
        st.none() | st.integers(0, 10**10),
    ),
    max_size=8,
)


@given(CANDIDATES, st.integers(1, 6000), st.integers(0, 10**10), st.decimals(0, 100, places=2))
def test_no_route_below_the_least_margin_is_ever_usable(
    candidates: list[Candidate], quantity: int, charge: int, margin: Decimal
) -> None:
    routes = rank(candidates, quantity=quantity, charge=Money(charge, "USD"), min_margin_percent=margin)
    usable = [route for route in routes if route.usable]
    for route in usable:
        assert route.offer.rate.units * quantity * (100 + margin) <= Decimal(charge) * 100_000
        assert route.offer.accepts(quantity)
        assert not route.permanent
    assert routes[: len(usable)] == usable
    assert [route.cost.units for route in usable] == sorted(route.cost.units for route in usable)
    assert len(routes) == len(candidates)
    assert all(route.reason for route in routes)
