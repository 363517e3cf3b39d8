"""What we sell, under ids that never change, made from what the providers list."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.catalog.model import Doubt, Hold, HoldKind, Learned, ProviderRow
from aggregator.catalog.shelf.shelf import NO_LIMIT, NOBODY, Shelf, Terms
from pricing.markup import Buyer
from providers.vocabulary import ServiceType
from tests.catalog.goods import offers, providers, row, shelf

ONE = '[[service]]\nid = 1\nname = "Followers"\ncategory = "Instagram"\noffers = ["alpha:101", "bravo:9"]\n'
NO_REST = "import_rest = false\n"
IMPORTED = {("alpha", "101"): 100_001, ("bravo", "9"): 100_002, ("bravo", "10"): 100_003}


def sold(made: Shelf) -> dict[int, str]:
    """What is on the shelf, each with its rate."""
    return {service.id: str(service.price(NOBODY).rate) for service in made}


def terms_of(made: Shelf) -> Terms:
    """What anybody meets of service 1."""
    service = made.get(1)
    assert service is not None
    return service.terms(NOBODY)


def of_two(alpha: str = "2", bravo: str = "3", **told: Any) -> Shelf:
    """Service 1 with an offer of alpha and one of bravo; `alpha_x` and `bravo_x` describe their listings."""
    described = {
        name: {key.removeprefix(f"{name}_"): value for key, value in told.items() if key.startswith(f"{name}_")}
        for name in ("alpha", "bravo")
    }
    goods = [row("alpha:101", alpha, **described["alpha"]), row("bravo:9", bravo, **described["bravo"])]
    return shelf(offers(goods), NO_REST + ONE + told.get("lines", ""))


def test_the_type_in_services_toml_counts_where_the_provider_names_none_that_is_known() -> None:
    """Only there; a row with another flaw, or a package whose price was read as one of units, stays unsold."""
    odd: dict[str, Any] = {"type": ServiceType.UNSUPPORTED, "flaw": "unsupported type"}
    goods = offers([row("alpha:101", **odd), row("alpha:102", **odd), row("alpha:103", **{**odd, "flaw": "no price"})])
    text = "".join(
        f'[[service]]\nid = {number}\noffers = ["alpha:{their}"]\n{kind}\n'
        for number, their, kind in (
            (1, 101, 'type = "Custom Comments"'),
            (2, 102, ""),
            (3, 103, 'type = "Default"'),
        )
    )
    made = shelf(goods, text)
    assert [(one.id, one.type) for one in made] == [(1, "Custom Comments")]
    assert set(made.unsold) == {2, 3}
    cents = providers(alpha='currency = "USD"\nprice_per = 100')
    package = '[[service]]\nid = 1\noffers = ["alpha:101"]\ntype = "Package"'
    assert "type_words" in shelf(offers([row("alpha:101", **odd)], cents), package).unsold[1]


def test_the_rate_follows_the_cheapest_offer() -> None:
    """25 percent on the cheaper of the two, whichever it is."""
    assert sold(of_two("2", "3")) == {1: "2.5"}
    assert sold(of_two("3", "2")) == {1: "2.5"}


def test_a_disabled_provider_sets_no_rate_but_keeps_its_offer() -> None:
    """Its old orders are still followed, and it may be enabled again without a sync."""
    owners = providers(alpha='currency = "USD"\nenabled = false', bravo='currency = "USD"')
    made = shelf(offers([row("alpha:101", "2"), row("bravo:9", "3")], owners), NO_REST + ONE)
    assert sold(made) == {1: "3.75"}
    service = made.get(1)
    assert service is not None
    assert [offer.provider for offer in service.offers] == ["alpha", "bravo"]
    assert list(service.left_out.values()) == ["alpha is not enabled"]


def test_a_pinned_offer_is_the_only_one_that_counts() -> None:
    """Its price is the price, its provider gets the orders, and the others say why they do not."""
    made = of_two("2", "3", lines='pin = "bravo:9"\n')
    assert sold(made) == {1: "3.75"}
    service = made.get(1)
    assert service is not None
    assert [offer.provider for offer in service.offers] == ["bravo"]
    assert list(service.left_out.values()) == ["bravo:9 is pinned"]


def test_only_the_categories_that_are_imported_are_sold_as_they_come() -> None:
    """What a [[service]] names is sold all the same."""
    goods = [
        row("alpha:101", "2"),
        row("bravo:9", "3", category="TikTok [HQ]"),
        row("bravo:10", "4", category="TikTok"),
    ]
    for globs, ids in (('["tiktok*"]', {100_002, 100_003}), ('["TikTok [HQ]"]', {100_002}), ("[]", set())):
        owners = providers(alpha='currency = "USD"', bravo=f'currency = "USD"\nimport_categories = {globs}')
        made = shelf(offers(goods, owners), ONE.replace(', "bravo:9"', ""), imported=IMPORTED)
        assert set(sold(made)) == {1, *ids}


def test_an_offer_within_the_margin_widens_the_range() -> None:
    """Who asks for more than the cheapest can deliver is still served by another."""
    made = of_two("2.0", "2.3", alpha_minimum=100, alpha_maximum=5000, bravo_minimum=50, bravo_maximum=20_000)
    terms = terms_of(made)
    assert (terms.minimum, terms.maximum) == (50, 20_000)


def test_an_offer_that_would_cost_the_margin_widens_nothing() -> None:
    made = of_two("2.0", "2.4", alpha_maximum=5000, bravo_maximum=20_000)
    terms = terms_of(made)
    assert terms.maximum == 5000
    assert "margin" in terms.combined.left_out[0].reason


def test_a_range_has_no_gaps() -> None:
    made = of_two("2.0", "2.1", alpha_minimum=10, alpha_maximum=100, bravo_minimum=500, bravo_maximum=1000)
    terms = terms_of(made)
    assert (terms.minimum, terms.maximum) == (10, 100)


def test_a_flag_holds_only_if_all_have_it() -> None:
    made = of_two("2.0", "2.1", alpha_refill=True, bravo_refill=True, alpha_cancel=True, bravo_cancel=False)
    terms = terms_of(made)
    assert (terms.refill, terms.cancel, terms.dripfeed) == (True, False, False)


def test_a_service_without_a_limit_publishes_the_one_that_panels_write() -> None:
    made = of_two("2", "3", alpha_maximum=None)
    assert terms_of(made).maximum == NO_LIMIT


def test_services_toml_narrows_the_range() -> None:
    made = of_two("2", "3", lines="min = 500\nmax = 600\n")
    terms = terms_of(made)
    assert (terms.minimum, terms.maximum) == (500, 600)


def test_services_toml_cannot_widen_the_range() -> None:
    made = of_two("2", "3", lines="min = 1\nmax = 1000000\n")
    terms = terms_of(made)
    assert (terms.minimum, terms.maximum) == (100, 10_000)


@pytest.mark.parametrize("lines", ["min = 20000\n", "max = 50\n"])
def test_a_service_of_which_no_quantity_is_left_is_not_sold(lines: str) -> None:
    """A list that says "from 20000 to 10000" helps nobody."""
    made = of_two("2", "3", lines=lines)
    assert sold(made) == {}
    assert "leaves no quantity" in made.unsold[1]


def test_an_offer_of_another_type_is_left_out_and_says_so() -> None:
    """A line of comments is not a follower."""
    made = of_two("2", "1", bravo_type=ServiceType.CUSTOM_COMMENTS, lines='type = "Default"\n')
    service = made.get(1)
    assert service is not None
    assert (service.type, sold(made)) == ("Default", {1: "2.5"})
    assert list(service.left_out.values()) == ["of type Custom Comments, the service is Default"]


def test_a_service_switched_off_is_not_sold_and_says_so() -> None:
    made = of_two("2", "3", lines="enabled = false\n")
    assert (sold(made), made.unsold) == ({}, {1: "switched off in services.toml"})


def test_a_service_whose_offers_all_fell_away_says_why() -> None:
    made = of_two("2", "3", alpha_flaw="no price", bravo_missing=2)
    assert sold(made) == {}
    assert "no price" in made.unsold[1]
    assert "no longer lists 9" in made.unsold[1]


def test_what_is_not_named_is_sold_as_it_comes_under_its_imported_id() -> None:
    goods = offers([row("alpha:101"), row("bravo:9", "3"), row("bravo:10", "4")])
    assert sold(shelf(goods, imported=IMPORTED)) == {100_001: "2.5", 100_002: "3.75", 100_003: "5"}


def test_a_named_service_takes_its_offers_from_the_rest() -> None:
    goods = offers([row("alpha:101"), row("bravo:9", "3"), row("bravo:10", "4")])
    assert sold(shelf(goods, ONE, imported=IMPORTED)) == {1: "2.5", 100_003: "5"}


def test_without_the_rest_only_what_is_named_is_sold() -> None:
    goods = offers([row("alpha:101"), row("bravo:10", "4")])
    assert sold(shelf(goods, NO_REST + ONE, imported=IMPORTED)) == {1: "2.5"}


def test_a_named_service_may_take_over_the_imported_id_of_its_own_offer() -> None:
    """Resellers who ordered 100002 go on with it, and it now has two providers."""
    goods = offers([row("alpha:101"), row("bravo:9", "3")])
    made = shelf(goods, ONE.replace("id = 1", "id = 100002"), imported=IMPORTED)
    assert sold(made) == {100_002: "2.5"}
    assert [service.name for service in made] == ["Followers"]


@pytest.mark.parametrize("number", [100_003, 100_777])
def test_an_id_that_was_sold_gets_no_other_meaning(number: int) -> None:
    """Not the id of another listing, and none that a listing may still be given."""
    goods = offers([row("alpha:101"), row("bravo:9", "3"), row("bravo:10", "4")])
    made = shelf(goods, ONE.replace("id = 1", f"id = {number}"), imported=IMPORTED)
    assert sold(made) == {100_003: "5"}
    assert "not the imported id of any of its offers" in made.unsold[number]


def test_a_listing_whose_id_is_not_given_yet_waits() -> None:
    assert sold(shelf(offers([row("alpha:555")]), imported=IMPORTED)) == {}


def test_a_flawed_listing_is_not_on_the_shelf_and_says_why() -> None:
    made = shelf(offers([row("alpha:101", flaw="separator")]), imported=IMPORTED)
    assert (sold(made), made.unsold) == ({}, {100_001: "alpha:101: separator"})


def test_each_tier_has_its_price() -> None:
    vip = '[[rule]]\nmatch = { tier = "vip" }\npercent = 10\n'
    service = shelf(offers([row("alpha:101")]), NO_REST + ONE, markup=vip).get(1)
    assert service is not None
    prices = [str(service.price(Buyer(tier=tier)).rate) for tier in ("", "vip", "gold")]
    assert prices == ["2.5", "2.2", "2.5"]


def test_a_named_reseller_has_a_price_of_their_own() -> None:
    friend = '[[rule]]\nmatch = { reseller = "anna" }\npercent = 5\n'
    service = shelf(offers([row("alpha:101")]), NO_REST + ONE, markup=friend).get(1)
    assert service is not None
    prices = [str(service.price(Buyer(reseller=name)).rate) for name in ("anna", "bert")]
    assert prices == ["2.1", "2.5"]


def test_rules_see_the_names_under_which_we_sell() -> None:
    """The owner writes rules about what resellers see."""
    rules = '[[rule]]\nmatch = { name = "Followers", category = "Insta*" }\npercent = 50\n'
    made = shelf(offers([row("alpha:101", name="IG Foll R30", category="x")]), NO_REST + ONE, markup=rules)
    assert sold(made) == {1: "3"}


def held_of_two(alpha: str, bravo: str, *held: str, kind: HoldKind = HoldKind.DEARER) -> Shelf:
    """Service 1 with both offers, those of the named providers held."""
    goods = [row("alpha:101", alpha), row("bravo:9", bravo)]
    known = {
        (one.provider, one.service): Learned(hold=Hold(kind=kind, reason="it jumped", accepted=one))
        for one in goods
        if one.provider in held
    }
    return shelf(offers(goods, learned=known), NO_REST + ONE)


@pytest.mark.parametrize("kind", [HoldKind.DEARER, HoldKind.OVERCHARGED])
def test_the_price_follows_the_offers_that_orders_may_go_to(kind: HoldKind) -> None:
    """What is held sets no rate, be it the cheapest all the same."""
    made = held_of_two("2", "3", "alpha", kind=kind)
    assert (sold(made), made.stopped) == ({1: "3.75"}, {})
    service = made.get(1)
    assert service is not None
    assert list(service.left_out.values()) == ["alpha:101 takes no orders: it jumped"]


@pytest.mark.parametrize(
    ("kind", "stopped"),
    [
        (HoldKind.DEARER, {"alpha", "bravo"}),
        (HoldKind.CURRENCY, {"alpha", "bravo"}),
        (HoldKind.REUSED, {"alpha", "bravo"}),
        (HoldKind.OVERCHARGED, None),
    ],
)
def test_a_service_whose_offers_are_all_held_is_off_the_list(kind: HoldKind, stopped: set[str] | None) -> None:
    made = held_of_two("2", "3", "alpha", "bravo", kind=kind)
    assert (sold(made), list(made.unsold)) == ({}, [1])
    assert made.stopped == ({1: stopped} if stopped else {})


def test_what_is_cheaper_beyond_belief_is_sold_at_its_old_price() -> None:
    assert sold(held_of_two("2", "3", "alpha", kind=HoldKind.CHEAPER)) == {1: "2.5"}


@pytest.mark.parametrize("doubt", [Doubt.ROSE, Doubt.RENUMBERED])
def test_a_provider_whose_whole_catalogue_is_in_doubt_sets_no_rate(doubt: Doubt) -> None:
    known = {"alpha": ProviderRow(name="alpha", currency="USD", held_catalogue="all of them", catalogue_doubt=doubt)}
    both = shelf(offers([row("alpha:101", "2"), row("bravo:9", "3")], known=known), NO_REST + ONE)
    alone = shelf(offers([row("alpha:101", "2")], known=known), imported=IMPORTED)
    assert (sold(both), sold(alone), alone.stopped) == ({1: "3.75"}, {}, {100_001: frozenset({"alpha"})})


def test_no_tier_is_sold_anything_below_the_least_margin() -> None:
    """A tier whose rule asks for less than the cost pays the least margin; dearer offers are left out for it alone."""
    goods = offers([row("alpha:101", "2"), row("bravo:9", "2.2", maximum=50_000)])
    made = shelf(goods, NO_REST + ONE, markup='[[rule]]\npercent = -50\n[rule.match]\ntier = "gold"\n')
    service = made.get(1)
    assert service is not None
    gold = service.terms(Buyer(tier="gold"))
    assert (gold.price.raised, gold.price.rate.units >= gold.price.floor.units) == (True, True)
    assert (gold.maximum, service.terms(NOBODY).maximum) == (10_000, 50_000)


def test_a_tier_for_which_no_quantity_is_left_is_not_sold_to() -> None:
    """Its lower price leaves out the only offer that reaches the least that is sold."""
    goods = offers([row("alpha:101", "2"), row("bravo:9", "2.2", maximum=50_000)])
    made = shelf(goods, NO_REST + ONE + "min = 20_000\n", markup='[[rule]]\npercent = 5\n[rule.match]\ntier = "gold"\n')
    service = made.get(1)
    assert service is not None
    assert (service.terms(NOBODY).sold, service.terms(Buyer(tier="gold")).sold) == (True, False)
