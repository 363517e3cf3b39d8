"""The rows of the catalogue: listings, imported ids, providers, revisions of prices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from itertools import count
from typing import Any, TypedDict, Unpack

import msgspec
from msgspec import Struct
from piccolo.query.functions import Count

from aggregator.catalog.model import MISSING_BEFORE_WITHDRAWN, Change, CircuitState, ListingRow, ProviderRow
from aggregator.settings import FIRST_IMPORTED_ID
from aggregator.storage import clock, tables, upsert
from aggregator.storage.engine import is_sqlite
from aggregator.storage.id_ranges import drop_before
from aggregator.storage.parameters import values_table
from aggregator.storage.sql import Row, execute
from aggregator.storage.tables import ImportedService, Revision
from aggregator.storage.transaction import engine, off_loop

_LISTING = tables.Listing
_PROVIDER = tables.Provider
_CHANGE = tables.Change
_KEY = ("provider", "service")
_NUMBERED = {"id": "bigint", "provider": "text", "service": "text"}
_IDS_LOCK = 7_204_180_534  # any number that no other program uses on this database


class RevisionRow(Struct, frozen=True, kw_only=True):
    id: int
    file: str
    text: str
    author: str
    at: int


async def listings(provider: str | None = None) -> list[ListingRow]:
    """In the order in which they were first seen."""
    found: list[ListingRow] = []
    after = 0
    while rows := await _page(provider, after):
        found += await off_loop(partial(_as_listings, rows))
        after = rows[-1]["id"]
    return found


async def _page(provider: str | None, after: int) -> list[dict[str, Any]]:
    query = _LISTING.select().where(_LISTING.id > after).order_by(_LISTING.id).limit(upsert.EACH)
    return await (query.where(_LISTING.provider == provider) if provider else query)


def _as_listings(rows: Sequence[Row]) -> list[ListingRow]:
    return [msgspec.convert(dict(row), ListingRow, strict=False) for row in rows]


async def listing(provider: str, service: str) -> ListingRow | None:
    rows = await _LISTING.select().where((_LISTING.provider == provider) & (_LISTING.service == service))
    return msgspec.convert(dict(rows[0]), ListingRow, strict=False) if rows else None


async def listed_types() -> dict[tuple[str, str], str]:
    """The order type of every listing, by provider and their id."""
    found: dict[tuple[str, str], str] = {}
    after = 0
    columns = _LISTING.id, _LISTING.provider, _LISTING.service, _LISTING.type
    while rows := await _LISTING.select(*columns).where(_LISTING.id > after).order_by(_LISTING.id).limit(upsert.EACH):
        found.update(((row["provider"], row["service"]), row["type"]) for row in rows)
        after = rows[-1]["id"]
    return found


async def count_listed() -> dict[str, int]:
    """How many services each provider lists."""
    there = _LISTING.select(_LISTING.provider, Count(alias="n")).where(_LISTING.missing < MISSING_BEFORE_WITHDRAWN)
    rows = await there.group_by(_LISTING.provider)
    return {row["provider"]: int(row["n"]) for row in rows}


async def put_listings(rows: Sequence[ListingRow]) -> None:
    """Write new and changed listings, by provider and their id."""
    now = clock.now()
    changing = [name for name in (*ListingRow.__struct_fields__, "updated_at") if name not in _KEY]
    lines = ({**msgspec.structs.asdict(row), "updated_at": now} for row in rows)
    await upsert.put_many(_LISTING, lines, key=_KEY, overwrites=changing)


class ToldChange(Struct, frozen=True, kw_only=True):
    """A line of the feed; at which provider and when (milliseconds since 1970)."""

    provider: str
    service: str
    name: str
    kind: str
    before: str
    now: str
    at: int


async def add_changes(provider: str, changes: Sequence[Change]) -> None:
    common = {"provider": provider, "at": clock.now()}
    await upsert.put_many(_CHANGE, ({**msgspec.to_builtins(change), **common} for change in changes))


async def changes(*, provider: str | None = None, since: int = 0, limit: int | None = None) -> list[ToldChange]:
    """The feed, newest first, from a moment on (milliseconds since 1970)."""
    query = _CHANGE.select().where(_CHANGE.at >= since).order_by(_CHANGE.id, ascending=False)
    query = query.where(_CHANGE.provider == provider) if provider else query
    rows = await (query.limit(limit) if limit else query)
    return [msgspec.convert(dict(row), ToldChange) for row in rows]


async def drop_old_changes(before: int, *, most: int) -> int:
    """Forget the oldest lines of the feed from before a moment; how many."""
    return await drop_before(_CHANGE, before, column="at", most=most)


async def withdraw(provider: str, service: str, flaw: str) -> None:
    """Take one listing off sale until the next good answer has it."""
    here = (_LISTING.provider == provider) & (_LISTING.service == service)
    await _LISTING.update({_LISTING.flaw: flaw}).where(here)


async def listing_id(provider: str, service: str) -> int:
    """Of its row here; 0 for what is not listed."""
    rows = await _LISTING.select(_LISTING.id).where((_LISTING.provider == provider) & (_LISTING.service == service))
    return int(rows[0]["id"]) if rows else 0


async def imported() -> dict[tuple[str, str], int]:
    """Our id of each service that was ever imported."""
    found: dict[tuple[str, str], int] = {}
    after = 0
    table = ImportedService
    while rows := await table.select().where(table.id > after).order_by(table.id).limit(upsert.EACH):
        found.update(((row["provider"], row["service"]), row["id"]) for row in rows)
        after = rows[-1]["id"]
    return found


async def imported_as(number: int) -> tuple[str, str] | None:
    """The provider and their id of what was imported under an id of ours."""
    rows = await ImportedService.select().where(ImportedService.id == number)
    return (rows[0]["provider"], rows[0]["service"]) if rows else None


async def give_ids(provider: str, services: Iterable[str], *, taken: Collection[int] = ()) -> None:
    """Give an id to each that has none; ids are never given twice, and none of those that are `taken`."""
    if not is_sqlite(engine()):
        # SQL: an advisory lock, rows as one parameter, and the sequence of PostgreSQL.
        await execute(f"select pg_advisory_xact_lock({_IDS_LOCK})")
    known = await imported()
    new = list(dict.fromkeys(service for service in services if (provider, service) not in known))
    numbers = count(max([*known.values(), FIRST_IMPORTED_ID - 1]) + 1)
    free = (number for number in numbers if number not in taken)
    rows = [(number, provider, service) for service, number in zip(new, free, strict=False)]
    for start in range(0, len(rows), upsert.EACH):
        query, values = values_table(_NUMBERED, rows[start : start + upsert.EACH])
        await execute(f"insert into imported_services (id, provider, service) {query}", *values)
    if rows and not is_sqlite(engine()):
        await execute("select setval(pg_get_serial_sequence('imported_services', 'id'), {})", rows[-1][0])


async def providers() -> dict[str, ProviderRow]:
    rows = await _PROVIDER.select()
    return {row["name"]: msgspec.convert(dict(row), ProviderRow, strict=False) for row in rows}


async def provider(name: str) -> ProviderRow:
    rows = await _PROVIDER.select().where(_PROVIDER.name == name)
    return msgspec.convert(dict(rows[0]), ProviderRow, strict=False) if rows else ProviderRow(name=name)


async def ensure_providers(names: Iterable[str]) -> None:
    for name in names:
        await _PROVIDER.insert(_PROVIDER(name=name)).on_conflict(_PROVIDER.name, "DO NOTHING")


class ProviderFields(TypedDict, total=False):
    """What may be written of a provider, by the names of its columns; times in milliseconds since 1970."""

    balance: str
    balance_at: int
    balance_due_at: int
    currency: str | None
    currency_change: str | None
    sync_due_at: int
    synced_at: int
    sync_error: str | None
    held_catalogue: str | None
    catalogue_doubt: str | None
    approved_at: int | None
    failures: int
    rest_until: int
    rest_reason: str | None
    door: str
    too_large: int
    too_large_at: int


async def set_provider(name: str, **fields: Unpack[ProviderFields]) -> None:
    """What is not given stays as it is."""
    await _PROVIDER.update(dict[Any, Any](fields)).where(_PROVIDER.name == name)


async def note_digits(name: str, digits: int) -> None:
    """The provider has printed a charge with so many decimals; the most counts."""
    fewer = (_PROVIDER.name == name) & (_PROVIDER.charge_digits < digits)
    await _PROVIDER.update({_PROVIDER.charge_digits: digits}).where(fewer)


async def set_health(name: str, health: CircuitState) -> None:
    await set_provider(name, failures=health.failures, rest_until=health.rest_until, rest_reason=health.rest_reason)


async def trust_call_offs(name: str) -> bool:
    """Somebody has looked at what a provider called off; whether it had been doubted."""
    doubted = (_PROVIDER.name == name) & _PROVIDER.call_offs_doubted_at.is_not_null()
    changes: dict[Any, Any] = {_PROVIDER.call_offs_doubted_at: None, _PROVIDER.call_offs_looked_at: clock.now()}
    return bool(await _PROVIDER.update(changes).where(doubted).returning(_PROVIDER.name))


async def claim(name: str, column: str, *, until: int) -> bool:
    """Take a provider's due sync or balance reading, so that only one process does it."""
    due = getattr(_PROVIDER, column)
    mine = (_PROVIDER.name == name) & (due <= clock.now())
    return bool(await _PROVIDER.update({due: until}).where(mine).returning(_PROVIDER.name))


async def rename_provider(old: str, new: str) -> None:
    for table in (_LISTING, _CHANGE, ImportedService, tables.Finding):
        await table.update({table.provider: new}).where(table.provider == old)
    await _PROVIDER.delete().where(_PROVIDER.name == new)
    await _PROVIDER.update({_PROVIDER.name: new}).where(_PROVIDER.name == old)


async def newest_revision(file: str) -> RevisionRow | None:
    rows = await Revision.select().where(Revision.file == file).order_by(Revision.id, ascending=False).limit(1)
    return msgspec.convert(dict(rows[0]), RevisionRow) if rows else None


async def was_in_force(file: str, text: str) -> bool:
    """Whether the file ever had this text."""
    return await Revision.exists().where((Revision.file == file) & (Revision.text == text))


async def add_revision(file: str, text: str, author: str) -> int:
    row = Revision(file=file, text=text, author=author, at=clock.now())
    return int((await Revision.insert(row).returning(Revision.id))[0]["id"])


async def revision(number: int) -> RevisionRow | None:
    rows = await Revision.select().where(Revision.id == number)
    return msgspec.convert(dict(rows[0]), RevisionRow) if rows else None


async def revisions(file: str, *, before: int | None = None, limit: int) -> list[RevisionRow]:
    """The newest first; `before` is the last id of the page before."""
    query = Revision.select().where(Revision.file == file).order_by(Revision.id, ascending=False).limit(limit)
    rows = await (query if before is None else query.where(Revision.id < before))
    return [msgspec.convert(dict(row), RevisionRow) for row in rows]
