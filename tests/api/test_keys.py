"""Who calls: a key is found by its hash, remembered for a moment, and says how its holder is answered."""

from __future__ import annotations

import asyncio
import random
import re
import string
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from aggregator.api.authenticator import REMEMBER_SECONDS, Authenticator
from aggregator.api.views import Spelling
from aggregator.api.wire import Action, read_request
from aggregator.app import database
from aggregator.cache.limits import Limits
from aggregator.errors import AccountInactive, InvalidKey
from aggregator.resellers import accounts, store
from aggregator.resellers.model import KeyRules, could_be_key, digest, make_key, shown_part
from aggregator.settings import Limits as LimitSettings
from aggregator.storage.engine import Sqlite, is_sqlite
from aggregator.storage.transaction import engine
from tests.catalog.panels import settings_of, write_config


@pytest.fixture
async def keys(tmp_path: Path, database_url: str) -> AsyncIterator[Authenticator]:
    """Keys of an empty panel that allows two calls in two hundred seconds; on each engine."""
    async with database(settings_of(write_config(tmp_path, {}), database_url)):
        yield Authenticator(Limits("memory://"), LimitSettings(requests_per_second=0.01, burst=2), "json")


def test_a_key_is_64_letters_and_digits_and_never_the_same() -> None:
    """A shape that panel scripts take; what strays into a repository is recognised by its beginning."""
    made = {make_key() for _ in range(10_000)}
    assert len(made) == 10_000
    assert all(re.fullmatch("agg[0-9a-f]{61}", key) and could_be_key(key) for key in made)
    assert len({shown_part(key) for key in made}) > 9_990


def test_a_key_with_any_wrong_letter_is_told_by_itself() -> None:
    """A slip of the hand, or a guess, costs no look at the database."""
    dice, taken = random.Random(3), 0
    for _ in range(20_000):
        key, place = list(make_key()), dice.randrange(64)
        key[place] = dice.choice([letter for letter in string.ascii_letters + string.digits if letter != key[place]])
        taken += could_be_key("".join(key))
    assert taken <= 2


def test_a_key_from_before_there_was_a_check_is_still_one() -> None:
    assert could_be_key("0123456789abcdef" * 4)
    assert shown_part("0123456789abcdef" * 4) == "01234567"


async def test_whoever_holds_a_key_is_found(keys: Authenticator) -> None:
    new = await accounts.add("anna", currency="USD", tier="vip", spelling="classic")
    caller = await keys.find(new.key)
    assert (caller.reseller.name, caller.reseller.tier, caller.spelling) == ("anna", "vip", "classic")
    assert (caller.requests_per_second, caller.read_only) == (None, False)


async def test_unknown_keys_are_all_alike(keys: Authenticator) -> None:
    new = await accounts.add("anna", currency="USD")
    for wrong in ("", "x", new.key[:-1], new.key.upper(), f"{new.key} ", "\ud800", digest(new.key)):
        with pytest.raises(InvalidKey) as refused:
            await keys.find(wrong)
        assert str(refused.value) == ""


async def test_a_text_that_cannot_be_a_key_asks_the_database_nothing(
    keys: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can make it work by sending nonsense."""
    new = await accounts.add("anna", currency="USD")
    asked: list[object] = []
    driver, name = (Sqlite, "_run_in_new_connection") if is_sqlite(engine()) else (asyncpg.Connection, "fetch")
    ask = getattr(driver, name)

    async def count(connection: Any, *given: Any, **named: Any) -> Any:
        asked.append(given)
        return await ask(connection, *given, **named)

    monkeypatch.setattr(driver, name, count)
    for wrong in ("", "x", "1" * 63, new.key[:-1] + "z", new.key.upper(), f"{new.key}0", "agg" + "0" * 61):
        with pytest.raises(InvalidKey):
            await keys.find(wrong)
    assert asked == []
    await keys.find(new.key)
    assert len(asked) == 1


async def test_a_key_of_the_first_kind_goes_on_working(keys: Authenticator) -> None:
    new, old = await accounts.add("anna", currency="USD"), "0123456789abcdef" * 4
    await store.insert_key(new.reseller.id, prefix=shown_part(old), digest=digest(old), rules=KeyRules())
    assert (await keys.find(old)).reseller.name == "anna"
    await accounts.revoke_key(shown_part(old))
    keys.forget()
    with pytest.raises(InvalidKey):
        await keys.find(old)


async def test_a_key_says_its_own_limit_spelling_and_rights(keys: Authenticator) -> None:
    await accounts.add("anna", currency="USD", spelling="classic")
    key = await accounts.add_key("anna", KeyRules(spelling="json", requests_per_second="0.5", read_only=True))
    caller = await keys.find(key)
    assert (caller.spelling, caller.requests_per_second, caller.read_only) == ("json", Decimal("0.5"), True)


@pytest.mark.parametrize(
    ("reseller", "key", "body", "expected"),
    [
        ("auto", None, b'{"action":"balance"}', Spelling.JSON),
        ("auto", None, b"action=balance", Spelling.CLASSIC),
        ("classic", None, b'{"action":"balance"}', Spelling.CLASSIC),
        ("json", None, b"action=balance", Spelling.JSON),
        ("classic", "json", b"action=balance", Spelling.JSON),
        ("json", "auto", b"action=balance", Spelling.CLASSIC),
    ],
)
async def test_the_key_decides_the_spelling_then_its_reseller_then_the_request(
    tmp_path: Path, fresh_sqlite: str, reseller: str, key: str | None, body: bytes, expected: Spelling
) -> None:
    async with database(settings_of(write_config(tmp_path, {}), fresh_sqlite)):
        keys = Authenticator(Limits("memory://"), LimitSettings(), "json")
        await accounts.add("anna", currency="USD", spelling=reseller)
        caller = await keys.find(await accounts.add_key("anna", KeyRules(spelling=key)))
        assert keys.spelling(caller, read_request("POST", {}, b"", body)) is expected


async def test_a_revoked_key_is_forgotten_on_the_signal_and_by_itself(keys: Authenticator) -> None:
    """Even a process that misses the signal asks again within a second."""
    new = await accounts.add("anna", currency="USD")
    await keys.find(new.key)
    await accounts.revoke_key(shown_part(new.key))
    await keys.find(new.key)
    await asyncio.sleep(REMEMBER_SECONDS)
    with pytest.raises(InvalidKey):
        await keys.find(new.key)
    other = await accounts.add_key("anna", KeyRules())
    await keys.find(other)
    await accounts.revoke_key(shown_part(other))
    keys.forget()
    with pytest.raises(InvalidKey):
        await keys.find(other)


async def test_a_key_is_counted_by_its_own_limit_or_the_panels(keys: Authenticator) -> None:
    new = await accounts.add("anna", currency="USD")
    usual = await keys.find(new.key)
    free = await keys.find(await accounts.add_key("anna", KeyRules(requests_per_second="0")))
    assert [await keys.count(usual) for _ in range(2)] == [0, 0]
    assert await keys.count(usual) > 0
    assert [await keys.count(free) for _ in range(5)] == [0] * 5


async def test_rights_are_a_matter_of_the_account_and_the_key(keys: Authenticator) -> None:
    new = await accounts.add("anna", currency="USD")
    reader = await keys.find(await accounts.add_key("anna", KeyRules(read_only=True)))
    for action in (Action.STATUS, Action.BALANCE, Action.SERVICES, Action.REFILL_STATUS):
        keys.allow(reader, action)
    for action in (Action.ADD, Action.CANCEL, Action.REFILL):
        with pytest.raises(AccountInactive):
            keys.allow(reader, action)
    await accounts.change("anna", tier=None, spelling=None, frozen=True)
    frozen = await keys.find(new.key)
    keys.allow(frozen, Action.STATUS)
    with pytest.raises(AccountInactive):
        keys.allow(frozen, Action.BALANCE)


async def test_only_the_hash_and_a_prefix_of_a_key_are_kept(keys: Authenticator) -> None:
    new = await accounts.add("anna", currency="USD")
    (row,) = await store.keys_of(new.reseller.id)
    assert (row.prefix, row.digest) == (shown_part(new.key), digest(new.key))
    assert new.key not in str(row)
