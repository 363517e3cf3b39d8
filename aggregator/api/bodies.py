"""The price list as bytes: made and compressed once for each kind of buyer and spelling, until the shelf changes."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from http import HTTPStatus

from msgspec import Struct
from msgspec.structs import replace

from aggregator.api.http import Answer
from aggregator.api.spelling import render_services
from aggregator.api.views import ServiceRow, Spelling
from aggregator.catalog.shelf.shelf import Shelf, ShelfService
from aggregator.resellers.model import Reseller
from pricing.markup import Buyer

_LEVEL = 6
_LONGEST_LIST = 200
"""Characters of an Accept-Encoding header that is looked at."""


class Prepared(Struct, frozen=True):
    """One price list, ready to send in every way that a client may want it."""

    tag: str
    plain: Answer
    packed: Answer
    unchanged: Answer

    def for_client(self, headers: Mapping[str, str]) -> Answer:
        """The way that suits what the client told of itself."""
        known = headers.get("if-none-match", "")
        if known and (self.tag in known or known.strip() == "*"):
            return self.unchanged
        return self.packed if takes_gzip(headers.get("accept-encoding", "")) else self.plain


class ServiceBodies:
    """Keeps the lists of one shelf. A list is made beside the event loop, and once for all who wait for it."""

    def __init__(self, shelf: Callable[[], Shelf]) -> None:
        self._shelf = shelf
        self._of: Shelf | None = None
        self._lists: dict[tuple[Buyer, Spelling], asyncio.Task[Prepared]] = {}

    @property
    def shelf(self) -> Shelf:
        """What is sold now."""
        return self._shelf()

    async def list_for(self, reseller: Reseller, spelling: Spelling) -> Prepared:
        """What this reseller may buy, at their prices."""
        shelf = self._shelf()
        if shelf is not self._of:
            self._of, self._lists = shelf, {}
        key = (shelf.book.kind_of(Buyer(tier=reseller.tier, reseller=reseller.name)), spelling)
        task = self._lists.get(key)
        if task is None or (task.done() and task.exception() is not None):
            task = self._lists[key] = asyncio.create_task(asyncio.to_thread(_make, shelf, *key))
        return task.result() if task.done() else await asyncio.shield(task)


def _make(shelf: Shelf, buyer: Buyer, spelling: Spelling) -> Prepared:
    return prepare(render_services(rows_of(shelf, buyer), spelling))


def rows_of(shelf: Shelf, buyer: Buyer) -> list[ServiceRow]:
    """What a buyer may order, by every id: panels that chained to an alias switch off what is missing."""
    rows: list[ServiceRow] = []
    for service in (one for one in shelf if one.terms(buyer).sold):
        row = row_of(service, buyer)
        rows += [row, *(replace(row, service=alias) for alias in shelf.aliases_of(service.id))]
    return sorted(rows, key=lambda row: row.service)


def prepare(body: bytes) -> Prepared:
    """A body in all the ways in which it may be sent."""
    tag = hashlib.sha256(body).hexdigest()[:32]
    headers = (
        (b"cache-control", b"private, no-cache"),
        (b"vary", b"Accept-Encoding"),
        (b"etag", f'W/"{tag}"'.encode()),
    )
    packed = gzip.compress(body, _LEVEL, mtime=0)
    return Prepared(
        tag,
        plain=Answer(HTTPStatus.OK, body, headers),
        packed=Answer(HTTPStatus.OK, packed, (*headers, (b"content-encoding", b"gzip"))),
        unchanged=Answer(HTTPStatus.NOT_MODIFIED, b"", headers),
    )


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip, and not to forbid it."""
    for offer in accepted[:_LONGEST_LIST].lower().split(","):
        coding, _, quality = offer.replace(" ", "").partition(";q=")
        if coding == "gzip":
            return quality.strip("0.") != "" or not quality
    return False


def row_of(service: ShelfService, buyer: Buyer) -> ServiceRow:
    """A service as it is published to this buyer."""
    terms = service.terms(buyer)
    rate = terms.price.rate
    return ServiceRow(
        service=service.id,
        name=service.name,
        type=service.type,
        category=service.category,
        rate=rate,
        minimum=terms.minimum,
        maximum=terms.maximum,
        refill=terms.refill,
        cancel=terms.cancel,
        dripfeed=terms.dripfeed,
        currency=rate.currency,
        description=service.description,
        step=terms.step,
    )
