"""Lets the charges of this process to one wallet follow each other before their transactions begin.

So a charge waits for its own process, which is alive, and never for another's lock on the wallet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager

_under_way: dict[int, asyncio.Future[None]] = {}
"""By reseller: done when whoever charges that wallet is through."""


@asynccontextmanager
async def turn(resellers: AbstractSet[int]) -> AsyncIterator[None]:
    """These wallets are nobody else's of this process while the block runs."""
    while before := {_under_way[one] for one in resellers if one in _under_way}:
        await asyncio.wait(before)
    through = asyncio.get_running_loop().create_future()
    _under_way.update(dict.fromkeys(resellers, through))
    try:
        yield
    finally:
        for one in resellers:
            del _under_way[one]
        through.set_result(None)
