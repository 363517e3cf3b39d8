"""Places an order: the reseller's fields, the shelf's quote, one commit; no provider is asked.

Concurrent adds are batched here, and committed together by `accept_store` (group commit).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

from aggregator.batching import Batcher
from aggregator.catalog.shelf.shelf import Shelf, ShelfService
from aggregator.errors import (
    BadLink,
    IncorrectRequest,
    NotEnoughFunds,
    QuantityNoMultiple,
    QuantityOutOfRange,
    RequestIdTaken,
    ResellerError,
    SameLink,
    ServiceNotFound,
    TemporarilyUnavailable,
)
from aggregator.ledger.book import MOST
from aggregator.orders import store
from aggregator.orders.intake import accept_store
from aggregator.orders.intake.accept_store import Accepted, AcceptResult, IdempotencyKeys, Locked, Repeated, TooPoor
from aggregator.orders.intake.links import is_address, link_key
from aggregator.orders.intake.types import Ask
from aggregator.orders.intake.wanted import fingerprint, want
from aggregator.orders.model import NewOrder
from aggregator.resellers.model import Caller
from aggregator.storage import clock
from pricing.markup import Buyer
from providers.vocabulary import ServiceType

MOST_AT_ONCE = 256
"""Orders in one transaction."""


class Placer:
    """Accepts orders at the prices of the shelf as it is now."""

    def __init__(
        self, shelf: Callable[[], Shelf], wake: Callable[[], None], *, concurrency: int = 1, open_posts: int = 10
    ) -> None:
        """`concurrency` transactions may be under way at once; `open_posts` is a setting of [limits].

        Orders of one wallet always go by the same lane: else two of ours would find it locked by each other.
        """
        self._shelf = shelf
        self._wake = wake
        self._open_posts = open_posts
        self._lanes: tuple[Batcher[NewOrder, AcceptResult], ...] = tuple(
            Batcher(accept_store.accept_at_once, max_size=MOST_AT_ONCE) for _ in range(concurrency)
        )
        self._repeated: Batcher[IdempotencyKeys, Repeated | None] = Batcher(
            accept_store.find_repeated, max_size=MOST_AT_ONCE, concurrency=concurrency
        )

    def quote(self, caller: Caller, ask: Ask) -> NewOrder:
        """What the order would be and cost now; raises `ResellerError`. Nothing is charged."""
        return decide(self._shelf().get(ask.service), caller, ask, "", open_posts=self._open_posts)

    async def place(self, caller: Caller, ask: Ask) -> int:
        """Charge the reseller and accept the order; its id. Raises `ResellerError` with nothing changed."""
        shelf = self._shelf()
        payload, *same = [fingerprint(ask, one) for one in _asked_first(ask.service, shelf)]
        earlier = await self._earlier(caller, ask, (payload, *same))
        if earlier is not None:
            return earlier
        new = decide(shelf.get(ask.service), caller, ask, payload, same=tuple(same), open_posts=self._open_posts)
        if caller.same_link == "refuse":
            services = shelf.same_as(new.service)
            if await store.has_open(new.reseller, services, new.link_key):
                raise SameLink
        result = await self._accept(new)
        if isinstance(result, TooPoor):
            raise NotEnoughFunds
        if isinstance(result, Repeated):
            return _first_of(result)
        assert isinstance(result, Accepted)
        self._wake()
        return result.order

    async def _accept(self, new: NewOrder) -> AcceptResult:
        """While another process has the wallet, wait aside: whoever waits in a lane keeps others waiting."""
        lane = self._lanes[new.reseller % len(self._lanes)]
        for pause in accept_store.pauses():
            result = await lane(new)
            if not isinstance(result, Locked):
                return result
            await asyncio.sleep(pause)
        raise TemporarilyUnavailable

    async def place_all(self, caller: Caller, asks: Sequence[Ask]) -> list[int | ResellerError]:
        """Each as `place` would, in their turn and in as few commits as hold them; an error is one order's own."""
        placed = await asyncio.gather(*(self.place(caller, ask) for ask in asks), return_exceptions=True)
        for one in placed:
            if isinstance(one, BaseException) and not isinstance(one, ResellerError):
                raise one
        return cast("list[int | ResellerError]", placed)

    async def _earlier(self, caller: Caller, ask: Ask, payloads: tuple[str, ...]) -> int | None:
        """The order that this request stands for already, by its id or, where the key says so, by its likeness."""
        reseller = caller.reseller.id
        if ask.request_id is not None or ask.custom_id is not None:
            repeated = await self._repeated(IdempotencyKeys(reseller, ask.request_id, ask.custom_id, payloads))
            return _first_of(repeated) if repeated else None
        if caller.duplicate_seconds:
            return await accept_store.repeated_lately(
                reseller, payloads, since=clock.now() - caller.duplicate_seconds * 1000
            )
        return None


def _first_of(repeated: Repeated) -> int:
    if not repeated.same_payload:
        raise RequestIdTaken
    return repeated.order


def _asked_first(service: int, shelf: Shelf) -> list[int]:
    """Every id under which the same thing could have been asked for, the one that was at the head."""
    return [service, *(one for one in shelf.same_as(service) if one != service)]


def decide(
    service: ShelfService | None, caller: Caller, ask: Ask, payload: str, *, open_posts: int, same: tuple[str, ...] = ()
) -> NewOrder:
    """Judge the request: fields, limits, charge. `same`: its payloads by the service's other ids."""
    if service is None:
        raise ServiceNotFound
    reseller = caller.reseller
    terms = service.terms(Buyer(tier=reseller.tier, reseller=reseller.name))
    if not terms.sold:
        raise ServiceNotFound
    wanted = want(ServiceType(service.type), ask, open_posts=open_posts)
    if service.wants_address and service.type != ServiceType.SUBSCRIPTIONS and not is_address(wanted.link):
        raise BadLink("link must be an address such as https://example.com/page")
    if wanted.drip_feed and not terms.dripfeed:
        raise IncorrectRequest("runs", "is not possible: this service has no drip-feed")
    if wanted.only_old_posts and all(offer.unlimited_at_zero for offer in service.offers):
        raise IncorrectRequest("posts", "must be at least 1: this service cannot serve old posts alone")
    if not service.per_package and not terms.minimum <= wanted.least <= wanted.most <= terms.maximum:
        wrong = wanted.least if wanted.least < terms.minimum else wanted.most
        raise QuantityOutOfRange(wrong, terms.minimum, terms.maximum)
    if not service.per_package and (wanted.least % terms.step or wanted.most % terms.step):
        raise QuantityNoMultiple(terms.step)
    rate = terms.price.rate
    charge = rate.cost(wanted.quantity).units
    if max(charge, wanted.quantity) > MOST:  # the most that a column can hold
        raise NotEnoughFunds
    return NewOrder(
        reseller=reseller.id,
        service=service.id,
        type=service.type,
        link=wanted.link,
        quantity=wanted.quantity,
        runs=wanted.runs,
        fields=wanted.fields,
        link_key=link_key(wanted.link),
        same_link=caller.same_link,
        rate=rate.units,
        rate_per=rate.per,
        charge=charge,
        request_id=ask.request_id,
        custom_id=ask.custom_id,
        payload=payload,
        same_payloads=same,
        asked_service=ask.service if ask.service != service.id else None,
        watched=caller.duplicate_seconds > 0,
    )
