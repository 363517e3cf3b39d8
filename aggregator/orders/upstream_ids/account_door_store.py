"""The rows of doors: which lead to one account at a provider, and which orders went through others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.orders.attempt_store import FOLLOWED
from aggregator.orders.model import Undecidable
from aggregator.orders.upstream_ids.account_doors import Doors, ForeignDoor, account_door
from aggregator.storage import clock, decisions
from aggregator.storage.tables import AccountDoor, Attempt
from aggregator.storage.transaction import write
from providers.adapter import Profile


async def doors_of(profile: Profile) -> Doors:
    """The doors to the account that a provider's address and key lead to now."""
    here = account_door(profile)
    there = AccountDoor.provider == profile.name
    account = AccountDoor.select(AccountDoor.account).where(there & (AccountDoor.door == here))
    rows = await AccountDoor.select(AccountDoor.door).where(there & AccountDoor.account.is_in(account))
    return Doors(here, frozenset(row["door"] for row in rows))


async def foreign(provider: str, doors: Doors) -> list[ForeignDoor]:
    """Doors that lead elsewhere and that orders went through which are still followed; those most used first."""
    # SQL: a union of partial indexes, joined.
    rows = await Attempt.raw(
        f"select a.door, count(*) as orders, min(a.created_at) as since from {FOLLOWED} where a.id = followed.id"
        " and a.provider = {} and a.door is not null group by a.door order by count(*) desc, a.door",
        provider,
    )
    found = [ForeignDoor(door=row["door"], orders=int(row["orders"]), since=row["since"]) for row in rows]
    return [one for one in found if not doors.lead_to(one.door)]


async def confirm(profile: Profile, door: str, *, actor: str, reason: str) -> ForeignDoor:
    """The owner says that a door (its first letters; "" = the only one) leads to the account of today.

    What waits because of it is asked about at once.
    """
    doors = await doors_of(profile)
    chosen = _choose(profile.name, await foreign(profile.name, doors), door)

    async def work() -> None:
        await _make_same(profile.name, doors.here, chosen.door)
        detail = f"{profile.name}: {chosen.short} is {doors.here[:8]}"
        await decisions.record("provider", 0, "same account", detail, actor=actor, reason=reason)
        waiting = (Attempt.provider == profile.name) & (Attempt.door == chosen.door) & Attempt.poll_at.is_not_null()
        await Attempt.update({Attempt.poll_at: clock.now()}).where(waiting)

    await write(work)
    return chosen


def _choose(provider: str, found: Sequence[ForeignDoor], door: str) -> ForeignDoor:
    matching = [one for one in found if one.door.startswith(door)]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        raise Undecidable(f"no order at {provider} waits for another account" + (f" {door}" if door else ""))
    told = ", ".join(f"{one.short} ({one.orders} since {clock.tell(one.since)})" for one in matching)
    raise Undecidable(f"orders at {provider} went to several accounts: {told}; say which with --door")


async def _make_same(provider: str, here: str, door: str) -> None:
    """Both accounts are one from now on, with all doors that lead to either."""
    known = await _accounts(provider)
    target, other = known.get(here, here), known.get(door, door)
    for one in (here, door):
        row = AccountDoor(provider=provider, door=one, account=target, at=clock.now())
        await AccountDoor.insert(row).on_conflict((AccountDoor.provider, AccountDoor.door), "DO NOTHING")
    mine = (AccountDoor.provider == provider) & AccountDoor.account.is_in([other])
    await AccountDoor.update({AccountDoor.account: target}).where(mine)


async def _accounts(provider: str) -> Mapping[str, str]:
    rows = await AccountDoor.select().where(AccountDoor.provider == provider)
    return {row["door"]: row["account"] for row in rows}


async def adopt(profile: Profile) -> None:
    """What is still followed from before doors were kept went, as far as we know, through the one of today."""
    # SQL: it updates what a union of partial indexes finds.
    await write(
        lambda: Attempt.raw(
            f"update attempts set door = {{}} where id in (select a.id from {FOLLOWED}"
            " where a.id = followed.id and a.provider = {} and a.door is null)",
            account_door(profile),
            profile.name,
        ).run()
    )


async def rename_provider(old: str, new: str) -> None:
    await AccountDoor.delete().where(AccountDoor.provider == new)
    await AccountDoor.update({AccountDoor.provider: new}).where(AccountDoor.provider == old)
