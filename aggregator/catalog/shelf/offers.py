"""Turns what providers list into offers in our money, or says why a listing is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog import placeholders
from aggregator.catalog.model import HoldKind, Learned, ListingRow, ProviderRow
from aggregator.catalog.shelf.packages import Said, SoldAs, Undecided, sold_as
from aggregator.settings import OfferRef, ProviderSettings
from pricing.fx import FxTable, NoRate
from pricing.markup import fits
from pricing.money import Rate
from pricing.offer import Offer
from providers.reading.catalogue import UNSUPPORTED
from providers.vocabulary import ServiceType

UNKNOWN = Learned()
_PER = 1000
UNSOLD_TYPES = frozenset({ServiceType.UNSUPPORTED})


class NotForSale(Exception):
    """Why something is not on the shelf, for the owner."""

    def __init__(self, reason: str, *, held_by: frozenset[str] = frozenset()) -> None:
        super().__init__(reason)
        self.held_by = held_by
        """The providers of which a hold that waits for the owner keeps it off the shelf."""


class Source(Struct, frozen=True):
    """A listing's price as its provider publishes it, and what turns it into ours."""

    rate: str
    currency: str
    fx: Decimal
    fx_margin_percent: Decimal


class Offers:
    """Every listing as an offer, made when asked for."""

    def __init__(
        self,
        listings: Iterable[ListingRow],
        providers: Iterable[ProviderSettings],
        rows: Mapping[str, ProviderRow],
        fx: FxTable,
        learned: Mapping[tuple[str, str], Learned] | None = None,
    ) -> None:
        self._learned = learned or {}
        self._listings = {(row.provider, row.service): self._in_force(row) for row in listings}
        self._providers = {provider.profile.name: provider for provider in providers}
        self._rows = rows
        self._fx = fx

    def at(self, fx: FxTable) -> Offers:
        """The same listings at other rates of exchange."""
        other = copy(self)
        other._fx = fx  # noqa: SLF001  # our own
        return other

    def listed(self) -> Iterator[tuple[OfferRef, ListingRow]]:
        for row in self._listings.values():
            yield OfferRef(row.provider, row.service), row

    def type_of(self, provider: str, service: str) -> str | None:
        """The order type that a listing is sold as by itself; None where there is no such listing."""
        row, offer = self._listings.get((provider, service)), self.get(provider, service)
        if isinstance(offer, Offer):
            return offer.type
        return row.type if row is not None else None

    def is_enabled(self, provider: str) -> bool:
        known = self._providers.get(provider)
        return known is not None and known.enabled

    def wants_address(self, provider: str) -> bool:
        """Whether a provider is sent only links that can be addresses."""
        known = self._providers.get(provider)
        return known is not None and known.links == "address"

    def is_imported(self, listing: ListingRow) -> bool:
        """Whether a listing that no [[service]] names is sold as it comes."""
        known = self._providers.get(listing.provider)
        globs = known.import_categories if known is not None else None
        return globs is None or any(fits(glob, listing.category) for glob in globs)

    def get(self, provider: str, service: str, said: Said = Said()) -> Offer | NotForSale:  # noqa: B008  # frozen
        """The offer, or why there is none; `said` is what a [[service]] says of it."""
        row = self._listings.get((provider, service))
        if row is None:
            return NotForSale(f"{provider} does not list {service}")
        try:
            return self._price(row if said.type is None else self._typed(row, said.type), said)
        except NotForSale as reason:
            return reason

    def held(self, provider: str, service: str) -> str | None:
        """Why no order may go there until the owner has looked."""
        row = self._rows.get(provider)
        if row is not None and not row.takes_orders:
            return row.held_catalogue
        hold = self._known(provider, service).hold
        return hold.text if hold is not None and hold.stops_orders else None

    def waits(self, provider: str, service: str) -> bool:
        """Whether no order may go there until the owner decides about what is published."""
        row, hold = self._rows.get(provider), self._known(provider, service).hold
        return (row is not None and not row.takes_orders) or (hold is not None and hold.waits)

    def last(self, provider: str) -> str | None:
        """Why its offers come after all others, whatever they cost; None = they do not."""
        row = self._rows.get(provider)
        return row.put_last if row is not None else None

    def rests(self, provider: str, service: str, now: int) -> bool:
        """Whether the service, not its whole provider, is left alone at a moment (milliseconds since 1970)."""
        return self.rest_until(provider, service) > now

    def rest_until(self, provider: str, service: str) -> int:
        return self._known(provider, service).rest_until

    def _known(self, provider: str, service: str) -> Learned:
        return self._learned.get((provider, service), UNKNOWN)

    def _in_force(self, row: ListingRow) -> ListingRow:
        """The row as published, with the accepted price where the new one is cheaper beyond belief.

        And with what it takes where that is known to be more than it lists.
        """
        known = self._known(row.provider, row.service)
        if known.hold is not None and known.hold.kind is HoldKind.CHEAPER:
            return replace(row, rate=known.hold.accepted.rate, currency=known.hold.accepted.currency)
        return replace(row, rate=known.rate_taken(row) or row.rate)

    def source(self, provider: str, service: str) -> Source:
        """Where the cost of an offer comes from; only for what `get` gives an offer for."""
        row, owner = self._listings[provider, service], self._providers[provider]
        currency = currency_of(owner, self._rows.get(provider), row.currency)
        ours = currency == self._fx.currency
        return Source(
            row.rate or "0",
            currency,
            Decimal(1) if ours else self._fx.rates[currency],
            Decimal(0) if ours else owner.fx_margin_percent,
        )

    def _price(self, row: ListingRow, said: Said) -> Offer:
        known = self._known(row.provider, row.service)
        if known.hold is not None and known.hold.takes_off_sale:
            raise NotForSale(f"{row.provider}:{row.service}: held: {known.hold.text}")
        rate = _sellable_rate(row)
        sold = self._sold_as(row, said)
        dialect = self._owner(row).profile.dialect
        return Offer(
            provider=row.provider,
            service=row.service,
            name=row.name,
            category=row.category,
            type=sold.type.value,
            rate=self._convert(row, rate, sold.type),
            package_units=sold.units,
            minimum=max(row.minimum, known.minimum or 0),
            maximum=_least(row.maximum, known.maximum),
            refill=bool(row.refill) and not known.refill_refused and dialect.refill != "off",
            cancel=bool(row.cancel) and not known.cancel_refused and dialect.cancel != "off",
            dripfeed=bool(row.dripfeed),
            step=known.step,
            unlimited_at_zero=dialect.posts_zero == "unlimited",
        )

    def _typed(self, row: ListingRow, kind: ServiceType) -> ListingRow:
        if row.flaw != UNSUPPORTED:
            return row
        owner = self._providers.get(row.provider)
        if kind.is_package and owner is not None and owner.profile.dialect.price_per != _PER:
            # What it publishes was read as the price of units.
            raise NotForSale(f"{row.provider}:{row.service}: say with type_words that it is a {kind}")
        return replace(row, type=kind.value, flaw=None)

    def _sold_as(self, row: ListingRow, said: Said) -> SoldAs:
        try:
            return sold_as(row, said, self._owner(row).ranged_packages)
        except Undecided as reason:
            raise NotForSale(f"{row.provider}:{row.service} {reason}") from reason

    def _owner(self, row: ListingRow) -> ProviderSettings:
        owner = self._providers.get(row.provider)
        if owner is None:
            raise NotForSale(f"{row.provider} is not in providers.toml")
        return owner

    def _convert(self, row: ListingRow, rate: Decimal, kind: ServiceType) -> Rate:
        owner, package = self._owner(row), kind.is_package
        if not package and ServiceType(row.type).is_package:
            rate = rate * 1000 / owner.profile.dialect.price_per
        currency = currency_of(owner, self._rows.get(row.provider), row.currency)
        try:
            converted = self._fx.convert(
                rate, currency, per=1 if package else 1000, margin_percent=owner.fx_margin_percent
            )
        except (NoRate, ValueError) as error:
            raise NotForSale(str(error)) from error
        if placeholders.is_placeholder(rate, currency, self._fx):
            raise NotForSale(f"{placeholders.FLAW}: {converted} {converted.currency} per {converted.per}")
        return converted


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _sellable_rate(row: ListingRow) -> Decimal:
    # What its worth was at the last sync is decided anew: a rate of exchange may have come since.
    if row.flaw not in (None, placeholders.FLAW):
        raise NotForSale(f"{row.provider}:{row.service}: {row.flaw}")
    if row.withdrawn:
        raise NotForSale(f"{row.provider} no longer lists {row.service}")
    if row.type in UNSOLD_TYPES:
        raise NotForSale(f"{row.provider}:{row.service}: type {row.type} is not sold")
    if row.rate is None or Decimal(row.rate) <= 0:
        raise NotForSale(f"{row.provider}:{row.service}: no price")
    return Decimal(row.rate)


def currency_of(owner: ProviderSettings, row: ProviderRow | None, stated: str | None = None) -> str:
    """What a provider's numbers are in: the listing's word, else its balance's, else the owner's.

    Raises `NotForSale` where nobody says, or where the provider changed it and the owner has not agreed.
    """
    change = row.currency_change if row else None
    if change is not None and owner.profile.currency != change:
        name = owner.profile.name
        raise NotForSale(
            f'{name} changed its currency to {change}: agree with currency = "{change}" for it in providers.toml'
        )
    currency = stated or change or (row.currency if row else None) or owner.profile.currency
    if currency is None:
        raise NotForSale(f"{owner.profile.name} does not say its currency: set it in providers.toml")
    return currency
