"""Decides what a provider's package is sold as: a package, by the 1,000, or not before its owner has said which."""

from __future__ import annotations

from msgspec import Struct

from aggregator.catalog.model import ListingRow
from aggregator.settings import RangedPackages
from providers.vocabulary import ServiceType, is_ranged_package

BY_THE_THOUSAND = {
    ServiceType.PACKAGE: ServiceType.DEFAULT,
    ServiceType.CUSTOM_COMMENTS_PACKAGE: ServiceType.CUSTOM_COMMENTS,
}
"""What orders of the same fields are called where the rate is that of 1,000."""


class Said(Struct, frozen=True):
    """What a [[service]] says of its offers."""

    type: ServiceType | None = None
    units: int | None = None
    """In one package."""


class SoldAs(Struct, frozen=True):
    """What a listing is sold as."""

    type: ServiceType
    units: int | None = None
    """What an order of one package asks for; None = it is ordered without a quantity."""


class Undecided(Exception):
    """Nobody knows what a package is; the text tells the owner what to write."""


def sold_as(row: ListingRow, said: Said, ranged: RangedPackages) -> SoldAs:
    """By the owner's word on the service, else by that on its provider. Raises `Undecided`.

    A range from 1 is one package, and of a fixed number of units that number is ordered.
    """
    kind = ServiceType(row.type)
    if not kind.is_package or row.minimum <= 1:
        return SoldAs(kind)
    if said.units is not None and not row.minimum <= said.units <= (row.maximum or said.units):
        raise Undecided(f"is a package of {_range(row)} units, not of {said.units}")
    if not _is_ranged(row):
        return SoldAs(kind, row.minimum)
    if said.units is not None:
        return SoldAs(kind, said.units)
    return _sold_by_rule(row, kind, said, ranged)


def _sold_by_rule(row: ListingRow, kind: ServiceType, said: Said, ranged: RangedPackages) -> SoldAs:
    if said.type is BY_THE_THOUSAND[kind] or (said.type is None and ranged is RangedPackages.DEFAULT):
        return SoldAs(BY_THE_THOUSAND[kind])
    if ranged is RangedPackages.PACKAGE:
        return SoldAs(kind)
    raise Undecided(
        f'is a package of {_range(row)} units, at a rate for one or for 1,000: say type = "{BY_THE_THOUSAND[kind]}",'
        f' or type = "{kind}" with package_units = N, in a [[service]], or ranged_packages in its [[provider]]'
    )


def _range(row: ListingRow) -> str:
    if not _is_ranged(row):
        return str(row.minimum)
    return f"{row.minimum} or more" if row.maximum is None else f"{row.minimum} to {row.maximum}"


def _is_ranged(row: ListingRow) -> bool:
    return is_ranged_package(ServiceType(row.type), row.minimum, row.maximum)
