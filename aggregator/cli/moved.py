"""Finds providers whose address or key was changed under orders that are still followed, before anything serves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec.structs import replace

from aggregator.orders.upstream_ids import account_door_store
from aggregator.settings import PROVIDERS_FILE, ProviderSettings, Settings
from aggregator.settings.faults import Fault
from aggregator.storage import migrations
from aggregator.storage.engine import Sqlite, bind, create_engine


async def moved(settings: Settings) -> list[Fault]:
    """A warning for each; none where the database cannot be asked: to look at files must not need one."""
    try:
        async with _as_it_is(settings) as is_there:
            return await _moved(settings) if is_there else []
    except Exception:  # noqa: BLE001  # away, of a later version, another's: serve will say so
        return []


async def _moved(settings: Settings) -> list[Fault]:
    found = list[Fault]()
    for one in settings.providers:
        for known_as in {one.profile.name, one.formerly or one.profile.name}:
            profile = replace(one.profile, name=known_as)
            doors = await account_door_store.doors_of(profile)
            away = sum(door.orders for door in await account_door_store.foreign(known_as, doors))
            if away:
                found.append(_warning(settings, one, away))
    return found


def _warning(settings: Settings, one: ProviderSettings, away: int) -> Fault:
    name, orders = one.profile.name, "1 order that is" if away == 1 else f"{away} orders that are"
    message = (
        f"{name} has another address or key than when it took {orders} still followed: put them back, or, if it is the"
        f" same account, say so with providers confirm-account {name}"
    )
    return Fault(str(settings.directory / PROVIDERS_FILE), one.line, message)


@asynccontextmanager
async def _as_it_is(settings: Settings) -> AsyncIterator[bool]:
    """The database, neither made nor migrated; False where there is none that is up to date."""
    engine = create_engine(settings.database_url)
    if isinstance(engine, Sqlite) and not _exists(engine):
        yield False
        return
    bind(engine)
    await engine.open()
    try:
        yield not await migrations.missing()
    finally:
        await engine.close()


def _exists(engine: Sqlite) -> bool:
    return Path(engine.path).exists()
