"""Places an order: the reseller's fields, the shelf's quote, one commit; no provider is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec
from msgspec import Struct

from aggregator.catalog.shelf import Shelf, ShelfService
from aggregator.errors import NotEnoughFunds, QuantityOutOfRange, RequestIdTaken, ServiceNotFound
from aggregator.ledger.book import MOST
from aggregator.orders import store
from aggregator.orders.model import NewOrder
from aggregator.resellers.model import Reseller
from pricing.markup import Buyer
from providers.vocabulary import Fields


class Wanted(Struct, frozen=True, kw_only=True):
    """What a reseller asks for, read but not yet judged."""

    service: int
    link: str
    quantity: int
    """Billed units."""
    fields: Fields


class Ask(Struct, frozen=True, kw_only=True):
    """An `add` before its service is known. `read` knows the rules of each type and raises `ResellerError`."""

    service: int
    payload: bytes
    """What makes it the same request when it is repeated."""
    read: Callable[[str], Wanted]
    """From the type of the service to what is wanted."""
    request_id: str | None = None
    custom_id: str | None = None


class Placer:
    """Accepts orders at the prices of the shelf as it is now."""

    def __init__(self, shelf: Callable[[], Shelf], wake: Callable[[], None]) -> None:
        self._shelf = shelf
        self._wake = wake

    async def place(self, reseller: Reseller, ask: Ask) -> int:
        """Charge the reseller and accept the order; its id. Raises `ResellerError` with nothing changed."""
        payload = hashlib.sha256(ask.payload).hexdigest()
        earlier = await self._earlier(reseller, ask, payload)
        if earlier is not None:
            return earlier
        new = decide(self._shelf().get(ask.service), reseller, ask, payload)
        verdict = (await store.accept([new]))[0]
        if isinstance(verdict, store.TooPoor):
            raise NotEnoughFunds
        if isinstance(verdict, store.Repeated):
            return _first_of(verdict)
        self._wake()
        return verdict.order

    async def _earlier(self, reseller: Reseller, ask: Ask, payload: str) -> int | None:
        if ask.request_id is None and ask.custom_id is None:
            return None
        repeated = await store.repeated(reseller.id, ask.request_id, ask.custom_id, payload)
        return _first_of(repeated) if repeated else None


def _first_of(repeated: store.Repeated) -> int:
    if not repeated.same_payload:
        raise RequestIdTaken
    return repeated.order


def decide(service: ShelfService | None, reseller: Reseller, ask: Ask, payload: str) -> NewOrder:
    """Judge the request: fields, quantity, charge."""
    if service is None:
        raise ServiceNotFound
    wanted = ask.read(service.type)
    terms = service.terms(Buyer(tier=reseller.tier, reseller=reseller.name))
    if not service.per_package and not terms.minimum <= wanted.quantity <= terms.maximum:
        raise QuantityOutOfRange(wanted.quantity, terms.minimum, terms.maximum)
    rate = terms.price.rate
    charge = rate.cost(wanted.quantity).units
    if charge > MOST:
        raise NotEnoughFunds
    return NewOrder(
        reseller=reseller.id, service=service.id, type=service.type, link=wanted.link, quantity=wanted.quantity,
        fields=wanted.fields, rate=rate.units, rate_per=rate.per, charge=charge,
        request_id=ask.request_id, custom_id=ask.custom_id, payload=payload,
    )  # fmt: skip


def payload_of(*parts: object) -> bytes:
    """The same bytes for the same request, whatever its encoding was."""
    return msgspec.json.encode(parts)
