"""All that happened to one order, in its order: what we asked and were told, what was seen, decided and paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec
from msgspec import Struct

from aggregator.ledger import book
from aggregator.ledger.book import PostedEntry
from aggregator.orders import attempt_store, refill_store, store
from aggregator.orders.model import Attempt, Order
from aggregator.orders.refill_store import RefillRow
from aggregator.orders.unsure import evidence_store
from aggregator.orders.unsure.evidence_store import Look
from aggregator.storage import decisions
from aggregator.storage.decisions import DecisionRow
from pricing.money import print_units


class TimelineKind(StrEnum):
    TAKEN = "taken"
    SENT = "sent"
    ANSWER = "answer"
    EVENT = "event"
    EVIDENCE = "evidence"
    DECISION = "decision"
    MONEY = "money"
    REFILL = "refill"


class TimelineStep(Struct, frozen=True, kw_only=True):
    """One thing that happened; `at` in milliseconds since 1970."""

    at: int
    kind: TimelineKind
    title: str
    text: str = ""
    raw: str = ""
    """A reply as it came, secrets masked when it was stored."""


async def of_order(order: Order) -> list[TimelineStep]:
    """Oldest first."""
    attempts = await attempt_store.of_order(order.id)
    looks = await evidence_store.observed([attempt.id for attempt in attempts])
    steps = [TimelineStep(at=order.created_at, kind=TimelineKind.TAKEN, title="taken from the reseller")]
    for attempt in attempts:
        steps += _of_attempt(attempt, looks[attempt.id])
    for line in await store.history(order):
        steps.append(TimelineStep(at=line.at, kind=TimelineKind.EVENT, title=line.state, text=line.text))
    steps += [_decided(row) for row in await decisions.about("order", order.id)]
    steps += [_paid(entry) for entry in await book.of_order(order.id)]
    steps += [_refilled(refill) for refill in await refill_store.of_order(order.id)]
    return sorted(steps, key=lambda step: step.at)


def _of_attempt(attempt: Attempt, looks: Iterable[Look]) -> Iterator[TimelineStep]:
    where = f"{attempt.provider}:{attempt.service}"
    asked = f"expected to cost {attempt.cost_theirs} {attempt.currency}"
    yield TimelineStep(at=attempt.created_at, kind=TimelineKind.SENT, title=f"sent to {where}", text=asked)
    if attempt.answered_at is not None:
        named = f" as {attempt.upstream_order}" if attempt.upstream_order else ""
        said = ": ".join(part for part in (attempt.error, attempt.error_text) if part)
        title = f"{where}: {attempt.outcome.value.replace('_', ' ')}{named}"
        yield TimelineStep(
            at=attempt.answered_at, kind=TimelineKind.ANSWER, title=title, text=said, raw=attempt.reply or ""
        )
    for look in looks:
        facts = msgspec.json.format(look.facts.encode(), indent=2).decode()
        title = f"evidence by {look.rule.value}: {look.verdict.value}"
        yield TimelineStep(at=look.at, kind=TimelineKind.EVIDENCE, title=title, text=where, raw=facts)


def _decided(row: DecisionRow) -> TimelineStep:
    detail = f" {row.detail}" if row.detail else ""
    return TimelineStep(
        at=row.at, kind=TimelineKind.DECISION, title=f"{row.actor}: {row.verdict}{detail}", text=row.reason
    )


def _paid(entry: PostedEntry) -> TimelineStep:
    title = f"{print_units(entry.amount, 2)} from {entry.source} to {entry.target}"
    return TimelineStep(at=entry.at, kind=TimelineKind.MONEY, title=title, text=entry.note)


def _refilled(refill: RefillRow) -> TimelineStep:
    title = f"refill {refill.id} is {refill.state}"
    return TimelineStep(at=refill.created_at, kind=TimelineKind.REFILL, title=title, text=refill.error or "")
