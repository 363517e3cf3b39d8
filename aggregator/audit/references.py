"""The promise that every reference was used once, asked of the index in its order: nothing is looked up row by row."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aggregator.audit.facts import Told
from aggregator.audit.promise import Breach, Promise
from aggregator.audit.scope import Scope
from aggregator.storage.tables import Signal

_ONCE = Promise(
    id="M11",
    name="reference-once",
    sentence="every reference was used once: no payment, charge or refund counts twice",
)


class References:
    """Looks through all of them, or only for those of the new entries."""

    promises = (_ONCE,)

    async def look(self, scope: Scope) -> AsyncIterator[Told]:
        async for condition in _conditions(scope):
            for row in await Signal.raw(f"select id, reference, reseller, order_id from entries where {condition}"):
                text = f"entry {row['id']}, reference {row['reference']}"
                yield Breach(_ONCE.name, text, row["reseller"], row["order_id"])


async def _conditions(scope: Scope) -> AsyncIterator[str]:
    if scope.whole:
        yield "reference in (select reference from entries group by reference having count(*) > 1)"
        return
    again = "select 1 from entries x where x.reference = entries.reference and x.id <> entries.id"
    async for page in scope.entries():
        yield f"{page('id')} and exists ({again})"
