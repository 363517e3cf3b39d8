"""Answers what an order's status is: from the cache, else from the store; never from a provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from aggregator.cache.status import CachedKind, StatusCache
from aggregator.orders import store
from aggregator.orders.model import Order


class StatusReply(Struct, frozen=True):
    """One order's status, ready to send in both spellings."""

    reseller: int
    json: bytes
    classic: bytes

    def pack(self, kind: CachedKind) -> bytes:
        """One spelling, after the number of the reseller whom it may be told."""
        return b"%d\n%s" % (self.reseller, self.json if kind is CachedKind.JSON else self.classic)


_KINDS = (CachedKind.JSON, CachedKind.CLASSIC)
_PARTS = 2
"""Of a packed reply: whose it is, and what it says."""


Render = Callable[[Order], StatusReply]
"""How an order's status is written as bytes; the API hands it in, since orders import nothing of it."""


class Tracker:
    """Reads and refreshes replies."""

    def __init__(self, cache: StatusCache, render: Render) -> None:
        self._cache = cache
        self._render = render

    async def replies(self, reseller: int, orders: Sequence[str], spelling: str) -> list[bytes | None]:
        """In the spelling "json" or "classic", in the order asked; None for "0", and for what is not the reseller's."""
        kind = CachedKind(spelling)
        replies, missing = unpack(reseller, await self._cache.get_many(kind, orders))
        wanted = {int(orders[place]) for place in missing} - {0}
        if wanted:
            rows = await store.of_reseller(reseller, list(wanted))
            fresh = {str(order): self._render(row) for order, row in rows.items()}
            for place in missing:
                reply = fresh.get(orders[place])
                replies[place] = None if reply is None else reply.json if kind is CachedKind.JSON else reply.classic
            # Somebody may have committed a change, and put its reply, since these rows were read.
            await self._cache.fill_many(kind, {order: reply.pack(kind) for order, reply in fresh.items()})
        return replies

    async def refresh(self, orders: Iterable[Order]) -> None:
        """Put the replies of changed orders into the cache, after their change was committed."""
        fresh = {str(order.id): self._render(order) for order in orders}
        for kind in _KINDS:
            await self._cache.put_many(kind, {order: reply.pack(kind) for order, reply in fresh.items()})

    async def forget(self) -> None:
        """Other processes changed more orders than they name: answer from the store again."""
        await self._cache.clear()


def unpack(reseller: int, packed: Sequence[bytes | None]) -> tuple[list[bytes | None], list[int]]:
    """The replies that are the reseller's, None for others', and the places of what is not known."""
    mine = b"%d" % reseller
    known = [value for value in packed if value]
    if len(known) == len(packed):  # as nearly always: taken apart all at once
        parts = b"\n".join(known).split(b"\n")
        if len(parts) == _PARTS * len(known) and parts[::_PARTS].count(mine) == len(known):
            return list(parts[1::_PARTS]), []
    replies, missing = list[bytes | None](), list[int]()
    for place, value in enumerate(packed):
        parts = value.split(b"\n") if value else []
        if len(parts) != _PARTS:  # nothing, or something else under this id
            missing.append(place)
        replies.append(parts[1] if len(parts) == _PARTS and parts[0] == mine else None)
    return replies, missing
