"""The promises that something was used once, asked of its index in the order of that: no row is looked up by itself.

Only where a run looks at what is new is each new row compared with all others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from msgspec import Struct

from aggregator.audit.facts import Told
from aggregator.audit.promise import Breach, Promise, Stops
from aggregator.audit.scope import Pages, Scope
from aggregator.storage.tables import Signal


class Once(Struct, frozen=True, kw_only=True):
    """Finds the rows of a table that share what only one of them may have."""

    promise: Promise
    rows: str
    """A select up to its condition, of the columns that the promise shows, `reseller` and `order_id`."""
    pages: Callable[[Scope], AsyncIterator[Pages]]
    page_by: str
    """The column that a page is a range of."""
    shared: str
    """A condition: another row, whichever it is, has the same."""
    shared_with: str
    """The same, asked of each row by itself."""

    @property
    def promises(self) -> tuple[Promise, ...]:
        return (self.promise,)

    async def look(self, scope: Scope) -> AsyncIterator[Told]:
        async for condition in self._conditions(scope):
            for row in await Signal.raw(f"{self.rows} where {condition}"):
                text = ", ".join(f"{name} {row[name]}" for name in self.promise.shows)
                yield Breach(self.promise.name, text, row["reseller"], row["order_id"])

    async def _conditions(self, scope: Scope) -> AsyncIterator[str]:
        if scope.whole:
            yield self.shared
            return
        async for page in self.pages(scope):
            yield f"{page(self.page_by)} and exists ({self.shared_with})"


REFERENCES = Once(
    promise=Promise(
        id="M11",
        name="reference-once",
        sentence="every reference was used once: no payment, charge or refund counts twice",
        shows=("entry", "reference"),
    ),
    rows="select e.id as entry, e.reference, e.reseller, e.order_id from entries e",
    pages=Scope.entries,
    page_by="e.id",
    shared="e.reference in (select reference from entries group by reference having count(*) > 1)",
    shared_with="select 1 from entries x where x.reference = e.reference and x.id <> e.id",
)
UPSTREAM_ORDERS = Once(
    promise=Promise(
        id="P3",
        name="upstream-id-once",
        sentence="no two attempts that are followed share an order of a provider",
        stops=Stops.ORDER,
        shows=("attempt", "order_id", "provider", "upstream_order"),
    ),
    rows="select a.id as attempt, a.order_id, a.provider, a.upstream_order, o.reseller"
    " from attempts a left join orders o on o.id = a.order_id",
    pages=Scope.orders,
    page_by="a.order_id",
    shared="a.poll_at is not null and (a.provider, a.upstream_order) in (select provider, upstream_order from attempts"
    " where upstream_order is not null and poll_at is not null group by provider, upstream_order having count(*) > 1)",
    shared_with="select 1 from attempts x where x.provider = a.provider and x.upstream_order = a.upstream_order"
    " and x.id <> a.id and x.poll_at is not null and a.poll_at is not null",
)
