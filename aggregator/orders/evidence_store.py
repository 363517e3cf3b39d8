"""The rows of evidence: references as they were sent, baselines of accounts, and what was observed of an attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from aggregator.orders.attempt_store import Followed, as_attempt, with_orders
from aggregator.orders.evidence import Account
from aggregator.orders.model import Attempt
from aggregator.orders.state import Outcome
from aggregator.storage import clock
from aggregator.storage.tables import Attempt as AttemptTable
from aggregator.storage.tables import Baseline, Observation, SentReference

_GIVEN_UP = (Outcome.ABSENT.value, Outcome.WRITTEN_OFF.value)


class Rule(StrEnum):
    """By what the outcome of an add is told without a person."""

    REFERENCE = "reference"
    LIST = "list"
    BALANCE = "balance"


class Seen(StrEnum):
    """What one look says of an attempt."""

    FOUND = "found"
    ACCEPTED = "accepted"
    """It was taken; under which id is not known."""
    ABSENT = "absent"
    OPEN = "open"
    FAILED = "failed"
    """The look itself failed: nothing follows from it."""


class Sent(Struct, frozen=True):
    """Our id of an attempt as its provider was told it."""

    reference: str
    door: str
    """A digest of address, key and parameter: through another door it would be another order."""


class Look(Struct, frozen=True, kw_only=True):
    """A row of observations."""

    attempt: int
    rule: Rule
    verdict: Seen
    facts: str
    at: int

    @property
    def told(self) -> dict[str, object]:
        return msgspec.json.decode(self.facts, type=dict[str, object])


def suggest(looks: Sequence[Look]) -> str | None:
    """What the owner may do about an attempt, by what was seen of it; None where nothing tells."""
    last = {look.rule: look.verdict for look in looks if look.verdict is not Seen.FAILED}
    if Seen.ACCEPTED in last.values() or any(look.verdict is Seen.ACCEPTED for look in looks):
        return "it was taken: find its id at the provider, then orders found"
    if last.get(Rule.LIST) is Seen.OPEN:
        return "an order like it is listed: compare, then orders found or orders absent"
    return "it was not taken: orders absent" if Seen.ABSENT in last.values() else None


class Books(Struct, frozen=True):
    """What we know of our orders at a provider that can still cost, or give back, money."""

    known: Sequence[Followed]
    nameless: Sequence[Attempt]
    """Attempts whose outcome nobody told: unsure, or given up by decision."""
    placing: bool


async def keep_reference(attempt: int, sent: Sent) -> None:
    await SentReference.insert(SentReference(attempt=attempt, reference=sent.reference, door=sent.door))


async def references(attempts: Iterable[int]) -> dict[int, Sent]:
    """Those of the attempts that went out with a reference."""
    rows = await SentReference.select().where(SentReference.attempt.is_in([0, *attempts]))
    return {row["attempt"]: Sent(row["reference"], row["door"]) for row in rows}


async def unsure_at(provider: str) -> list[Followed]:
    """The unsure attempts at a provider, the oldest first, with their orders."""
    here = (AttemptTable.provider == provider) & (AttemptTable.outcome == Outcome.UNSURE.value)
    rows = await AttemptTable.select().where(here).order_by(AttemptTable.id)
    return await with_orders([as_attempt(row) for row in rows])


async def books(provider: str, *, since: int, most: int) -> Books | None:
    """Every attempt at a provider that has an id and is followed, or was made since; None for too many."""
    table = AttemptTable
    here = table.provider == provider
    named = here & table.upstream_order.is_not_null() & (table.poll_at.is_not_null() | (table.created_at >= since))
    rows = await table.select().where(named).order_by(table.id).limit(most + 1)
    if len(rows) > most:
        return None
    nameless = here & table.upstream_order.is_null()
    given_up = table.outcome.is_in(list(_GIVEN_UP)) & (table.created_at >= since)
    lost = await table.select().where(nameless & ((table.outcome == Outcome.UNSURE.value) | given_up))
    placing = await table.exists().where(here & (table.outcome == Outcome.PLACING.value))
    known = await with_orders([as_attempt(row) for row in rows])
    return Books(known, [as_attempt(row) for row in lost], bool(placing))


async def owners(provider: str, orders: Iterable[str], *, since: int) -> dict[str, int]:
    """When each of these orders of a provider, and every one taken there since, was sent by an attempt of ours."""
    table = AttemptTable
    named = (table.provider == provider) & table.upstream_order.is_not_null()
    wanted = table.upstream_order.is_in(["", *orders]) | (table.created_at >= since)
    rows = await table.select(table.upstream_order, table.created_at).where(named & wanted)
    return {row["upstream_order"]: row["created_at"] for row in rows}


async def took_before(provider: str, moment: int) -> bool:
    """Whether the provider took any order of ours that was sent before."""
    table = AttemptTable
    named = (table.provider == provider) & table.upstream_order.is_not_null()
    return bool(await table.exists().where(named & (table.created_at < moment)))


async def rivals(provider: str, moment: int) -> list[Followed]:
    """Attempts without an id, made since, that may claim an order beside the unsure ones: given up, or on their way."""
    table = AttemptTable
    lost = (table.provider == provider) & table.upstream_order.is_null() & (table.created_at >= moment)
    rows = await table.select().where(lost & table.outcome.is_in([*_GIVEN_UP, Outcome.PLACING.value]))
    return await with_orders([as_attempt(row) for row in rows])


async def account(provider: str) -> tuple[Account, int]:
    """What is kept of our account there, and when it may be looked at next (milliseconds since 1970)."""
    rows = await Baseline.select().where(Baseline.provider == provider)
    if not rows:
        return Account(), 0
    return msgspec.json.decode(rows[0]["account"], type=Account), rows[0]["due_at"]


async def claim(provider: str, *, until: int) -> bool:
    """Take the next look at an account, so that one process does it."""
    await Baseline.raw(
        "insert into baselines (provider, due_at, account) values ({}, 0, {}) on conflict (provider) do nothing",
        provider, msgspec.json.encode(Account()).decode(),
    )  # fmt: skip
    mine = (Baseline.provider == provider) & (Baseline.due_at <= clock.now())
    return bool(await Baseline.update({Baseline.due_at: until}).where(mine).returning(Baseline.provider))


async def put_account(provider: str, kept: Account, *, due_at: int | None = None) -> None:
    """Keep what is known of an account; `due_at` lets the next look be taken."""
    values: dict[Any, Any] = {Baseline.account: msgspec.json.encode(kept).decode()}
    if due_at is not None:
        values[Baseline.due_at] = due_at
    await Baseline.update(values).where(Baseline.provider == provider)


async def note(attempt: int, rule: Rule, verdict: Seen, facts: Mapping[str, object]) -> None:
    """Write down what one look saw."""
    text = msgspec.json.encode(facts).decode()
    row = Observation(attempt=attempt, rule=rule.value, verdict=verdict.value, facts=text, at=clock.now())
    await Observation.insert(row)


async def observed(attempts: Iterable[int]) -> dict[int, list[Look]]:
    """What was seen of each attempt, oldest first."""
    wanted = list(attempts)
    found: dict[int, list[Look]] = {attempt: [] for attempt in wanted}
    rows = await Observation.select().where(Observation.attempt.is_in([0, *wanted])).order_by(Observation.id)
    for row in rows:
        found[row["attempt"]].append(msgspec.convert(dict(row), Look))
    return found


async def rename_provider(old: str, new: str) -> None:
    await Baseline.delete().where(Baseline.provider == new)
    await Baseline.update({Baseline.provider: new}).where(Baseline.provider == old)
