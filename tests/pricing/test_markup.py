"""The first rule that matches makes the price, and no rule makes a loss."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pricing.markup import Buyer, MarkupBook, MarkupRule, Match, Price
from pricing.money import CurrencyMismatch, Money, Rate
from pricing.offer import Offer

OFFER = Offer(
    provider="bravo",
    service="9",
    name="their name",
    category="their category",
    type="Default",
    rate=Rate.parse("2.00", "USD"),
    minimum=100,
    maximum=10_000,
    refill=True,
    cancel=True,
    dripfeed=False,
)
PERCENTS = st.decimals(-300, 500, places=4)


def rule(number: int, percent: str, fixed: str = "0", match: Match | None = None) -> MarkupRule:
    return MarkupRule(number, match or Match(), Decimal(percent), Decimal(fixed))


def book(*rules: MarkupRule, default: MarkupRule | None = None, margin: str = "5") -> MarkupBook:
    return MarkupBook("USD", default or rule(0, "25"), rules, Decimal(margin))


def price(markup: MarkupBook, offer: Offer = OFFER, buyer: Buyer | None = None) -> Price:
    return markup.price(
        offer, service=1, name="Instagram Followers [HQ]", category="TikTok Likes", buyer=buyer or Buyer("vip", "ada")
    )


def at(rate: str, per: int = 1000) -> Offer:
    return replace(OFFER, rate=Rate.parse(rate, "USD", per))


def test_without_rules_the_default_is_added() -> None:
    made = price(book())
    assert (str(made.rate), made.rule, made.raised) == ("2.5", 0, False)


def test_the_first_rule_that_matches_wins() -> None:
    rules = rule(1, "10", match=Match(tier="gold")), rule(2, "15"), rule(3, "50")
    assert price(book(*rules)).rule == 2


@pytest.mark.parametrize(
    "match",
    [
        Match(),
        Match(provider="bravo"),
        Match(provider="BR*"),
        Match(category="tiktok*"),
        Match(name="*followers*"),
        Match(name="instagram followers [hq]"),
        Match(service=1),
        Match(type="default"),
        Match(tier="vip"),
        Match(reseller="ada"),
        Match(cost_over=Decimal("1.99")),
        Match(cost_under=Decimal("2.00000001")),
        Match(provider="b?avo", category="TikTok*", tier="vip", cost_over=Decimal(1), cost_under=Decimal(3)),
    ],
)
def test_a_rule_applies_when_all_that_it_names_holds(match: Match) -> None:
    assert price(book(rule(1, "15", match=match))).rule == 1


@pytest.mark.parametrize(
    "match",
    [
        Match(provider="alpha"),
        Match(provider="brav"),
        Match(category="their*"),
        Match(name="their name"),
        Match(service=2),
        Match(type="Package"),
        Match(tier="VIP"),
        Match(tier=""),
        Match(reseller="bob"),
        Match(cost_over=Decimal(2)),
        Match(cost_under=Decimal(2)),
        Match(provider="bravo", tier="gold"),
    ],
)
def test_a_rule_is_passed_over_when_one_thing_that_it_names_does_not_hold(match: Match) -> None:
    assert price(book(rule(1, "15", match=match))).rule == 0


def test_an_unknown_buyer_pays_the_price_without_tier() -> None:
    assert price(book(rule(1, "1", match=Match(tier="vip"))), buyer=Buyer()).rule == 0


@pytest.mark.parametrize(
    ("cost", "percent", "fixed", "sale"),
    [
        ("0.90", "25", "0", "1.125"),
        ("0.33333333", "25", "0", "0.4167"),
        ("0.0012345", "25", "0", "0.001544"),
        ("0.008", "25", "0", "0.01"),
        ("0.0081", "25", "0", "0.0102"),
        ("1", "0", "0.5", "1.5"),
        ("1", "12.5", "0.00001", "1.1251"),
        ("1", "25", "0.000000001", "1.2501"),
        ("2", "50", "-0.5", "2.5"),
    ],
)
def test_the_sale_rate_is_cost_and_markup_rounded_up(cost: str, percent: str, fixed: str, sale: str) -> None:
    made = price(book(rule(1, percent, fixed)), at(cost))
    assert str(made.rate) == sale
    assert made.rate == made.by_rule


def test_a_package_takes_the_fixed_part_once_a_package() -> None:
    made = price(book(rule(1, "10", "0.25")), at("4", per=1))
    assert made.rate == Rate.parse("4.65", "USD", 1)
    assert str(made.rate.cost(1)) == "4.65"


@pytest.mark.parametrize(("percent", "fixed"), [("-50", "0"), ("0", "-1"), ("-400", "-9"), ("4.9", "0")])
def test_a_rule_below_the_least_margin_is_lifted_to_it(percent: str, fixed: str) -> None:
    made = price(book(rule(1, percent, fixed)))
    assert (str(made.rate), str(made.floor), made.raised, made.rule) == ("2.1", "2.1", True, 1)


def test_a_rule_that_would_sell_below_cost_says_so_even_though_it_is_lifted() -> None:
    assert price(book(rule(1, "-1"))).sells_below_cost
    assert not price(book(rule(1, "0"))).sells_below_cost


def test_a_price_shows_every_step_that_led_to_it() -> None:
    made = price(book(rule(4, "-3", "0.01")), at("0.33333333"))
    added = made.rule, made.percent, made.fixed, made.min_margin_percent
    assert added == (4, Decimal(-3), Decimal("0.01"), Decimal(5))
    steps = [str(step) for step in (made.cost, made.unrounded, made.by_rule, made.floor, made.rate)]
    assert steps == ["0.33333333", "0.33333334", "0.3334", "0.35", "0.35"]
    package = price(book(rule(4, "5")), at("4", per=1))
    steps_of_it = [package.cost, package.unrounded, package.by_rule, package.floor, package.rate]
    assert {(step.currency, step.per) for step in steps_of_it} == {("USD", 1)}
    assert not package.raised, "what the rule gives is the floor itself"


def test_only_whom_a_rule_names_has_prices_of_their_own() -> None:
    rules = book(rule(1, "5", match=Match(tier="vip")), rule(2, "5"), rule(3, "5", match=Match(reseller="ada")))
    assert rules.kind_of(Buyer("vip", "bob")) == Buyer("vip")
    assert rules.kind_of(Buyer("gold", "ada")) == Buyer(reseller="ada")
    assert book(rule(1, "5")).kind_of(Buyer("vip", "ada")) == Buyer()


def test_an_offer_in_another_currency_is_never_priced() -> None:
    with pytest.raises(CurrencyMismatch, match=r"^USD and EUR"):
        price(book(), replace(OFFER, rate=Rate(1, "EUR")))


@given(st.integers(1, 10**15), PERCENTS, PERCENTS, st.decimals(0, 100, places=3), st.integers(1, 10**6))
def test_no_order_is_ever_sold_under_cost_plus_the_least_margin(
    cost: int, percent: Decimal, fixed: Decimal, margin: Decimal, quantity: int
) -> None:
    offer = replace(OFFER, rate=Rate(cost, "USD"))
    made = price(MarkupBook("USD", MarkupRule(0, Match(), percent, fixed), (), margin), offer)
    assert made.rate.units * 100_000 >= cost * (100_000 + int(margin * 1000))
    assert made.rate.cost(quantity) >= offer.rate.least_charge(quantity, margin)


@given(st.integers(1, 10**15), PERCENTS, st.integers(1, 10**6))
def test_the_published_rate_is_the_billed_rate(cost: int, percent: Decimal, quantity: int) -> None:
    made = price(book(rule(1, str(percent))), replace(OFFER, rate=Rate(cost, "USD")))
    published = str(made.rate)
    assert len(published.partition(".")[2]) <= (4 if made.rate.amount >= Decimal("0.01") else 6)
    by_hand = Decimal(published) * quantity / 1000
    assert made.rate.cost(quantity) == Money.from_decimal(by_hand, "USD", up=True)


@given(st.integers(1, 10**12), st.integers(0, 10**12), st.decimals(-99, 500, places=2))
def test_a_dearer_offer_is_never_sold_cheaper_by_the_same_rule(cost: int, more: int, percent: Decimal) -> None:
    markup = book(rule(1, str(percent)))
    cheap, dear = (price(markup, replace(OFFER, rate=Rate(units, "USD"))) for units in (cost, cost + more))
    assert cheap.rate.units <= dear.rate.units
