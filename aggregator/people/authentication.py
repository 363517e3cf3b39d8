"""How people come in: owners made at the command line, resellers who sign up, invitations, passwords and codes."""

from __future__ import annotations

import secrets as random

import structlog
from msgspec import Struct

from aggregator.people import codes, passwords, sessions, store
from aggregator.people.encryption import CannotDecrypt, Encryption, is_encrypted
from aggregator.people.model import Person, Role, Stage, digest, make_token, read_name
from aggregator.people.store import Secrets
from aggregator.resellers import accounts
from aggregator.resellers import store as reseller_store
from aggregator.resellers.accounts import Refusal
from aggregator.settings.files import CannotWrite
from aggregator.storage import clock, decisions
from aggregator.storage.clock import DAY_MS
from aggregator.storage.engine import is_unique_violation
from aggregator.storage.transaction import write

log = structlog.get_logger(__name__)

INVITED_MS = 7 * DAY_MS
NAME_RULE = "A name has 3 to 64 characters: letters, digits and . _ @ + - (an e-mail address will do)."

_HELP = "set AGGREGATOR_SECRET, to what it was; or aggregator owners reset NAME, which takes codes off"
NO_INVITE = "Signing up needs a good invitation: this one was used, or has expired."


class InvalidCredentials(Exception):
    """The name, the password or the code is not right; which of them is nobody's business."""


class WrongPassword(InvalidCredentials):
    """It is the password that is not right, where somebody is signed in already."""


class CodesClosed(InvalidCredentials):
    """Nobody can check this person's one-time codes: their secret does not open."""

    def __init__(self) -> None:
        super().__init__("Codes cannot be checked here just now. Take a recovery code, or ask the owner to let you in.")


class SignedIn(Struct, frozen=True):
    """A session that has begun; `stage` says whether a code is still owed."""

    token: str
    stage: Stage


async def sign_in(name: str, password: str, *, instead_of: str) -> SignedIn:
    """Check a password and begin a session; raises `InvalidCredentials`, `passwords.TooBusy`."""
    known = await store.find(read_name(name) or "")
    if not await passwords.verify(password, known.password if known else None) or known is None:
        raise InvalidCredentials
    stage = Stage.CODE if known.person.totp else Stage.FULL
    return SignedIn(await sessions.start(known.person.id, stage=stage, instead_of=instead_of), stage)


async def submit_code(person: Person, code: str, *, seal: Encryption, instead_of: str) -> str:
    """Check a one-time or recovery code; the id of the full session. Raises `InvalidCredentials`."""
    await prove_code(await store.get(person.id), code, seal)
    return await sessions.start(person.id, instead_of=instead_of)


async def prove_code(known: Secrets, code: str, seal: Encryption) -> None:
    """Raises `InvalidCredentials`; a code that was used once is wrong from then on."""
    secret = _opened(known, seal)
    step = codes.step_of(secret, code, clock.now()) if secret else None
    if step is not None and await store.take_step(known.person.id, step):
        return
    if not await store.take_recovery(known, codes.recovery_digest(code)):
        raise CodesClosed if known.totp and not secret else InvalidCredentials


def _opened(known: Secrets, seal: Encryption) -> str | None:
    """The secret of their codes; None where there is none, or where nobody can read it."""
    if known.totp is None or not is_encrypted(known.totp):
        return known.totp
    try:
        return seal.decrypt(known.totp, known.person.id)
    except CannotDecrypt as error:
        log.warning("codes.closed", person=known.person.name, why=str(error), help=_HELP)
        return None


async def encrypt_codes(seal: Encryption) -> None:
    """Seal what lies open since before there was a seal, and anew what another of our secrets sealed."""
    try:
        for known in await store.with_codes():
            assert known.totp is not None
            if not seal.uses_current_key(known.totp) and (secret := _opened(known, seal)):
                await store.reseal_totp(known.person.id, known.totp, seal.encrypt(secret, known.person.id))
    except CannotWrite as error:
        log.warning("codes.unsealed", why=str(error), help=_HELP)


async def is_welcome(invite: str | None, *, policy: str) -> bool:
    """Whether somebody may sign up: anyone where the doors are open, else whoever holds a good invitation.

    Where they are closed, only a reseller that is here already can be invited.
    """
    found = await store.invite(digest(invite)) if invite is not None else None
    return policy == "open" or (found is not None and (policy == "invite" or found.reseller is not None))


async def invited_for(invite: str | None) -> str | None:
    """The name of the reseller whom a good invitation gives a sign-in; None where it makes a new one."""
    found = await store.invite(digest(invite)) if invite is not None else None
    if found is None or found.reseller is None:
        return None
    reseller = await reseller_store.find_by_id(found.reseller)
    return reseller.name if reseller is not None else None


async def sign_up(name: str, password: str, *, invite: str | None, policy: str, currency: str) -> int:
    """Take a reseller in, or give one that is here a sign-in; the person's id. `policy` is [panel] sign_up."""
    if not await is_welcome(invite, policy=policy):
        raise Refusal(NO_INVITE)
    kept = _judged(name, password)
    hashed = await passwords.hash_password(password)

    async def work() -> int:
        reseller = None
        if invite is not None:
            found = await store.invite(digest(invite))
            if found is None or not await store.take_invite(digest(invite)):
                raise Refusal(NO_INVITE)
            reseller = found.reseller
        if reseller is None:
            reseller = await accounts.open_account(kept, currency=currency)
        return await store.insert(kept, Role.RESELLER, hashed, reseller=reseller)

    return await _unless_taken(kept, work)


async def invite(*, reseller: int | None, author: str, reason: str = "") -> str:
    """An invitation, good once and for a week: to this reseller, or to whoever becomes a new one."""
    token = make_token()
    whom = "a new reseller" if reseller is None else ""

    async def work() -> None:
        await store.insert_invite(digest(token), reseller=reseller, author=author, until=clock.now() + INVITED_MS)
        await decisions.record("reseller", reseller or 0, "invited", whom, actor=author, reason=reason)

    await write(work)
    return token


async def add_owner(name: str, password: str) -> None:
    kept = _judged(name, password)
    hashed = await passwords.hash_password(password)
    await _unless_taken(kept, lambda: store.insert(kept, Role.OWNER, hashed))


async def reset(name: str, password: str) -> None:
    """A new password, no code asked for, signed out everywhere: for whoever has lost what proves them."""
    known = await store.find(read_name(name) or "")
    if known is None:
        raise Refusal(f"nobody is called {name}")
    _judged(name, password)
    await store.set_password(known.person.id, await passwords.hash_password(password))
    await store.set_totp(known.person.id, None, [])
    await sessions.end_all(known.person.id)


async def change_password(person: Person, old: str, new: str, *, here: str) -> str:
    """Set a new password and sign out everywhere else; the new id of the session here. Raises `InvalidCredentials`."""
    if not await passwords.verify(old, (await store.get(person.id)).password):
        raise InvalidCredentials
    _judged(person.name, new)
    await store.set_password(person.id, await passwords.hash_password(new))
    await sessions.end_all(person.id, but=here)
    return await sessions.start(person.id, instead_of=here)


async def start_codes(
    person: Person, secret: str, code: str, *, password: str, seal: Encryption, here: str
) -> tuple[list[str], str]:
    """Ask for codes from now on; the recovery codes, shown this once, and the new id of the session here.

    The password is asked for: whoever finds an open browser must not lock its owner out. Raises `WrongPassword`,
    `InvalidCredentials` for the code, and `Refusal` where codes are asked for already (to change them, prove the old
    ones first) or the secret cannot be encrypted.
    """
    known = await store.get(person.id)
    if known.totp is not None:
        raise Refusal("Codes are asked for already: turn them off first.")
    if not await passwords.verify(password, known.password):
        raise WrongPassword
    if not codes.is_secret(secret):
        raise InvalidCredentials
    step = codes.step_of(secret, code, clock.now())
    if step is None:
        raise InvalidCredentials
    try:
        sealed = seal.encrypt(secret, person.id)
    except CannotWrite as error:
        log.warning("codes.unsealed", why=str(error), help=_HELP)
        raise Refusal("Codes cannot be set up yet: the panel's owner must set AGGREGATOR_SECRET first.") from error
    recovery = codes.make_recovery_codes()
    await store.set_totp(person.id, sealed, [codes.recovery_digest(each) for each in recovery])
    await store.take_step(person.id, step)
    await sessions.end_all(person.id, but=here)
    return recovery, await sessions.start(person.id, instead_of=here)


async def stop_codes(person: Person, code: str, *, seal: Encryption, here: str) -> str:
    """Ask for codes no longer; raises `InvalidCredentials`. The new id of the session here."""
    await prove_code(await store.get(person.id), code, seal)
    await store.set_totp(person.id, None, [])
    return await sessions.start(person.id, instead_of=here)


def make_password() -> str:
    """A password for somebody who has none yet: 100 random bits in five groups."""
    text = "".join(random.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(20))
    return "-".join(text[start : start + 4] for start in range(0, 20, 4))


def _judged(name: str, password: str) -> str:
    kept = read_name(name)
    if kept is None:
        raise Refusal(NAME_RULE)
    if wrong := passwords.flaw(password, kept):
        raise Refusal(wrong)
    return kept


async def _unless_taken(name: str, work: accounts.Work) -> int:
    try:
        return await write(work)
    except Exception as error:
        if is_unique_violation(error):
            raise Refusal(f"The name {name} is taken: please choose another.") from error
        raise
