"""Listings, providers and shelves as a test needs them: what it does not name is ordinary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from aggregator.catalog.model import Learned, ListingRow, ProviderRow
from aggregator.catalog.shelf.aliases import OnceSold
from aggregator.catalog.shelf.offers import Offers
from aggregator.catalog.shelf.shelf import Shelf, build
from aggregator.catalog.syncing.diff import as_row
from aggregator.settings import ProviderSettings, read_markup, read_providers, read_services
from providers.vocabulary import Listing, ServiceType


def listing(service: str = "101", rate: str | None = "2.00", **told: Any) -> Listing:
    """A service as a provider publishes it."""
    price = None if rate is None else Decimal(rate)
    usual: dict[str, Any] = {
        "name": f"Followers {service}",
        "category": "Instagram",
        "type": ServiceType.DEFAULT,
        "minimum": 100,
        "maximum": 10_000,
    }
    return Listing(service=service, rate=price, **(usual | told))


def row(ref: str = "alpha:101", rate: str | None = "2.00", *, missing: int = 0, **told: Any) -> ListingRow:
    """The same as we keep it, under the name that services.toml gives it."""
    provider, _, service = ref.partition(":")
    return replace(as_row(listing(service, rate, **told), provider), missing=missing)


def providers(**settings: str) -> tuple[ProviderSettings, ...]:
    """Providers by name, each with lines of providers.toml."""
    text = "".join(
        f'[[provider]]\nname = "{name}"\nurl = "https://{name}.example/api/v2"\nkey = "k"\n{lines}\n'
        for name, lines in settings.items()
    )
    return read_providers(text, "providers.toml", {}, Path("/"))


def offers(
    rows: Iterable[ListingRow],
    owners: Iterable[ProviderSettings] | None = None,
    *,
    known: Mapping[str, ProviderRow] | None = None,
    learned: Mapping[tuple[str, str], Learned] | None = None,
    currency: str = "USD",
    fx: str = "",
) -> Offers:
    """The offers behind these rows; alpha and bravo sell in dollars unless told otherwise."""
    usual = providers(alpha='currency = "USD"', bravo='currency = "USD"')
    table = read_markup(f"[fx]\n{fx}", "markup.toml", currency=currency).fx
    return Offers(rows, usual if owners is None else owners, known or {}, table, learned)


def shelf(
    goods: Offers, services: str = "", *, markup: str = "", imported: Mapping[tuple[str, str], int] | None = None
) -> Shelf:
    """The shelf that services.toml and markup.toml make of the offers."""
    file = read_services(services, "services.toml")
    book = read_markup(markup, "markup.toml", currency="USD").book
    ids = imported or {}
    sold = OnceSold(imported=frozenset(ids.values()))
    return build(file.services, goods, ids, book, import_rest=file.import_rest, sold=sold)
