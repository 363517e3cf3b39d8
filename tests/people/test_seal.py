"""The secrets of one-time codes lie sealed: a copy of the database proves nobody, and a lost secret locks nobody in."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pyotp
import pytest

from aggregator.people import authentication, sessions, store
from aggregator.people.encryption import CannotDecrypt, Encryption
from aggregator.people.model import Role
from aggregator.resellers.accounts import Refusal
from aggregator.storage import clock
from aggregator.storage.transaction import write

OLD, NEW, OTHERS = "old " * 8, "new" * 16, "other" * 8
SECRET = pyotp.random_base32()


def seal_of(*secrets: str, folder: Path = Path("/nowhere")) -> Encryption:
    return Encryption([secret.replace(" ", "-") for secret in secrets], folder)


def test_what_is_sealed_opens_for_its_person_and_its_secret_alone() -> None:
    """Not in another's row, not changed by a letter, not with another secret, and never twice alike."""
    ours = seal_of(OLD)
    sealed = ours.encrypt(SECRET, 7)
    assert SECRET not in sealed
    assert sealed != ours.encrypt(SECRET, 7)
    assert seal_of(NEW, OLD).decrypt(sealed, 7) == SECRET
    head, box = sealed.rsplit(":", 1)
    changed = box[:20] + ("A" if box[20] != "A" else "B") + box[21:]
    for seal, text, person in [
        (ours, sealed, 8),
        (seal_of(OTHERS), sealed, 7),
        (seal_of(), sealed, 7),
        (ours, f"{head}:{changed}", 7),
        (ours, f"{head}:", 7),
        (ours, f"{head}:no base64!", 7),
        (ours, "sealed:", 7),
    ]:
        with pytest.raises(CannotDecrypt):
            seal.decrypt(text, person)


def test_without_a_secret_one_is_made_once_for_us_alone(tmp_path: Path) -> None:
    """When it is first needed, by whichever process comes first; the others take it."""
    folder = tmp_path / "secrets"
    first, second = seal_of(folder=tmp_path), seal_of(folder=tmp_path)
    assert not first.uses_current_key(SECRET)
    assert not folder.exists()
    sealed = first.encrypt(SECRET, 7)
    assert second.decrypt(sealed, 7) == SECRET
    assert second.uses_current_key(sealed)
    (path,) = folder.iterdir()
    assert [stat.S_IMODE(one.stat().st_mode) for one in (folder, path)] == [0o700, 0o600]
    assert len(path.read_text().strip()) >= 32


@pytest.mark.usefixtures("panel_database")
async def test_codes_are_sealed_at_the_start_and_anew_with_another_secret(tmp_path: Path) -> None:
    """Those from before there was a seal, and those of the secret before; what nobody can open stays as it is."""
    ann = await write(lambda: store.insert("ann", Role.OWNER, ""))
    bob = await write(lambda: store.insert("bob", Role.OWNER, ""))
    lost = seal_of(OTHERS).encrypt(SECRET, bob)
    await store.set_totp(ann, SECRET, [])
    await store.set_totp(bob, lost, [])
    kept = []
    for seal in (seal_of(OLD), seal_of(OLD), seal_of(NEW, OLD)):
        await asyncio.gather(authentication.encrypt_codes(seal), authentication.encrypt_codes(seal))
        kept.append((await store.get(ann)).totp or "")
    assert kept[0] == kept[1] != kept[2]
    assert seal_of(NEW).decrypt(kept[2], ann) == SECRET
    assert (await store.get(bob)).totp == lost
    (tmp_path / "secrets").write_text("a file where the folder should be")
    await store.set_totp(ann, SECRET, [])
    await authentication.encrypt_codes(seal_of(folder=tmp_path))
    await authentication.prove_code(
        await store.get(ann), pyotp.TOTP(SECRET).at(clock.now() // 1000), seal_of(folder=tmp_path)
    )


@pytest.mark.usefixtures("panel_database", "quick_passwords")
async def test_codes_whose_secret_was_lost_are_told_as_such_and_are_taken_off_by_the_owner(tmp_path: Path) -> None:
    """Not as a wrong code: whoever is locked out learns what helps. Recovery codes go on."""
    await authentication.add_owner("ann", "seven quiet rivers")
    found = await store.find("ann")
    assert found is not None
    person, here = found.person, await sessions.start(found.person.id)
    now = clock.now() // 1000
    code, given = pyotp.TOTP(SECRET).at(now), {"password": "seven quiet rivers", "here": here}
    (tmp_path / "secrets").write_text("a file where the folder should be")
    with pytest.raises(Refusal, match="AGGREGATOR_SECRET"):
        await authentication.start_codes(person, SECRET, code, seal=seal_of(folder=tmp_path), **given)
    with pytest.raises(authentication.WrongPassword):
        await authentication.start_codes(
            person, SECRET, code, seal=seal_of(OLD), password="a stolen browser", here=here
        )
    recovery, _ = await authentication.start_codes(person, SECRET, code, seal=seal_of(OLD), **given)
    kept = (await store.get(person.id)).totp or ""
    assert SECRET not in kept

    later = pyotp.TOTP(SECRET).at(now + 30)
    with pytest.raises(authentication.CodesClosed):
        await authentication.submit_code(person, later, seal=seal_of(OTHERS), instead_of="")
    await authentication.submit_code(person, recovery[0], seal=seal_of(OTHERS), instead_of="")
    await authentication.submit_code(person, later, seal=seal_of(OLD), instead_of="")
    await authentication.reset("ann", "eight loud rivers")
    assert (await store.get(person.id)).totp is None
