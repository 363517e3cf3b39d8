"""Who is signed in: sessions kept in the database under the hash of an id that only the browser holds."""

from __future__ import annotations

from aggregator.people import store
from aggregator.people.model import Session, Stage, digest, make_token
from aggregator.storage import clock
from aggregator.storage.clock import DAY_MS, HOUR_MS

IDLE_MS = 12 * HOUR_MS
LONGEST_MS = 14 * DAY_MS
CODE_MS = 10 * 60_000
"""How long a right password waits for its code."""
_SEEN_MS = 60_000
"""How often it is noted that a session is in use."""


async def start(person: int, *, stage: Stage = Stage.FULL, instead_of: str = "") -> str:
    """A session with a new id; the old one, whoever planted or stole it, opens nothing any more."""
    token = make_token()
    await store.drop_session(digest(instead_of))
    await store.insert_session(digest(token), person, stage)
    if stage is Stage.FULL:
        await store.signed_in(person)
        now = clock.now()
        await store.drop_old_sessions(seen_before=now - IDLE_MS, created_before=now - LONGEST_MS)
    return token


async def find(token: str) -> Session | None:
    """Who holds this id; None for one that is unknown, ended, or too long unused."""
    now = clock.now()
    found = await store.session(digest(token), seen_since=now - IDLE_MS, created_since=now - LONGEST_MS)
    if found is None:
        return None
    session, seen_at = found
    if session.stage is Stage.CODE:
        return session if seen_at >= now - CODE_MS else None
    if seen_at < now - _SEEN_MS:
        await store.see_session(digest(token))
    return session


async def end(token: str) -> None:
    """Sign out here."""
    await store.drop_session(digest(token))


async def end_all(person: int, *, but: str = "") -> None:
    """Sign out everywhere, except where this id is held."""
    await store.drop_sessions(person, but=digest(but))
