"""What a reseller does with its own keys: make, rename, replace with a time in which both work, and revoke."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Struct

from aggregator.resellers import store
from aggregator.resellers.accounts import Refusal
from aggregator.resellers.addresses import read_addresses
from aggregator.resellers.model import PREFIX_LENGTH, KeyRow, KeyRules, digest, make_key
from aggregator.storage import clock, signals
from aggregator.storage.clock import DAY_MS, HOUR_MS
from aggregator.storage.transaction import write
from pricing.money import read_decimal

MOST_KEYS = 25
"""Live ones of one reseller."""
LONGEST_LABEL = 60
OVERLAP_MS = {"0": 0, "1": HOUR_MS, "24": DAY_MS, "168": 7 * DAY_MS}
"""How long a replaced key goes on, by hours."""


class Key(Struct, frozen=True, kw_only=True):
    """A key as its reseller sees it."""

    id: int
    prefix: str
    rules: KeyRules
    created_at: int
    revoked_at: int | None
    """May lie ahead: a replaced key works until then."""
    live: bool


def read_rules(
    *, label: str, spelling: str, rate: str, addresses: str, read_only: bool, most_per_second: Decimal
) -> KeyRules:
    """What a reseller wants of a key, or `Refusal`; `most_per_second` is the panel's own limit, 0 = none."""
    try:
        allowed = read_addresses(addresses)
    except ValueError as error:
        raise Refusal(f"The list of addresses cannot be read: {error}.") from None
    return KeyRules(
        label=label[:LONGEST_LABEL],
        spelling=spelling or None,
        requests_per_second=_read_rate(rate, most_per_second),
        addresses=allowed,
        read_only=read_only,
    )


def _read_rate(text: str, most: Decimal) -> str | None:
    if not text.strip():
        return None
    try:
        rate = read_decimal(text.strip())
    except ValueError:
        raise Refusal("The limit must be a plain number of requests a second, such as 0.5.") from None
    if rate <= 0 or (most > 0 and rate > most):
        highest = f" and at most {most:f}, which is the panel's" if most > 0 else ""
        raise Refusal(f"The limit must be above 0{highest}.")
    return f"{rate:f}"


async def of_reseller(reseller: int) -> list[Key]:
    """The live ones first, and among them the newest."""
    now = clock.now()
    keys = [_key(row, now) for row in await store.keys_of(reseller)]
    return sorted(keys, key=lambda key: (not key.live, -key.id))


async def make(reseller: int, rules: KeyRules) -> str:
    """A new key, shown this once; `Refusal` where there are too many."""
    key = make_key()

    async def work() -> None:
        if sum(one.live for one in await of_reseller(reseller)) >= MOST_KEYS:
            raise Refusal(f"There are {MOST_KEYS} keys already: revoke one first.")
        await store.insert_key(reseller, prefix=key[:PREFIX_LENGTH], digest=digest(key), rules=rules)

    await write(work)
    return key


async def change(reseller: int, key: int, rules: KeyRules) -> None:
    """Other rules for a live key; what it says of same links and repeats stays."""

    async def work() -> None:
        old = await _live(reseller, key)
        kept = msgspec.structs.replace(
            rules, same_link=old.rules.same_link, duplicate_seconds=old.rules.duplicate_seconds
        )
        await store.update_key(key, kept)
        await signals.raise_signal(signals.KEYS)

    await write(work)


async def replace(reseller: int, key: int, *, overlap_ms: int) -> str:
    """A new key with the same rules, shown this once; the old one goes on for a while."""
    new = make_key()

    async def work() -> None:
        old = await _live(reseller, key)
        await store.insert_key(reseller, prefix=new[:PREFIX_LENGTH], digest=digest(new), rules=old.rules)
        await store.end_key(reseller, key, at=clock.now() + overlap_ms)
        await signals.raise_signal(signals.KEYS)

    await write(work)
    return new


async def revoke(reseller: int, key: int) -> None:
    """Useless at once, in every process; a key that already is stays so."""

    async def work() -> None:
        await store.end_key(reseller, key, at=clock.now())
        await signals.raise_signal(signals.KEYS)

    await write(work)


async def _live(reseller: int, key: int) -> Key:
    found = next((one for one in await of_reseller(reseller) if one.id == key and one.live), None)
    if found is None:
        raise Refusal("There is no such key, or it was revoked.")
    return found


def _key(row: KeyRow, now: int) -> Key:
    ended = row.revoked_at
    return Key(
        id=row.id,
        prefix=row.prefix,
        rules=row.rules,
        created_at=row.created_at,
        revoked_at=ended,
        live=ended is None or ended > now,
    )
