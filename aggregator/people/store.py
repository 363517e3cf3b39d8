"""The rows of people, their sessions and invitations."""

from __future__ import annotations

from typing import Any

import msgspec

from aggregator.people.model import Invitation, Owner, Person, Role, Session, Stage
from aggregator.storage import clock, tables
from aggregator.storage.tables import Invite

_PERSON = tables.Person
_SESSION = tables.Session


class Secrets(msgspec.Struct, frozen=True):
    """A person with what proves them."""

    person: Person
    password: str
    totp: str | None
    """The secret of their one-time codes, as `people.encryption` keeps it."""
    recovery: tuple[str, ...]
    """Digests of the codes that are left."""


async def insert(name: str, role: Role, password: str, *, reseller: int | None = None) -> int:
    row = _PERSON(name=name, role=role.value, reseller=reseller, password=password, created_at=clock.now())
    inserted = await _PERSON.insert(row).returning(_PERSON.id)
    return int(inserted[0]["id"])


async def find(name: str) -> Secrets | None:
    rows = await _PERSON.select().where(_PERSON.name == name)
    return _secrets(rows[0]) if rows else None


async def get(person: int) -> Secrets:
    rows = await _PERSON.select().where(_PERSON.id == person)
    return _secrets(rows[0])


async def of_reseller(reseller: int) -> list[Person]:
    rows = await _PERSON.select().where(_PERSON.reseller == reseller).order_by(_PERSON.id)
    return [_person(row) for row in rows]


async def owners() -> list[Owner]:
    """The one that was made first comes first."""
    columns = (_PERSON.name, _PERSON.totp, _PERSON.created_at, _PERSON.signed_in_at)
    rows = await _PERSON.select(*columns).where(_PERSON.role == Role.OWNER.value).order_by(_PERSON.id)
    return [msgspec.convert({**row, "totp": row["totp"] is not None}, Owner) for row in rows]


async def set_password(person: int, password: str) -> None:
    await _PERSON.update({_PERSON.password: password}).where(_PERSON.id == person)


async def set_totp(person: int, secret: str | None, recovery: list[str]) -> None:
    changes: dict[Any, Any] = {_PERSON.totp: secret, _PERSON.recovery: msgspec.json.encode(recovery).decode()}
    await _PERSON.update(changes).where(_PERSON.id == person)


async def with_codes() -> list[Secrets]:
    rows = await _PERSON.select().where(_PERSON.totp.is_not_null()).order_by(_PERSON.id)
    return [_secrets(row) for row in rows]


async def reseal_totp(person: int, before: str | None, after: str) -> None:
    """Keep the same secret in another way, unless it is another by now."""
    await _PERSON.update({_PERSON.totp: after}).where((_PERSON.id == person) & (_PERSON.totp == before))


async def take_step(person: int, step: int) -> bool:
    """Use up a step of the one-time codes; False where it, or a later one, was used."""
    fresh = (_PERSON.id == person) & (_PERSON.totp_step < step)
    return bool(await _PERSON.update({_PERSON.totp_step: step}).where(fresh).returning(_PERSON.id))


async def take_recovery(secrets: Secrets, digest: str) -> bool:
    """Use up a recovery code; False where it is none of theirs, or was used meanwhile."""
    if digest not in secrets.recovery:
        return False
    before = msgspec.json.encode(secrets.recovery).decode()
    after = msgspec.json.encode([code for code in secrets.recovery if code != digest]).decode()
    same = (_PERSON.id == secrets.person.id) & (_PERSON.recovery == before)
    return bool(await _PERSON.update({_PERSON.recovery: after}).where(same).returning(_PERSON.id))


async def signed_in(person: int) -> None:
    await _PERSON.update({_PERSON.signed_in_at: clock.now()}).where(_PERSON.id == person)


async def insert_session(digest: str, person: int, stage: Stage) -> None:
    now = clock.now()
    await _SESSION.insert(_SESSION(digest=digest, person=person, stage=stage.value, created_at=now, seen_at=now))


async def session(digest: str, *, seen_since: int, created_since: int) -> tuple[Session, int] | None:
    """The session of this digest that is neither idle nor too old, and when it was last seen."""
    # SQL: it joins, and the tables name no foreign keys to Piccolo.
    rows = await _SESSION.raw(
        "select s.stage, s.seen_at, p.id, p.name, p.role, p.reseller, p.totp"
        " from sessions s join people p on p.id = s.person"
        " where s.digest = {} and s.seen_at >= {} and s.created_at >= {}",
        digest,
        seen_since,
        created_since,
    )
    if not rows:
        return None
    return Session(person=_person(rows[0]), stage=Stage(rows[0]["stage"])), int(rows[0]["seen_at"])


async def see_session(digest: str) -> None:
    await _SESSION.update({_SESSION.seen_at: clock.now()}).where(_SESSION.digest == digest)


async def drop_session(digest: str) -> None:
    await _SESSION.delete().where(_SESSION.digest == digest)


async def drop_sessions(person: int, *, but: str = "") -> None:
    await _SESSION.delete().where((_SESSION.person == person) & (_SESSION.digest != but))


async def drop_old_sessions(*, seen_before: int, created_before: int) -> None:
    await _SESSION.delete().where((_SESSION.seen_at < seen_before) | (_SESSION.created_at < created_before))


async def insert_invite(digest: str, *, reseller: int | None, author: str, until: int) -> None:
    row = Invite(digest=digest, reseller=reseller, author=author, created_at=clock.now(), expires_at=until)
    await Invite.insert(row)


async def invite(digest: str) -> Invitation | None:
    """An invitation that is still good."""
    good = (Invite.digest == digest) & Invite.used_at.is_null() & (Invite.expires_at > clock.now())
    rows = await Invite.select().where(good)
    return Invitation(reseller=rows[0]["reseller"]) if rows else None


async def take_invite(digest: str) -> bool:
    """Use an invitation up; False where it is not, or no longer, good."""
    good = (Invite.digest == digest) & Invite.used_at.is_null() & (Invite.expires_at > clock.now())
    return bool(await Invite.update({Invite.used_at: clock.now()}).where(good).returning(Invite.digest))


def _person(row: dict[str, Any]) -> Person:
    reseller = row["reseller"]
    return Person(
        id=int(row["id"]),
        name=row["name"],
        role=Role(row["role"]),
        reseller=None if reseller is None else int(reseller),
        totp=row["totp"] is not None,
    )


def _secrets(row: dict[str, Any]) -> Secrets:
    return Secrets(_person(row), row["password"], row["totp"], tuple(msgspec.json.decode(row["recovery"])))
