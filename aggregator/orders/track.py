"""Answers what an order's status is: from the cache, else from the store; never from a provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from aggregator.cache.status import StatusCache, reply_key
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


Render = Callable[[Order], Reply]
"""Handed in from above: the spelling of replies belongs to the API."""


class Tracker:
    """Reads and refreshes replies."""

    def __init__(self, cache: StatusCache, render: Render) -> None:
        self._cache = cache
        self._render = render

    async def replies(self, reseller: int, orders: Sequence[int]) -> dict[int, Reply]:
        """The replies for those of the orders that are the reseller's."""
        packed = await self._cache.get_many([reply_key(order) for order in orders])
        found, missing, mine = dict[int, Reply](), list[int](), b"%d" % reseller
        for order, value in zip(orders, packed, strict=True):
            parts = value.split(b"\n") if value else []
            if len(parts) != _PARTS:  # nothing, or something else under this name
                missing.append(order)
            elif parts[0] == mine:
                found[order] = Reply(reseller, parts[1], parts[2])
        if missing:
            rows = await store.of_reseller(reseller, missing)
            fresh = {order: self._render(row) for order, row in rows.items()}
            found |= fresh
            # Somebody may have committed a change, and put its reply, since these rows were read.
            await self._cache.fill_many({reply_key(order): reply.pack() for order, reply in fresh.items()})
        return found

    async def refresh(self, orders: Iterable[Order]) -> None:
        """Put the replies of changed orders into the cache, after their change was committed."""
        await self._cache.put_many({reply_key(order.id): self._render(order).pack() for order in orders})

    async def forget(self) -> None:
        """Other processes changed orders: answer from the store again."""
        await self._cache.clear()
