"""The rows of evidence: references as they were sent, baselines of accounts, and what was observed of an attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct
from piccolo.custom_types import Combinable
from piccolo.query.functions import Max

from aggregator.orders.attempt_store import Followed, as_attempt, with_orders
from aggregator.orders.model import Attempt
from aggregator.orders.state import Outcome
from aggregator.orders.unsure.books import Books
from aggregator.orders.unsure.evidence import Account, Glance
from aggregator.storage import clock
from aggregator.storage.conditions import PLACING, UNSURE
from aggregator.storage.id_ranges import first_id, from_id_on
from aggregator.storage.parameters import in_list
from aggregator.storage.tables import Attempt as AttemptTable
from aggregator.storage.tables import Baseline, Observation

_GIVEN_UP = f"outcome in ('{Outcome.ABSENT}', '{Outcome.WRITTEN_OFF}')"
_NAMED = "upstream_order is not null and superseded_at is null"
"""It has an id there, and has it still."""
_OUT_OF_ORDER_MS = 600_000
"""Longer than any transaction: so far the times of rows may be behind those of rows with lower ids."""


class Rule(StrEnum):
    """By what the outcome of an add is told without a person."""

    REFERENCE = "reference"
    LIST = "list"
    BALANCE = "balance"


def actor_of(rule: str) -> str:
    """As whom a rule decides, among people."""
    return f"rule:{rule}"


class Seen(StrEnum):
    """What one look says of an attempt."""

    FOUND = "found"
    ACCEPTED = "accepted"
    """It was taken; under which id is not known."""
    ABSENT = "absent"
    OPEN = "open"
    FAILED = "failed"
    """The look itself failed: nothing follows from it."""


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
    last = {look.rule: look for look in looks if look.verdict is not Seen.FAILED}
    if any(look.verdict is Seen.ACCEPTED for look in looks):
        return "it was taken: find its id at the provider, then orders found"
    listed = last.get(Rule.LIST)
    if listed is not None and listed.verdict is Seen.OPEN:
        told = listed.told
        one = f"order {told['order']} there looks like it ({told['why']})" if "order" in told else None
        return f"{one or 'an order like it may be listed'}: compare, then orders found or orders absent"
    absent = [look.told for look in last.values() if look.verdict is Seen.ABSENT]
    if not absent:
        return None
    doubts = [str(told["why"]) for told in absent if "why" in told]
    if doubts:
        return f"perhaps it was not taken ({doubts[0]}): compare, then orders found or orders absent"
    return "it was not taken: orders absent"


async def unsure_at(provider: str) -> list[Followed]:
    """The unsure attempts at a provider, the oldest first, with their orders."""
    return await with_orders(await _unsure(provider))


async def _unsure(provider: str) -> list[Attempt]:
    # Every attempt has a time: SQLite takes the index of the unsure ones where the question has all its columns.
    there = (AttemptTable.provider == provider) & UNSURE & (AttemptTable.created_at > 0)
    rows = await AttemptTable.select().where(there).order_by(AttemptTable.id)
    return [as_attempt(row) for row in rows]


async def books(provider: str, *, since: int, most: int) -> Books | None:
    """Every attempt at a provider that has an id and is followed, or was made since; None for too many."""
    watched = (AttemptTable.provider == provider) & (AttemptTable.poll_at >= 0)
    followed = await AttemptTable.select().where(watched & AttemptTable.upstream_order.is_not_null()).limit(most + 1)
    lately = await _made_since(provider, since, _NAMED, most=most + 1)
    named = {one.id: one for one in map(as_attempt, [*followed, *lately])}
    if len(named) > most:
        return None
    nameless = [*await _unsure(provider), *map(as_attempt, await _made_since(provider, since, _GIVEN_UP))]
    placing = await AttemptTable.exists().where(PLACING)
    return Books(
        await with_orders([named[number] for number in sorted(named)]),
        [one for one in nameless if one.upstream_order is None],
        placing,
    )


async def owners(provider: str, orders: Sequence[str], *, since: int) -> dict[str, Attempt]:
    """The attempt of ours behind each of these orders of a provider, and behind every one taken there since."""
    these, values = in_list("upstream_order", orders)
    # SQL: rows of any number come as one parameter, so that the text is prepared once.
    rows = await AttemptTable.raw(
        f"select * from attempts where provider = {{}} and {these} and superseded_at is null", provider, values
    )
    rows += await _made_since(provider, since, _NAMED)
    return {row["upstream_order"]: as_attempt(row) for row in rows}


async def newest_before(provider: str, moment: int) -> Attempt | None:
    """The newest that the provider took of those that were sent before a moment."""
    return await _one_there(provider, AttemptTable.created_at < moment, oldest=False)


async def first_there(provider: str) -> Attempt | None:
    """The first that the provider ever took."""
    return await _one_there(provider, AttemptTable.id > 0, oldest=True)


async def _one_there(provider: str, which: Combinable, *, oldest: bool) -> Attempt | None:
    taken = (AttemptTable.provider == provider) & AttemptTable.upstream_order.is_not_null()
    rows = await AttemptTable.select().where(taken & which).order_by(AttemptTable.id, ascending=oldest).limit(1)
    return as_attempt(rows[0]) if rows else None


async def newest_attempt() -> int:
    """The highest id of an attempt, at whichever provider; 0 = there is none."""
    rows = await AttemptTable.select(Max(AttemptTable.id, alias="newest"))
    return int(rows[0]["newest"] or 0)


async def rivals(provider: str, moment: int) -> list[Followed]:
    """Attempts without an id, made since, that may claim an order beside the unsure ones: given up, or on their way."""
    lately = await _made_since(provider, moment, f"upstream_order is null and ({_GIVEN_UP} or outcome = 'placing')")
    return await with_orders([as_attempt(row) for row in lately])


async def _made_since(
    provider: str, moment: int, condition: str, *, columns: str = "*", most: int = 2**31
) -> list[dict[str, Any]]:
    """The attempts at a provider since a moment of which a condition holds, the oldest first."""
    first = await first_id(AttemptTable, moment - _OUT_OF_ORDER_MS)
    # SQL: SQLite is told to go by ids, whatever index there is.
    rows: list[dict[str, Any]] = await AttemptTable.raw(
        f"select {columns} from {from_id_on(AttemptTable)} where id >= {{}} and provider = {{}} and created_at >= {{}}"
        f" and {condition} order by id limit {{}}",
        first,
        provider,
        moment,
        most,
    )
    return rows


async def account(provider: str) -> tuple[Account, int]:
    """What is kept of our account there, and when it may be looked at next (milliseconds since 1970)."""
    rows = await Baseline.select().where(Baseline.provider == provider)
    if not rows:
        return Account(), 0
    return msgspec.json.decode(rows[0]["account"], type=Account), rows[0]["due_at"]


async def claim(provider: str, *, until: int) -> bool:
    """Take the next look at an account, so that one process does it."""
    new = Baseline(provider=provider, account=msgspec.json.encode(Account()).decode())
    await Baseline.insert(new).on_conflict(Baseline.provider, "DO NOTHING")
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


async def keep_glance(attempt: int, glance: Glance) -> None:
    """The balance was read at once after this add."""
    facts = {
        "at_once": f"{glance.balance:f}",
        "at": glance.at,
        "risen": str(glance.risen),
        "fallen": str(glance.fallen),
    }
    await note(attempt, Rule.BALANCE, Seen.OPEN, facts)


async def glances(attempts: Iterable[int]) -> dict[int, Glance]:
    """Those of the attempts at whose balance somebody looked at once."""
    return {
        attempt: msgspec.convert({**look.told, "balance": look.told["at_once"]}, Glance, strict=False)
        for attempt, looks in (await observed(attempts)).items()
        for look in looks
        if "at_once" in look.told
    }


async def rename_provider(old: str, new: str) -> None:
    await Baseline.delete().where(Baseline.provider == new)
    await Baseline.update({Baseline.provider: new}).where(Baseline.provider == old)
