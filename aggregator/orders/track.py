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

    async def replies(self, reseller: int, orders: Sequence[int], spelling: str) -> dict[int, bytes]:
        """The replies for those of the orders that are the reseller's, in the spelling "json" or "classic"."""
        packed = await self._cache.get_many(Kind.REPLY, orders)
        found, missing = unpack(reseller, orders, packed, spelling)
        if missing:
            rows = await store.of_reseller(reseller, missing)
            fresh = {order: self._render(row) for order, row in rows.items()}
            found |= {order: reply.json if spelling == "json" else reply.classic for order, reply in fresh.items()}
            # Somebody may have committed a change, and put its reply, since these rows were read.
            await self._cache.fill_many(Kind.REPLY, {order: reply.pack() for order, reply in fresh.items()})
        return found

    async def refresh(self, orders: Iterable[Order]) -> None:
        """Put the replies of changed orders into the cache, after their change was committed."""
        await self._cache.put_many(Kind.REPLY, {order.id: self._render(order).pack() for order in orders})

    async def forget(self) -> None:
        """Other processes changed orders: answer from the store again."""
        await self._cache.clear()


def unpack(
    reseller: int, orders: Sequence[int], packed: Sequence[bytes | None], spelling: str
) -> tuple[dict[int, bytes], list[int]]:
    """The replies of one spelling that are the reseller's, by order, and the orders that nothing is known of."""
    mine, place = b"%d" % reseller, _PLACES[spelling]
    known = [value for value in packed if value]
    if len(known) == len(packed):  # as nearly always: taken apart all at once
        parts = b"\n".join(known).split(b"\n")
        if len(parts) == _PARTS * len(known) and parts[::_PARTS].count(mine) == len(known):
            return dict(zip(orders, parts[place::_PARTS], strict=True)), []
    found, missing = dict[int, bytes](), list[int]()
    for order, value in zip(orders, packed, strict=True):
        parts = value.split(b"\n") if value else []
        if len(parts) != _PARTS:  # nothing, or something else under this number
            missing.append(order)
        elif parts[0] == mine:
            found[order] = parts[place]
    return found, missing
