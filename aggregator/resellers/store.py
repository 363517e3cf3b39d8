"""The rows of resellers and keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from aggregator.resellers.model import Caller, KeyRow, KeyRules, Reseller
from aggregator.storage import clock, tables
from aggregator.storage.parameters import in_list
from aggregator.storage.sql import execute
from aggregator.storage.tables import ApiKey

_RESELLER = tables.Reseller


async def find(name: str) -> Reseller | None:
    rows = await _RESELLER.select().where(_RESELLER.name == name)
    return _reseller(rows[0]) if rows else None


async def find_by_id(reseller: int) -> Reseller | None:
    rows = await _RESELLER.select().where(_RESELLER.id == reseller)
    return _reseller(rows[0]) if rows else None


async def get(reseller: int) -> Reseller:
    rows = await _RESELLER.select().where(_RESELLER.id == reseller)
    return _reseller(rows[0])


async def all_with_balances() -> list[tuple[Reseller, int]]:
    # SQL: it joins, and the tables name no foreign keys to Piccolo.
    rows = await _RESELLER.raw(
        "select r.*, w.balance from resellers r join wallets w on w.reseller = r.id order by r.id"
    )
    return [(_reseller(row), int(row["balance"])) for row in rows]


async def insert(name: str, *, tier: str, spelling: str) -> int:
    row = _RESELLER(name=name, tier=tier, spelling=spelling, frozen=False, created_at=clock.now())
    inserted = await _RESELLER.insert(row).returning(_RESELLER.id)
    return int(inserted[0]["id"])


async def update(reseller: int, *, tier: str | None, spelling: str | None, frozen: bool | None) -> None:
    given = {_RESELLER.tier: tier, _RESELLER.spelling: spelling, _RESELLER.frozen: frozen}
    changes: dict[Any, Any] = {column: value for column, value in given.items() if value is not None}
    if changes:
        await _RESELLER.update(changes).where(_RESELLER.id == reseller)


async def insert_key(reseller: int, *, prefix: str, digest: str, rules: KeyRules) -> int:
    row = ApiKey(
        reseller=reseller, prefix=prefix, digest=digest, created_at=clock.now(), **msgspec.structs.asdict(rules)
    )
    inserted = await ApiKey.insert(row).returning(ApiKey.id)
    return int(inserted[0]["id"])


async def keys_of(reseller: int) -> list[KeyRow]:
    """The oldest first, revoked ones among them."""
    return [_key(row) for row in await ApiKey.select().where(ApiKey.reseller == reseller).order_by(ApiKey.id)]


async def update_key(key: int, rules: KeyRules) -> None:
    changes: dict[Any, Any] = msgspec.structs.asdict(rules)
    await ApiKey.update(changes).where(ApiKey.id == key)


async def end_key(reseller: int, key: int, *, at: int) -> None:
    """Let a key of the reseller's end, never later than it would."""
    later = ApiKey.revoked_at.is_null() | (ApiKey.revoked_at > at)
    mine = (ApiKey.id == key) & (ApiKey.reseller == reseller)
    await ApiKey.update({ApiKey.revoked_at: at}).where(mine & later)


async def revoke(prefix: str) -> None:
    """Revoke the live keys with this prefix."""
    await ApiKey.update({ApiKey.revoked_at: clock.now()}).where((ApiKey.prefix == prefix) & _live())


async def live_keys(prefix: str) -> list[KeyRow]:
    """Those that begin so: mostly one."""
    return [_key(row) for row in await ApiKey.select().where((ApiKey.prefix == prefix) & _live())]


def _live() -> Any:
    """A replaced key works until the moment that is set for its end."""
    return ApiKey.revoked_at.is_null() | (ApiKey.revoked_at > clock.now())


async def callers(digests: Sequence[str]) -> list[Caller | None]:
    """Whoever holds the key with each digest; None for one that was revoked or never given."""
    these, values = in_list("k.digest", digests)
    # SQL: it joins, for keys that come as one parameter; measured.
    rows = await execute(
        "select k.digest, k.id as key, k.spelling as key_spelling, k.requests_per_second, k.read_only, k.same_link,"
        " k.duplicate_seconds, k.addresses,"
        " r.id, r.name, r.tier, r.spelling, r.frozen"
        f" from api_keys k join resellers r on r.id = k.reseller where {these}"
        " and (k.revoked_at is null or k.revoked_at > {})",
        values,
        clock.now(),
    )
    found = {row["digest"]: _caller(row) for row in rows}
    return [found.get(digest) for digest in digests]


def _caller(row: Mapping[str, Any]) -> Caller:
    limit = row["requests_per_second"]
    return Caller(
        reseller=_reseller(row),
        key=row["key"],
        spelling=row["key_spelling"] or row["spelling"],
        requests_per_second=Decimal(limit) if limit is not None else None,
        read_only=bool(row["read_only"]),
        same_link=row["same_link"],
        duplicate_seconds=row["duplicate_seconds"],
        addresses=row["addresses"],
    )


def _key(row: Mapping[str, Any]) -> KeyRow:
    # SQLite tells booleans as 0 and 1.
    rules = msgspec.convert(dict(row), KeyRules, strict=False)
    return msgspec.convert({**row, "rules": rules}, KeyRow, strict=False)


def _reseller(row: Mapping[str, Any]) -> Reseller:
    # SQLite tells booleans as 0 and 1.
    return msgspec.convert(dict(row), Reseller, strict=False)
