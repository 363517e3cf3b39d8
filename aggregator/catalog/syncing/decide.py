"""The owner's word on what is held: approve a service or a whole catalogue, or reject a service; each is recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog import learned_store, store
from aggregator.catalog.learned_store import HeldListing
from aggregator.catalog.model import HoldKind
from aggregator.catalog.syncing import holds
from aggregator.errors import CannotBeDone
from aggregator.storage import clock, decisions, signals
from aggregator.storage.transaction import write


class NothingHeld(CannotBeDone):
    """There is nothing to decide; the text says so."""


class Decided(Struct, frozen=True, kw_only=True):
    """One thing that was decided."""

    provider: str
    service: str | None
    """None = the whole catalogue: its next sync is let through."""
    reason: str
    """Why it was held."""
    new_id: int | None = None
    """Ours, where the id came to mean another service."""
    old_id: int | None = None


async def approve(
    provider: str, service: str | None = None, *, actor: str, reason: str, taken: Collection[int] = ()
) -> list[Decided]:
    """Believe a service as it is published now; without one the held catalogue, else all that waits there.

    `taken`: ids of ours that no listing may be given. What was rejected is approved by its name only.
    Raises `NothingHeld`.
    """

    async def work() -> list[Decided]:
        row = await store.provider(provider)
        if service is None and row.held_catalogue is not None:
            decided = [await _let_through(provider, row.held_catalogue, actor=actor, reason=reason)]
        else:
            held = await _held(provider, service)
            decided = [await _believe(one, taken, actor=actor, reason=reason) for one in held]
        await _announce()
        return decided

    return await write(work)


async def approve_rises(provider: str, *, under: Decimal, actor: str, reason: str) -> list[Decided]:
    """Believe all prices of a provider that rose by less than so many percent. Raises `NothingHeld`."""

    async def work() -> list[Decided]:
        found = [one for one in await learned_store.held(provider) if _rose_by_less(one, under)]
        if not found:
            raise NothingHeld(f"no price of {provider} is held that rose by less than {under:f} %")
        return await _believe_all(found, (), actor=actor, reason=reason)

    return await write(work)


async def approve_seen(
    seen: Mapping[int, str], *, actor: str, reason: str, taken: Collection[int] = ()
) -> list[Decided]:
    """Believe what an owner saw: the texts of holds by the ids of their rows; all or none. `taken` as in `approve`.

    Raises `NothingHeld`, also where one of them is held for another reason by now.
    """

    async def work() -> list[Decided]:
        found = {one.id: one for one in await learned_store.held() if seen.get(one.id) == one.hold.text}
        if not found or set(found) != set(seen):
            raise NothingHeld("something of it changed in the meantime: look at it again")
        return await _believe_all(list(found.values()), taken, actor=actor, reason=reason)

    return await write(work)


def _rose_by_less(one: HeldListing, percent: Decimal) -> bool:
    if one.hold.kind is not HoldKind.DEARER or one.hold.rejected:
        return False
    rise = holds.rise_percent(one.hold.accepted, one.row)
    return rise is not None and rise < percent


async def _believe_all(
    found: Sequence[HeldListing], taken: Collection[int], *, actor: str, reason: str
) -> list[Decided]:
    decided = [await _believe(one, taken, actor=actor, reason=reason) for one in found]
    await _announce()
    return decided


async def reject(provider: str, service: str, *, actor: str, reason: str) -> Decided:
    """Keep it held, and do not ask again until the provider publishes something else. Raises `NothingHeld`."""

    async def work() -> Decided:
        (one,) = await _held(provider, service)
        await _replace(one, rejected=True)
        await _record(one, "rejected", actor=actor, reason=reason)
        await _announce()
        return Decided(provider=provider, service=service, reason=one.hold.reason)

    return await write(work)


async def _let_through(provider: str, held: str, *, actor: str, reason: str) -> Decided:
    await decisions.record("catalogue", 0, "approved", f"{provider}: {held}", actor=actor, reason=reason)
    await store.set_provider(provider, approved_at=clock.now(), sync_due_at=0)
    return Decided(provider=provider, service=None, reason=held)


async def _held(provider: str, service: str | None) -> list[HeldListing]:
    found = await learned_store.held(provider, service)
    if service is None:
        found = [one for one in found if not one.hold.rejected]
    if not found:
        what = provider if service is None else f"{provider}:{service}"
        raise NothingHeld(f"nothing of {what} is held: see aggregator services held")
    return found


async def _believe(one: HeldListing, taken: Collection[int], *, actor: str, reason: str) -> Decided:
    await _replace(one, rejected=False)
    await _record(one, "approved", actor=actor, reason=reason)
    decided = Decided(provider=one.row.provider, service=one.row.service, reason=one.hold.reason)
    if one.hold.kind is HoldKind.OVERCHARGED:
        await learned_store.agree(one)
    if one.hold.kind is not HoldKind.REUSED:
        return decided
    key = (one.row.provider, one.row.service)
    before = (await store.imported()).get(key)
    await learned_store.begin_anew(*key, taken=taken)
    return replace(decided, old_id=before, new_id=(await store.imported())[key])


async def _replace(one: HeldListing, *, rejected: bool) -> None:
    hold = replace(one.hold, rejected=True) if rejected else None
    if not await learned_store.replace_hold(one, hold):
        raise NothingHeld(f"{one.row.provider}:{one.row.service} changed in the meantime: look at it again")


async def _record(one: HeldListing, verdict: str, *, actor: str, reason: str) -> None:
    detail = f"{one.row.provider}:{one.row.service} {one.hold.reason}"
    await decisions.record("listing", one.id, verdict, detail, actor=actor, reason=reason)


async def _announce() -> None:
    await signals.raise_signal(signals.CATALOGUE)
    await signals.raise_signal(signals.WORK)
