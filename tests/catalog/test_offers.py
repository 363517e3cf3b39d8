"""What a listing costs us in our money, or why it is not for sale."""

from __future__ import annotations

import pytest

from aggregator.catalog.model import ProviderRow
from aggregator.catalog.shelf.offers import NotForSale, Offers
from pricing.offer import Offer
from providers.vocabulary import ServiceType
from tests.catalog.goods import offers, providers, row


def cost(goods: Offers, ref: str = "alpha:101") -> str:
    """The cost as text, or why there is none."""
    provider, _, service = ref.partition(":")
    found = goods.get(provider, service)
    return f"{found.rate} {found.rate.currency}" if isinstance(found, Offer) else str(found)


def test_a_price_in_our_currency_is_what_it_costs() -> None:
    """No margin of exchange is added where nothing is exchanged."""
    assert cost(offers([row(rate="2.345")])) == "2.345 USD"


def test_a_foreign_price_is_exchanged_with_the_margin() -> None:
    goods = offers([row(rate="10")], providers(alpha='currency = "EUR"\nfx_margin_percent = 3'), fx="EUR = 1.08")
    assert cost(goods) == "11.124 USD"


def test_a_dong_price_is_exchanged_to_the_last_digit() -> None:
    """Rates of exchange with many decimals are no reason to lose a cent: costs are rounded up."""
    goods = offers(
        [row(rate="880")], providers(alpha='currency = "VND"\nfx_margin_percent = 0'), fx="VND = 0.0000393701"
    )
    assert cost(goods) == "0.03464569 USD"


def test_a_price_in_a_currency_without_a_rate_is_not_for_sale() -> None:
    assert "EUR" in cost(offers([row()], providers(alpha='currency = "EUR"')))


def test_a_price_of_which_nobody_says_the_currency_is_not_for_sale() -> None:
    assert "does not say its currency" in cost(offers([row()], providers(alpha="")))


@pytest.mark.parametrize(
    ("stated", "told", "configured", "expected"),
    [
        ("EUR", "USD", "USD", "2.16 USD"),  # the row itself wins
        (None, "EUR", "USD", "2.16 USD"),  # then what the balance says
        (None, None, "EUR", "2.16 USD"),  # then the owner
        (None, None, "USD", "2 USD"),
    ],
)
def test_the_nearest_word_about_a_currency_counts(
    stated: str | None, told: str | None, configured: str, expected: str
) -> None:
    owners = providers(alpha=f'currency = "{configured}"\nfx_margin_percent = 0')
    known = {"alpha": ProviderRow(name="alpha", currency=told)}
    assert cost(offers([row(currency=stated)], owners, known=known, fx="EUR = 1.08")) == expected


def test_a_changed_currency_stops_every_price_of_that_provider() -> None:
    """A panel that switches from dollars to dongs must not be 25,000 times cheaper for a moment."""
    known = {"alpha": ProviderRow(name="alpha", currency="USD", currency_change="VND")}
    goods = offers([row(), row("bravo:9")], known=known, fx="VND = 0.00004")
    assert 'currency = "VND"' in cost(goods)
    assert cost(goods, "bravo:9") == "2 USD"


def test_a_changed_currency_that_the_owner_agrees_to_is_priced() -> None:
    owners = providers(alpha='currency = "VND"\nfx_margin_percent = 0')
    known = {"alpha": ProviderRow(name="alpha", currency="USD", currency_change="VND")}
    assert cost(offers([row(rate="50000")], owners, known=known, fx="VND = 0.00004")) == "2 USD"


@pytest.mark.parametrize(("rate", "sold"), [("50000", True), ("50000.01", False), ("99999", False)])
def test_a_placeholder_price_is_not_for_sale(rate: str, sold: bool) -> None:
    assert ("placeholder price" not in cost(offers([row(rate=rate)]))) is sold


def test_a_dear_currency_has_large_prices_that_are_real() -> None:
    """60,000 dongs are two dollars and a half, not a placeholder; so too where the panel itself sells in dongs."""
    in_dong = providers(alpha='currency = "VND"\nfx_margin_percent = 0')
    assert cost(offers([row(rate="60000")], in_dong, fx="VND = 0.00004")) == "2.4 USD"
    assert cost(offers([row(rate="60000")], in_dong, currency="VND")) == "60000 VND"
    assert cost(offers([row(rate="60000")], in_dong, currency="VND", fx="USD = 25000")) == "60000 VND"


@pytest.mark.parametrize(
    ("ours", "theirs", "fx", "rate", "sold"),
    [
        ("USD", "VND", "VND = 0.00004", "99999999", True),
        ("USD", "VND", "VND = 0.00004", "1250000000", True),
        ("USD", "VND", "VND = 0.00004", "1250000001", False),
        ("VND", "VND", "", "99999999", True),
        ("VND", "VND", "USD = 25000", "99999999", True),
        ("VND", "USD", "USD = 25000", "99999", False),
        ("IRR", "IRR", "USD = 1060000", "99999999", True),
        ("IRR", "IRR", "", "999999999", True),
        ("IRR", "IRR", "", "10000000001", False),
        ("EUR", "EUR", "USD = 0.92", "46001", False),
        ("EUR", "EUR", "", "99999999", False),
        ("EUR", "EUR", "", "9999999", True),
    ],
)
def test_a_price_is_a_placeholder_by_its_worth(ours: str, theirs: str, fx: str, rate: str, sold: bool) -> None:
    """99,999,999 rials are a hundred dollars, as many dongs four thousand: what a dear package costs."""
    owners = providers(alpha=f'currency = "{theirs}"\nfx_margin_percent = 0')
    for flaw in (None, "placeholder price"):
        goods = offers(
            [row(rate=rate, type=ServiceType.PACKAGE, minimum=1, maximum=1, flaw=flaw)], owners, currency=ours, fx=fx
        )
        assert ("placeholder price" not in cost(goods)) is sold
        assert isinstance(goods.get("alpha", "101"), Offer) is sold


@pytest.mark.parametrize("per", [1, 100, 1000])
def test_the_price_is_per_thousand_whatever_its_provider_quotes_by(per: int) -> None:
    """Listings come from the adapter per 1,000 already; the setting must not count twice."""
    assert cost(offers([row(rate="2")], providers(alpha=f'currency = "USD"\nprice_per = {per}'))) == "2 USD"


def test_a_package_is_bought_whole() -> None:
    goods = offers([row(rate="4.99", type=ServiceType.PACKAGE, minimum=1, maximum=1)])
    found = goods.get("alpha", "101")
    assert isinstance(found, Offer)
    assert (found.rate.per, str(found.rate), found.is_package) == (1, "4.99", True)


@pytest.mark.parametrize(
    ("listing", "reason"),
    [
        (row(rate=None, flaw="no price"), "no price"),
        (row(rate="0"), "no price"),
        (row(flaw="separator"), "separator"),
        (row(flaw="min above max"), "min above max"),
        (row(missing=2), "no longer lists 101"),
        (row(type=ServiceType.UNSUPPORTED, flaw="unsupported type"), "unsupported type"),
        (row("bravo:101"), "does not list 101"),
        (row("charlie:101"), "does not list 101"),
    ],
)
def test_what_cannot_be_sold_says_why(listing: object, reason: str) -> None:
    assert reason in cost(offers([listing]))  # type: ignore[list-item]  # a row, whose type parametrize hides


def test_a_listing_of_a_provider_that_is_configured_no_more_is_not_for_sale() -> None:
    found = offers([row("charlie:5")]).get("charlie", "5")
    assert isinstance(found, NotForSale)
    assert "providers.toml" in str(found)


def test_a_flag_that_the_provider_does_not_state_is_not_promised() -> None:
    found = offers([row(refill=None, cancel=True, dripfeed=False)]).get("alpha", "101")
    assert isinstance(found, Offer)
    assert (found.refill, found.cancel, found.dripfeed) == (False, True, False)
