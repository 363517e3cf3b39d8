"""Answers what an order's status is: from the cache, else from the store; never from a provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType

from msgspec import Struct

from aggregator.cache.status import Kind, StatusCache
from aggregator.orders import store
from aggregator.orders.model import Order


class Reply(Struct, frozen=True):
    """One order's status, ready to send in both spellings."""

    reseller: int
    json: bytes
    classic: bytes

    def pack(self) -> bytes:
        return b"%d\n%s\n%s" % (self.reseller, self.json, self.classic)


_PARTS = 3
_PLACES = MappingProxyType({"json": 1, "classic": 2})
"""Of the spellings among the parts of a packed reply; the first says whose it is."""


Render = Callable[[Order], Reply]
"""Handed in from above: the spelling of replies belongs to the API."""


class Tracker:
    """Reads and refreshes replies."""

    def __init__(self, cache: StatusCache, render: Render) -> None:
        self._cache = cache
        self._render = render

    async def replies(self, reseller: int, orders: Sequence[int], spelling: str) -> list[bytes | None]:
        """In the spelling "json" or "classic", in the order asked; None for 0, and for what is not the reseller's."""
        packed = await self._cache.get_many(Kind.REPLY, orders)
        replies, missing = unpack(reseller, packed, spelling)
        wanted = {orders[place] for place in missing if orders[place]}
        if wanted:
            rows = await store.of_reseller(reseller, list(wanted))
            fresh = {order: self._render(row) for order, row in rows.items()}
            for place in missing:
                reply = fresh.get(orders[place])
                replies[place] = None if reply is None else reply.json if spelling == "json" else reply.classic
            # Somebody may have committed a change, and put its reply, since these rows were read.
            await self._cache.fill_many(Kind.REPLY, {order: reply.pack() for order, reply in fresh.items()})
        return replies

    async def refresh(self, orders: Iterable[Order]) -> None:
        """Put the replies of changed orders into the cache, after their change was committed."""
        await self._cache.put_many(Kind.REPLY, {order.id: self._render(order).pack() for order in orders})

    async def forget(self) -> None:
        """Other processes changed orders: answer from the store again."""
        await self._cache.clear()


def unpack(reseller: int, packed: Sequence[bytes | None], spelling: str) -> tuple[list[bytes | None], list[int]]:
    """The replies of one spelling that are the reseller's, None for others', and the places of what is not known."""
    mine, place = b"%d" % reseller, _PLACES[spelling]
    known = [value for value in packed if value]
    if len(known) == len(packed):  # as nearly always: taken apart all at once
        parts = b"\n".join(known).split(b"\n")
        if len(parts) == _PARTS * len(known) and parts[::_PARTS].count(mine) == len(known):
            return list(parts[place::_PARTS]), []
    replies, missing = list[bytes | None](), list[int]()
    for at, value in enumerate(packed):
        parts = value.split(b"\n") if value else []
        if len(parts) != _PARTS:  # nothing, or something else under this number
            missing.append(at)
        replies.append(parts[place] if len(parts) == _PARTS and parts[0] == mine else None)
    return replies, missing
