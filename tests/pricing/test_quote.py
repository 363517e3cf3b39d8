"""A service that several providers offer is published as the cheapest makes it, as far as all can keep it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.markup import Buyer, MarkupBook, MarkupRule, Match, Price
from pricing.money import Rate
from pricing.offer import Offer
from pricing.quote import Combined, combine, quote

MARGIN = Decimal(5)
BOOK = MarkupBook("USD", MarkupRule(0, Match(), Decimal(25), Decimal(0)), (), MARGIN)


def offer(
    provider: str,
    rate: str,
    minimum: int = 100,
    maximum: int | None = 1000,
    *,
    kind: str = "Default",
    per: int = 1000,
    flags: str = "rcd",
) -> Offer:
    return Offer(
        provider=provider,
        service="1",
        name="",
        category="",
        type=kind,
        rate=Rate.parse(rate, "USD", per),
        minimum=minimum,
        maximum=maximum,
        refill="r" in flags,
        cancel="c" in flags,
        dripfeed="d" in flags,
    )


def price_of(one: Offer) -> Price:
    return BOOK.price(one, service=1, name="", category="", buyer=Buyer())


def shelve(*offers: Offer) -> Combined:
    combined = combine(offers, price_of, MARGIN)
    assert combined is not None
    return combined


def reach(combined: Combined) -> tuple[int, int | None]:
    return combined.minimum, combined.maximum


def test_ten_thousand_at_two_fifty_cost_twenty_five() -> None:
    two_fifty = price_of(offer("alpha", "2"))
    assert [str(quote(two_fifty, quantity).charge) for quantity in (10_000, 5_000, 1)] == ["25", "12.5", "0.0025"]
    assert (quote(two_fifty, 1).rate, quote(two_fifty, 1).rule) == (two_fifty.rate, 0)


def test_a_package_costs_its_rate() -> None:
    assert str(quote(price_of(offer("alpha", "4", kind="Package", per=1)), 1).charge) == "5"


def test_the_cheapest_offer_sets_the_rate() -> None:
    combined = shelve(offer("alpha", "1.00"), offer("bravo", "0.90"), offer("carol", "0.95"))
    assert (combined.lead.provider, str(combined.price.rate)) == ("bravo", "1.125")


def test_of_equally_cheap_offers_the_first_given_leads() -> None:
    assert shelve(offer("bravo", "1"), offer("alpha", "1")).lead.provider == "bravo"


def test_nothing_is_published_without_a_priced_offer() -> None:
    assert combine([], price_of, MARGIN) is None
    assert combine([offer("alpha", "0")], price_of, MARGIN) is None


def test_an_offer_without_a_price_never_leads_and_never_counts() -> None:
    combined = shelve(offer("alpha", "0"), offer("bravo", "1"))
    assert combined.lead.provider == "bravo"
    assert [(out.offer.provider, out.reason) for out in combined.left_out] == [("alpha", "no price")]


def test_the_smallest_price_there_is_is_a_price() -> None:
    assert shelve(offer("alpha", "0.00000001")).lead.provider == "alpha"
    assert len(shelve(offer("alpha", "0.00000001"), offer("bravo", "0.00000001")).offers) == 2


def test_a_dearer_offer_widens_the_range_while_it_keeps_the_least_margin() -> None:
    """At a sale rate of 1.25, a cost of 1.19047619 leaves 5 percent and one of 1.19047620 does not."""
    assert reach(shelve(offer("alpha", "1"), offer("bravo", "1.19047619", 10, 5000))) == (10, 5000)
    narrow = shelve(offer("alpha", "1"), offer("bravo", "1.1904762", 10, 5000))
    assert reach(narrow) == (100, 1000)
    assert "least margin" in narrow.left_out[0].reason


def test_a_range_that_only_adjoins_widens_without_a_gap() -> None:
    assert reach(shelve(offer("alpha", "1"), offer("bravo", "1.1", 1001, 5000))) == (100, 5000)
    assert reach(shelve(offer("alpha", "1"), offer("bravo", "1.1", 10, 99))) == (10, 1000)
    assert reach(shelve(offer("alpha", "1"), offer("bravo", "1.1", 10, 98))) == (100, 1000)


def test_a_range_beyond_a_gap_is_left_out_and_says_so() -> None:
    combined = shelve(offer("alpha", "1"), offer("bravo", "1.1", 1002, 5000, flags=""))
    assert reach(combined) == (100, 1000)
    assert "1002" in combined.left_out[0].reason
    assert combined.refill


def test_a_third_offer_may_bridge_the_gap_to_a_second() -> None:
    combined = shelve(offer("alpha", "1"), offer("bravo", "1.1", 3000, 5000), offer("carol", "1.15", 900, 2999))
    assert reach(combined) == (100, 5000)
    assert [one.provider for one in combined.offers] == ["alpha", "bravo", "carol"]


def test_an_offer_without_a_stated_limit_leaves_the_service_without_one() -> None:
    assert reach(shelve(offer("alpha", "1"), offer("bravo", "1.1", 500, None))) == (100, None)
    assert reach(shelve(offer("alpha", "1", 100, None), offer("bravo", "1.1"))) == (100, None)


@pytest.mark.parametrize(("flags", "expected"), [("rcd", (True, True, True)), ("c", (False, True, False))])
def test_a_flag_is_set_only_when_all_that_count_have_it(flags: str, expected: tuple[bool, bool, bool]) -> None:
    combined = shelve(offer("alpha", "1"), offer("bravo", "1.1", flags=flags), offer("dear", "9", flags=""))
    assert (combined.refill, combined.cancel, combined.dripfeed) == expected


def test_an_offer_of_another_type_is_left_out_and_says_so() -> None:
    combined = shelve(offer("alpha", "1"), offer("bravo", "1.1", 1, 9000, kind="Custom Comments", flags=""))
    assert reach(combined) == (100, 1000)
    assert combined.left_out[0].reason == "of type Custom Comments, the cheapest is Default"


def test_a_package_is_never_compared_with_a_price_of_a_thousand() -> None:
    package, default = offer("alpha", "4", kind="Package", per=1), offer("bravo", "1")
    assert shelve(package, default).lead is package
    assert shelve(default, package).lead is default
    assert shelve(package, default).left_out[0].offer is default


def test_packages_are_bought_one_at_a_time_whatever_range_is_stated() -> None:
    combined = shelve(
        offer("alpha", "4", 1000, 1000, kind="Package", per=1), offer("bravo", "4.1", 1, 1, kind="Package", per=1)
    )
    assert reach(combined) == (1, 1)
    assert len(combined.offers) == 2


OFFERS = st.lists(
    st.builds(
        lambda cents, low, width: offer("x", f"1.{cents:02d}", low, low + width),
        st.integers(0, 40),
        st.integers(1, 60),
        st.integers(0, 15),
    ),
    min_size=1,
    max_size=7,
)


@given(OFFERS)
def test_every_published_quantity_can_be_delivered_at_the_least_margin(offers: list[Offer]) -> None:
    combined = shelve(*offers)
    assert combined.maximum is not None
    for quantity in range(combined.minimum, combined.maximum + 1):
        charge = quote(combined.price, quantity).charge
        takers = [one for one in combined.offers if one.accepts(quantity)]
        assert any(one.rate.least_charge(quantity, MARGIN) <= charge for one in takers)


@given(OFFERS)
def test_every_offer_either_counts_or_says_why_not(offers: list[Offer]) -> None:
    combined = shelve(*offers)
    assert len(combined.offers) + len(combined.left_out) == len(offers)
    assert all(out.reason for out in combined.left_out)
    assert combined.lead in combined.offers
