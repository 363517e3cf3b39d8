"""What a provider calls a package is sold as one, by the 1,000, or not before its owner has said which it is."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.catalog.shelf.shelf import NOBODY, Shelf, ShelfService
from providers.vocabulary import ServiceType
from tests.catalog.goods import listing, offers, providers, row, shelf

IMPORTED = {("alpha", "101"): 100_001}
ENTRY = 'import_rest = false\n[[service]]\nid = 1\noffers = ["alpha:101"]\n'


def put(minimum: int, maximum: int | None, *, says: str = "", entry: str = "", **told: Any) -> Shelf:
    """One package of alpha on the shelf; `says` in its [[provider]], `entry` in a [[service]]."""
    kind = told.pop("type", ServiceType.PACKAGE)
    goods = [row("alpha:101", "5", type=kind, minimum=minimum, maximum=maximum, **told)]
    owners = providers(alpha=f'currency = "USD"\n{says}')
    return shelf(offers(goods, owners), ENTRY + entry if entry else "", imported=IMPORTED)


def sold(made: Shelf) -> tuple[str, int, int | None, int, int] | None:
    """Type, units that the rate is for, what one package is ordered as, and the limits; None = not sold."""
    found = next(iter(made), None)
    if not isinstance(found, ShelfService):
        return None
    (offer,), terms = found.offers, found.terms(NOBODY)
    return found.type, offer.rate.per, offer.package_units, terms.minimum, terms.maximum


@pytest.mark.parametrize(("minimum", "maximum"), [(1, 1), (1, 5_000), (1, None)])
def test_a_package_from_one_is_one_package_without_a_quantity(minimum: int, maximum: int | None) -> None:
    for says in ("", 'ranged_packages = "default"'):
        assert sold(put(minimum, maximum, says=says)) == ("Package", 1, None, 1, 1)


@pytest.mark.parametrize("kind", [ServiceType.PACKAGE, ServiceType.CUSTOM_COMMENTS_PACKAGE])
def test_a_package_of_a_fixed_number_is_ordered_as_that_number(kind: ServiceType) -> None:
    for says in ("", 'ranged_packages = "default"'):
        assert sold(put(1000, 1000, says=says, type=kind)) == (kind, 1, 1000, 1, 1)


@pytest.mark.parametrize(
    ("says", "entry", "result"),
    [
        ("", "", None),
        ('ranged_packages = "off"', "", None),
        ('ranged_packages = "package"', "", ("Package", 1, None, 1, 1)),
        ('ranged_packages = "default"', "", ("Default", 1000, None, 10, 5000)),
        ("", 'type = "Default"', ("Default", 1000, None, 10, 5000)),
        ("", 'type = "Package"\npackage_units = 100', ("Package", 1, 100, 1, 1)),
        ('ranged_packages = "default"', 'type = "Package"\npackage_units = 100', ("Package", 1, 100, 1, 1)),
        ("", 'type = "Package"\npackage_units = 9', None),
        ("", 'type = "Package"\npackage_units = 5001', None),
        ("", 'type = "Package"', None),
        ('ranged_packages = "default"', 'type = "Package"', None),
        ('ranged_packages = "package"', 'type = "Package"', ("Package", 1, None, 1, 1)),
    ],
)
def test_a_package_of_a_range_is_what_its_owner_says(says: str, entry: str, result: object) -> None:
    made = put(10, 5_000, says=says, entry=entry)
    assert sold(made) == result
    if result is None:
        assert "a package of 10 to 5000 units" in next(iter(made.unsold.values()))


def test_comments_by_the_package_become_comments_by_the_thousand() -> None:
    made = put(10, 500, says='ranged_packages = "default"', type=ServiceType.CUSTOM_COMMENTS_PACKAGE)
    assert sold(made) == ("Custom Comments", 1000, None, 10, 500)


def test_a_range_without_an_end_is_a_range() -> None:
    assert sold(put(10, None)) is None


def test_the_owners_number_must_be_that_of_a_fixed_package() -> None:
    assert sold(put(1000, 1000, entry='type = "Package"\npackage_units = 500')) is None
    assert sold(put(1000, 1000, entry='type = "Package"\npackage_units = 1000')) == ("Package", 1, 1000, 1, 1)


def test_a_rate_for_other_units_than_1000_is_one_for_1000_where_it_is_sold_so() -> None:
    """Of packages the rate is handed on as it is."""
    made = put(10, 5_000, says='ranged_packages = "default"\nprice_per = 100')
    (offer,) = next(iter(made)).offers
    assert str(offer.rate) == "50"


def test_ranged_packages_are_told_from_others() -> None:
    kinds = (ServiceType.PACKAGE, ServiceType.DEFAULT)
    limits = ((10, 5_000), (10, None), (1, 5_000), (7, 7))
    told = {
        (kind.value, low, high): listing(type=kind, minimum=low, maximum=high).is_ranged_package
        for kind in kinds
        for low, high in limits
    }
    assert [key for key, ranged in told.items() if ranged] == [("Package", 10, 5_000), ("Package", 10, None)]
