"""What is known of services besides their listings: holds, rests, findings; and what of a service was cancelled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from piccolo.query.functions import Max

from aggregator.catalog import finding_store, store
from aggregator.catalog.findings import Finding, laid_over
from aggregator.catalog.model import MISSING_BEFORE_WITHDRAWN, Cancels, Hold, Learned, ListingRow
from aggregator.settings import FIRST_IMPORTED_ID
from aggregator.storage import clock, signals, tables
from aggregator.storage.sql import execute
from aggregator.storage.tables import ImportedService

_LISTING = tables.Listing
_LEARNED = (
    _LISTING.held_row,
    _LISTING.rest_until,
    _LISTING.rest_count,
    _LISTING.agreed_rate,
    _LISTING.agreed_over,
    _LISTING.step,
)


class HeldListing(Struct, frozen=True, kw_only=True):
    """A service that waits for the owner, with its row's id."""

    id: int
    row: ListingRow
    hold: Hold


async def learned(provider: str | None = None) -> dict[tuple[str, str], Learned]:
    """By provider and their id; only services of which something is known."""
    of_listing = _LISTING.held_row.is_not_null() | _LISTING.agreed_rate.is_not_null() | _LISTING.step.is_not_null()
    query = _LISTING.select(_LISTING.provider, _LISTING.service, *_LEARNED).where(
        of_listing | (_LISTING.rest_until > 0)
    )
    rows = await (query if provider is None else query.where(_LISTING.provider == provider))
    known = {(row["provider"], row["service"]): _as_learned(row) for row in rows}
    found: dict[tuple[str, str], list[Finding]] = {}
    for one in await finding_store.found(provider):
        found.setdefault((one.provider, one.service), []).append(one)
    now = clock.now()
    return known | {key: laid_over(known.get(key, Learned()), told, now=now) for key, told in found.items()}


async def of_service(provider: str, service: str) -> Learned:
    rows = await _LISTING.select().where(_here(provider, service))
    known = _as_learned(rows[0]) if rows else Learned()
    return laid_over(known, await finding_store.found(provider, service), now=clock.now())


def _as_learned(row: Mapping[str, Any]) -> Learned:
    return Learned(
        hold=msgspec.json.decode(row["held_row"], type=Hold) if row["held_row"] else None,
        rest_until=row["rest_until"],
        rest_count=row["rest_count"],
        agreed_rate=row["agreed_rate"],
        agreed_over=row["agreed_over"],
        step=row["step"] or 1,
    )


_HELD = f"held_row is not null and missing < {MISSING_BEFORE_WITHDRAWN}"  # a number of ours


async def count_held() -> dict[str, int]:
    """By provider: how much of what it lists is held."""
    # SQL: the condition is of `held_page`.
    rows = await execute(
        f"select provider, count(*) as n from listings where {_HELD} group by provider order by provider"
    )
    return {row["provider"]: int(row["n"]) for row in rows}


async def held_page(*, limit: int, offset: int) -> list[HeldListing]:
    """A part of `held`."""
    # SQL: the condition joins several columns' words.
    rows = await execute(f"select * from listings where {_HELD} order by id limit {{}} offset {{}}", limit, offset)
    return [_as_held(row) for row in rows]


async def held(provider: str | None = None, service: str | None = None) -> list[HeldListing]:
    """What is held and still listed, in the order in which it was first seen."""
    query = _LISTING.select().where(_LISTING.held_row.is_not_null()).order_by(_LISTING.id)
    query = query.where(_LISTING.provider == provider) if provider else query
    rows = await (query.where(_LISTING.service == service) if service else query)
    return [one for one in map(_as_held, rows) if not one.row.withdrawn]


def _as_held(row: Mapping[str, Any]) -> HeldListing:
    return HeldListing(
        id=row["id"],
        row=msgspec.convert(dict(row), ListingRow, strict=False),
        hold=msgspec.json.decode(row["held_row"], type=Hold),
    )


async def put_holds(provider: str, holds: Mapping[str, Hold | None]) -> None:
    for service, hold in holds.items():
        await _LISTING.update(_columns(hold)).where(_here(provider, service))


async def begin_hold(row: ListingRow, known: Learned, hold: Hold) -> bool:
    """Hold a service that is known to be so; False where its hold, or what the owner agreed to, has changed since."""
    before = _LISTING.held.is_null() if known.hold is None else _LISTING.held == known.hold.text
    agreed = _LISTING.agreed_rate.is_null() if known.agreed_rate is None else _LISTING.agreed_rate == known.agreed_rate
    same = _here(row.provider, row.service) & before & agreed
    return bool(await _LISTING.update(_columns(hold)).where(same).returning(_LISTING.id))


async def replace_hold(held: HeldListing, hold: Hold | None) -> bool:
    """Put another hold, or none, in the place of one that the owner saw; False where it has changed since."""
    same = (_LISTING.id == held.id) & (_LISTING.held == held.hold.text)
    return bool(await _LISTING.update(_columns(hold)).where(same).returning(_LISTING.id))


def _columns(hold: Hold | None) -> dict[Any, Any]:
    text = msgspec.json.encode(hold).decode() if hold else None
    return {_LISTING.held: hold.text if hold else None, _LISTING.held_row: text}


async def listed(provider: str, services: Iterable[str]) -> list[tuple[ListingRow, Learned]]:
    """Services as they are published and what we know of them; what is gone is not among them."""
    rows = await _LISTING.select().where((_LISTING.provider == provider) & _LISTING.service.is_in(["", *services]))
    found = [(msgspec.convert(dict(row), ListingRow, strict=False), _as_learned(row)) for row in rows]
    return [(row, learned) for row, learned in found if not row.withdrawn]


async def agree(held: HeldListing) -> None:
    """What it takes is its cost until it lists another price, and what it took so far is no alarm any more."""
    changes: dict[Any, Any] = {_LISTING.agreed_rate: held.hold.stated, _LISTING.agreed_over: held.row.rate}
    await _LISTING.update(changes).where(_LISTING.id == held.id)
    attempt = tables.Attempt
    taken = (attempt.provider == held.row.provider) & (attempt.service == held.row.service)
    await attempt.update({attempt.overcharged_at: None}).where(taken & attempt.overcharged_at.is_not_null())


async def begin_anew(provider: str, service: str, *, taken: Collection[int] = ()) -> None:
    """An id that came to mean another service is sold under a new id of ours; the old one is never given again."""
    mine = (ImportedService.provider == provider) & (ImportedService.service == service)
    for row in await ImportedService.select(ImportedService.id).where(mine):
        retired = f"{service} (until it meant another service: {row['id']})"
        await ImportedService.update({ImportedService.service: retired}).where(ImportedService.id == row["id"])
    await store.give_ids(provider, [service], taken=taken)
    await finding_store.forget(provider, service)
    fresh: dict[Any, Any] = {
        _LISTING.agreed_rate: None,
        _LISTING.agreed_over: None,
        _LISTING.rest_until: 0,
        _LISTING.rest_count: 0,
        _LISTING.step: None,
    }
    await _LISTING.update(fresh).where(_here(provider, service))


async def learn_step(provider: str, service: str, step: int) -> None:
    """A refusal told of how many units a quantity must be a multiple there."""
    other = _LISTING.step.is_null() | (_LISTING.step != step)
    if await _LISTING.update({_LISTING.step: step}).where(_here(provider, service) & other).returning(_LISTING.id):
        await signals.raise_signal(signals.CATALOGUE)


async def rest(provider: str, service: str, *, until: int, count: int, after: int) -> bool:
    """Let a service rest until a moment; False where its rest is no longer the one that ended at `after`."""
    same = _here(provider, service) & (_LISTING.rest_until == after)
    changes: dict[Any, Any] = {_LISTING.rest_until: until, _LISTING.rest_count: count}
    return bool(await _LISTING.update(changes).where(same).returning(_LISTING.id))


def _here(provider: str, service: str) -> Any:
    return (_LISTING.provider == provider) & (_LISTING.service == service)


async def cancels(provider: str, service: str, since: int) -> Cancels:
    """What was taken, ended or called off there since a moment; not what its reseller wished to cancel."""
    # SQL: it joins, and the tables name no foreign keys to Piccolo.
    rows = await _LISTING.raw(
        "select count(*) as orders, count(case when cancelled = 1 then 1 end) as cancelled,"
        " count(distinct case when cancelled = 1 then reseller end) as resellers from ("
        " select o.reseller, case when not o.cancel_wish and a.cancel_at is null and (a.outcome = 'called_off'"
        " or o.state = 'cancelled') then 1 else 0 end as cancelled from attempts a join orders o on o.id = a.order_id"
        " where a.provider = {} and a.service = {} and a.outcome in ('accepted', 'called_off')"
        " and (a.answered_at >= {} or (a.outcome = 'accepted' and o.ended_at >= {}))) as seen",
        provider,
        service,
        since,
        since,
    )
    return msgspec.convert(dict(rows[0]), Cancels, strict=False)


async def highest_sold_id() -> int:
    """The highest id of services.toml that was ever ordered: no other service may get it. 0 = none."""
    order = tables.Order
    rows = await order.select(Max(order.service, alias="n")).where(order.service < FIRST_IMPORTED_ID)
    return int(rows[0]["n"] or 0)
