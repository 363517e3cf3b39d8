"""Invariant checks in SQL: a page of rows is judged by conditions; only where some break are they read one by one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from msgspec import Struct

from aggregator.audit.promise import Breach, Promise
from aggregator.audit.scope import Pages, Scope
from aggregator.storage.tables import Signal

_SCOPE = re.compile(r"\{([\w.]+)\}")


class Checked(Struct, frozen=True):
    """So many rows were looked at."""

    rows: int


Told = Breach | Checked


class Check(Protocol):
    """Knows some promises, and finds what breaks them."""

    @property
    def promises(self) -> tuple[Promise, ...]: ...

    def look(self, scope: Scope) -> AsyncIterator[Told]:
        """Breaches as they are found, and how many rows were looked at."""
        ...


class Facts(Struct, frozen=True):
    """A select whose rows are judged by conditions; `{column}` in it stands for "this id is on the page".

    Its rows have the columns `reseller` and `order_id`, null where nobody is concerned.
    """

    sql: str
    pages: Callable[[Scope], AsyncIterator[Pages]]
    promises: tuple[Promise, ...]

    async def look(self, scope: Scope) -> AsyncIterator[Told]:
        async for page in self.pages(scope):
            counted = (await Signal.raw(self._count_violations(page)))[0]
            yield Checked(int(counted["n"]))
            # Only a page on which something is wrong is asked what it is.
            for row in await Signal.raw(self._select_violations(page)) if counted["wrong"] else ():
                yield Breach(row["promise"], row["told"], row["reseller"], row["order_id"])

    def _count_violations(self, page: Pages) -> str:
        """How many facts there are, and how many of them break any promise."""
        wrong = " or ".join(f"({promise.breach})" for promise in self.promises)
        return (
            f"select count(*) as n, count(case when {wrong} then 1 end) as wrong"
            f" from ({on_page(self.sql, page)}) as facts"
        )

    def _select_violations(self, page: Pages) -> str:
        """Each promise's breaches."""
        parts = [
            f"select '{promise.name}' as promise, reseller, order_id, {_tell(promise)} as told"
            f" from facts where {promise.breach}"
            for promise in self.promises
        ]
        return f"with facts as materialized ({on_page(self.sql, page)}) " + " union all ".join(parts)


def on_page(sql: str, page: Pages) -> str:
    """A select for the rows of one page."""
    return _SCOPE.sub(lambda match: f"({page(match[1])})", sql)


def _tell(promise: Promise) -> str:
    """`name value, name value`, put together by the database."""
    parts = [f"'{name} ' || coalesce(cast({name} as text), '-')" for name in promise.shows]
    return " || ', ' || ".join(parts)
