"""Compares what resellers were told, what the books say and what the providers saw; any difference is a fault."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from tests.chaos.books import Books, Row
from tests.chaos.load import Reply
from tests.chaos.upstreams import DISHONEST, Add

RAN = ("accepted", "called_off")
SENT = ("placing", "accepted", "refused", "unsure", "absent", "written_off", "called_off")
"""Outcomes of attempts whose request may have reached its provider."""


class Evidence(NamedTuple):
    """All that is known after a run."""

    replies: list[Reply]
    orders: list[Row]
    attempts: dict[int, list[Row]]
    entries: dict[int, list[Row]]
    wallets: list[Row]
    truth: dict[str, list[Add]]
    resellers: list[int]
    """Ids in the books, by the numbers of the plan."""

    def under(self, add: Add) -> list[Add]:
        """All that its provider took under the id of an add: more than one where it gave the id again."""
        one = (add.provider, add.upstream_order)
        return [
            other
            for adds in self.truth.values()
            for other in adds
            if other.accepted and (other.provider, other.upstream_order) == one
        ]


class Faults(NamedTuple):
    """What went wrong, a sentence each."""

    lost: list[str]
    charged_not_once: list[str]
    bought_twice: list[str]
    refund_errors: list[str]
    forbidden: list[str]
    overspent: list[str]

    @property
    def all(self) -> list[str]:
        return [f"{name}: {fault}" for name, faults in self._asdict().items() for fault in faults]


async def gather(books: Books, replies: list[Reply], truth: dict[str, list[Add]], resellers: list[int]) -> Evidence:
    """Read the books."""
    attempts: dict[int, list[Row]] = defaultdict(list)
    for row in await books.rows("select * from attempts order by id"):
        attempts[row["order_id"]].append(row)
    entries: dict[int, list[Row]] = defaultdict(list)
    for row in await books.rows("select * from entries where order_id is not null order by id"):
        entries[row["order_id"]].append(row)
    orders = await books.rows("select * from orders order by id")
    return Evidence(replies, orders, attempts, entries, await _wallets(books), truth, resellers)


async def _wallets(books: Books) -> list[Row]:
    return await books.rows(
        "select w.reseller, w.balance, coalesce(sum(case when e.target like 'wallet:%' then e.amount"
        " when e.source like 'wallet:%' then -e.amount else 0 end), 0) as moved"
        " from wallets w left join entries e on e.reseller = w.reseller group by w.reseller, w.balance"
    )


def check(evidence: Evidence) -> Faults:
    """Every fault of a run that has come to rest."""
    return Faults(
        _lost(evidence),
        _charges(evidence),
        _bought_twice(evidence),
        refund_errors(evidence),
        _forbidden(evidence),
        _overspent(evidence),
    )


def _lost(evidence: Evidence) -> list[str]:
    """Orders that were answered and are not there, are others, or never end."""
    by_id = {row["id"]: row for row in evidence.orders}
    faults = [
        f"order {row['id']} is {row['state']} for ever: {row['link']}"
        for row in evidence.orders
        if row["ended_at"] is None
    ]
    for reply in evidence.replies:
        wish, row = reply.wish, by_id.get(reply.order or 0)
        if reply.order is None:
            continue
        wanted = (wish.link, wish.quantity, wish.service, evidence.resellers[wish.reseller], wish.request_id)
        if row is None or wanted != tuple(row[n] for n in ("link", "quantity", "service", "reseller", "request_id")):
            faults.append(f"order {reply.order} was promised for {wish.request_id}")
    return faults


def _charges(evidence: Evidence) -> list[str]:
    """Orders that were not charged exactly once, and wishes that became an order twice, or after a refusal."""
    faults = []
    for row in evidence.orders:
        taken = [entry["amount"] for entry in evidence.entries[row["id"]] if entry["source"].startswith("wallet:")]
        due = (Decimal(row["rate"]) * row["quantity"] / row["rate_per"]).to_integral_value(ROUND_CEILING)
        if taken != [row["charge"]] or row["charge"] != due:
            faults.append(f"order {row['id']}: took {taken} for a charge of {row['charge']}, due {due}")
    times = Counter(row["request_id"] for row in evidence.orders)
    refused = {reply.wish.request_id for reply in evidence.replies if reply.order is None}
    faults += [f"request {request} is {count} orders" for request, count in times.items() if count > 1]
    faults += [f"request {request} was refused and is an order" for request in refused & times.keys()]
    return faults


def _bought_twice(evidence: Evidence) -> list[str]:
    """Orders that more than one provider, or one provider twice, was paid for.

    What a dishonest provider keeps, or delivers, after it called an order off is its own doing: see `mallory`.
    """
    faults = []
    for row in evidence.orders:
        bought = [add for add in evidence.truth[row["link"]] if add.accepted]
        off = {
            (a["provider"], a["upstream_order"]) for a in evidence.attempts[row["id"]] if a["outcome"] == "called_off"
        }
        paid = [
            add
            for add in bought
            if (add.provider, add.upstream_order) not in off
            or (add.undelivered < row["quantity"] and add.provider not in DISHONEST)
        ]
        if len(paid) > 1:
            faults.append(f"order {row['id']}: {[(add.provider, add.upstream_order) for add in paid]}")
    return faults


def refund_errors(evidence: Evidence) -> list[str]:
    """Orders whose refund is not the undelivered share of the charge, to the last digit."""
    faults = []
    for row in evidence.orders:
        units = _undelivered(row, evidence)
        due = {undelivered: row["charge"] * undelivered // row["quantity"] for undelivered in units}
        paid = sum(entry["amount"] for entry in evidence.entries[row["id"]] if entry["target"].startswith("wallet:"))
        if paid not in due.values():
            faults.append(f"order {row['id']}: paid {paid} back of {row['charge']}, due by undelivered units {due}")
    return faults


def _undelivered(row: Row, evidence: Evidence) -> set[int]:
    """By the provider that was paid; where there is none, all of it.

    A dishonest one may have said two things, one after the other; the first of them counts where it was heard.
    """
    bought = {(add.provider, add.upstream_order): add for add in evidence.truth[row["link"]] if add.accepted}
    for attempt in evidence.attempts[row["id"]]:
        if attempt["outcome"] == "accepted":
            add = bought.get((attempt["provider"], attempt["upstream_order"]))
            if add is not None:
                said = evidence.under(add) if add.provider in DISHONEST else [add]
                told = [count for one in said for count in (one.undelivered, one.denied) if count is not None]
                return {min(count, row["quantity"]) for count in told}
    return {int(row["quantity"])}


def _forbidden(evidence: Evidence) -> list[str]:
    """Verdicts that no observation allows: bought and called refused, not sent or absent; or the reverse."""
    faults = []
    links = {row["link"] for row in evidence.orders}
    faults += [f"{link} was sent without an order" for link in evidence.truth if link not in links]
    for row in evidence.orders:
        for provider in {add.provider for add in evidence.truth[row["link"]]} | _providers(row, evidence):
            seen = [add for add in evidence.truth[row["link"]] if add.provider == provider]
            mine = [attempt for attempt in evidence.attempts[row["id"]] if attempt["provider"] == provider]
            if provider in DISHONEST and any(attempt["outcome"] == "written_off" for attempt in mine):
                # Its id was another order's: nobody could follow it, and the owner bears it.
                seen = [add for add in seen if len(evidence.under(add)) < 2]  # again
            faults += [f"order {row['id']} at {provider}: {fault}" for fault in _verdicts(seen, mine)]
    return faults


def _providers(row: Row, evidence: Evidence) -> set[str]:
    return {attempt["provider"] for attempt in evidence.attempts[row["id"]]}


def _verdicts(seen: list[Add], attempts: list[Row]) -> list[str]:
    bought = Counter(add.upstream_order for add in seen if add.accepted)
    known = Counter(attempt["upstream_order"] for attempt in attempts if attempt["outcome"] in RAN)
    sent = [attempt for attempt in attempts if attempt["outcome"] in SENT]
    faults = []
    if bought - known:
        faults.append(f"bought as {[*(bought - known)]}, held for {[attempt['outcome'] for attempt in attempts]}")
    if known - bought:
        faults.append(f"held for accepted as {[*(known - bought)]}, never bought")
    if len(seen) > len(sent):
        faults.append(f"{len(seen)} adds arrived, {len(sent)} attempts were written down")
    return faults


def _overspent(evidence: Evidence) -> list[str]:
    return [
        f"wallet {row['reseller']} holds {row['balance']}, its entries make {row['moved']}"
        for row in evidence.wallets
        if row["balance"] != int(row["moved"]) or row["balance"] < 0
    ]
