"""What everyone is told of our shelf: which services came, went, or changed their price, in our names and prices."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from enum import StrEnum

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog.shelf.shelf import NOBODY, Shelf


class NewsKind(StrEnum):
    NEW = "new"
    BACK = "back"
    """Sold again, under the id that it had."""
    GONE = "gone"
    DEARER = "dearer"
    CHEAPER = "cheaper"


class RateLine(Struct, frozen=True, kw_only=True):
    """A service as it was told last; rates in 1e-8 for nobody in particular."""

    service: int
    name: str
    rate: int
    rate_per: int
    """1,000, or 1 for package types."""
    sold: bool = True
    offers: str = ""
    """The listings behind it, as "provider:service" in a JSON list."""


class News(Struct, frozen=True, kw_only=True):
    """One change of the shelf; rates as in `RateLine`."""

    service: int
    name: str
    kind: NewsKind
    before: int | None
    """The old rate; None where it was not sold."""
    now: int | None
    """The new rate; None where it is not sold any more."""
    rate_per: int


def lines_of(shelf: Shelf) -> dict[int, RateLine]:
    """The shelf as it would be told now."""
    return {line.service: line for line in _lines(shelf)}


def _lines(shelf: Shelf) -> Iterator[RateLine]:
    for service in shelf:
        rate = service.price(NOBODY).rate
        offers = msgspec.json.encode([f"{one.provider}:{one.service}" for one in service.named]).decode()
        yield RateLine(service=service.id, name=service.name, rate=rate.units, rate_per=rate.per, offers=offers)


def compare(
    told: Mapping[int, RateLine], now: Mapping[int, RateLine], aliases: Container[int] = ()
) -> tuple[list[RateLine], list[News]]:
    """The lines that must be written, and the news in them, by service; the first shelf of all is no news.

    What became one of `aliases` is not gone: it can be ordered as before.
    """
    gone = [replace(line, sold=False) for service, line in told.items() if line.sold and service not in now]
    changed = [line for service, line in now.items() if told.get(service) != line] + gone
    lines = sorted((line for line in changed if line.service not in aliases), key=lambda line: line.service)
    news = [_tell(told.get(line.service), line) for line in lines]
    return changed, [one for one in news if one is not None] if told else []


def _tell(before: RateLine | None, now: RateLine) -> News | None:
    """None where only the name changed."""
    kind = _kind(before, now)
    if kind is None:
        return None
    was_sold = before is not None and before.sold
    return News(
        service=now.service,
        name=now.name,
        kind=kind,
        before=before.rate if before and was_sold else None,
        now=now.rate if now.sold else None,
        rate_per=now.rate_per,
    )


def _kind(before: RateLine | None, now: RateLine) -> NewsKind | None:
    if before is None or not before.sold:
        return NewsKind.NEW if before is None else NewsKind.BACK
    if not now.sold:
        return NewsKind.GONE
    old, new = before.rate * now.rate_per, now.rate * before.rate_per
    if old == new:
        return None
    return NewsKind.DEARER if new > old else NewsKind.CHEAPER
