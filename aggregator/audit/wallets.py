"""The promises about accounts: every cent is where the entries say, in one currency, and none came from nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aggregator.audit.facts import Checked, Told
from aggregator.audit.promise import Breach, Promise
from aggregator.audit.scope import Between, Marks, Scope, between, last_id
from aggregator.orders.state import OPEN_IN_SQL
from aggregator.storage.tables import Signal
from aggregator.storage.totals import read_total, total

Sums = Mapping[str, int]
"""Account -> what all entries up to some mark moved into it, less what they moved out (1e-8)."""
PAGE = 10
"""So many pages of entries are summed at once: one line comes back for each pair of accounts."""

_EQUAL = Promise(id="M1", name="wallet-equals-entries", sentence="every wallet holds exactly what its entries moved")
_CONSERVED = Promise(
    id="M2",
    name="money-is-conserved",
    sentence="all wallets together hold what came in less what is in escrow, earned, or was adjusted",
)
_POSITIVE = Promise(id="M3", name="no-negative-wallet", sentence="no wallet is below zero")
_CURRENCY = Promise(id="M14", name="one-currency", sentence="all wallets are in one and the same currency")
_STATEMENT = Promise(
    id="M19",
    name="statement-adds-up",
    sentence="the newest line of each statement shows what the wallet holds",
)
_WALLETS = """
select r.id as reseller, w.balance, w.currency,
       (select e.balance from entries e where e.reseller = r.id and e.balance is not null order by e.id desc limit 1)
           as told
from resellers r left join wallets w on w.reseller = r.id
"""


class Wallets:
    """Adds the new entries to the sums of the checkpoint, and compares them with what the wallets hold."""

    promises = (_EQUAL, _CONSERVED, _POSITIVE, _CURRENCY, _STATEMENT)

    def __init__(self, known: Sums, marks: Marks) -> None:
        self.sums: Counter[str] = Counter(known)
        """By the end of the look: up to the new marks."""
        self._marks = marks

    async def look(self, scope: Scope) -> AsyncIterator[Told]:
        first = scope.since.entries if scope.since else 0
        await _add(self.sums, first, self._marks.entries)
        now = Counter(self.sums)
        await _add(now, max(first, self._marks.entries), await last_id("entries"))
        rows = await Signal.raw(_WALLETS)
        yield Checked(len(rows))
        for row in rows:
            for breach in _judge(row, now):
                yield breach
        for breach in await _judge_all(rows, now, whole=scope.whole):
            yield breach


async def _add(sums: Counter[str], after: int, last: int) -> None:
    pages = list(between(after, last))
    for start in range(0, len(pages), PAGE):
        span = Between(pages[start].first, pages[start : start + PAGE][-1].last)
        rows = await Signal.raw(
            f"select source, target, {total('amount', 'moved')} from entries where {span('id')} group by source, target"
        )
        for row in rows:
            amount = read_total(row, "moved")
            sums[row["target"]] += amount
            sums[row["source"]] -= amount


def _judge(row: dict[str, Any], now: Counter[str]) -> list[Breach]:
    reseller, holds = row["reseller"], row["balance"]
    moved = now[f"wallet:{reseller}"]
    found = []
    if holds != moved:
        found.append((_EQUAL, f"holds {holds}, moved {moved}"))
    if isinstance(holds, int) and holds < 0:
        found.append((_POSITIVE, f"holds {holds}"))
    if holds is not None and row["told"] not in (None, holds):
        found.append((_STATEMENT, f"holds {holds}, told {row['told']}"))
    return [Breach(promise.name, f"wallet {reseller}, {text}", reseller) for promise, text in found]


async def _judge_all(rows: list[dict[str, Any]], now: Counter[str], *, whole: bool) -> list[Breach]:
    held = await _all("balance", "wallets")
    known = sum(row["balance"] or 0 for row in rows)
    found = []
    if held != known:
        found.append((_CONSERVED, f"wallets {held}, of resellers {known}"))
    currencies = sorted({row["currency"] for row in rows if row["currency"] is not None})
    if len(currencies) > 1:
        found.append((_CURRENCY, f"currencies {', '.join(currencies)}"))
    # With every order at hand each one's escrow is proven by itself.
    if not whole:
        charges = await _all("charge", f"orders where state in ({OPEN_IN_SQL})")
        if charges != now["escrow"]:
            found.append((_CONSERVED, f"escrow {now['escrow']}, open charges {charges}"))
    return [Breach(promise.name, text) for promise, text in found]


async def _all(amount: str, rows: str) -> int:
    return read_total((await Signal.raw(f"select {total(amount, 'sum')} from {rows}"))[0], "sum")
