"""Signing in, signing up and what proves who somebody is."""

from __future__ import annotations

from pathlib import Path

import pyotp
import pytest

from aggregator.people import authentication, passwords, sessions, store
from aggregator.people.model import Person, Role
from aggregator.resellers import accounts
from aggregator.storage import clock
from tests.web.kit import Visitor, Web, plain, web_of

PASSWORD = "seven quiet rivers"


async def enter(visitor: Visitor, name: str, password: str) -> tuple[int, str]:
    reply = await visitor.send("/sign-in", name=name, password=password)
    return reply.status_code, reply.headers.get("location", plain(reply.text))


async def test_a_stranger_signs_up_signs_out_and_comes_back(web: Web) -> None:
    """With open doors, a name and a good password are enough."""
    stranger = web.visitor()
    reply = await stranger.send("/sign-up", name="Zoe@Shop.example", password=PASSWORD)
    assert (reply.status_code, reply.headers["location"]) == (303, "/home")
    assert "zoe@shop.example" in plain(await stranger.get("/settings"))
    await stranger.send("/sign-out")
    assert "Sign in" in plain(await stranger.get("/settings"))
    assert (await enter(stranger, "zoe@shop.example", "another password"))[0] == 400
    assert await enter(stranger, " ZOE@shop.example", PASSWORD) == (303, "/")


async def test_signing_in_takes_a_new_id(web: Web) -> None:
    """An id that somebody planted, or saw before, opens nothing afterwards."""
    await authentication.add_owner("boss", PASSWORD)
    visitor = web.visitor()
    visitor.hold("planted-by-somebody-else")
    await enter(visitor, "boss", PASSWORD)
    first = visitor.session
    assert first != "planted-by-somebody-else"
    assert await sessions.find("planted-by-somebody-else") is None
    await visitor.send("/sign-in", name="boss", password=PASSWORD)
    assert visitor.session != first
    assert await sessions.find(first) is None


async def test_a_session_ends_when_it_is_left_alone_or_grows_too_old(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await web.reseller()
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + sessions.IDLE_MS - 1000)
    assert await sessions.find(anna.session)
    for hours in range(12, 14 * 24 - 11, 11):
        monkeypatch.setattr(clock, "now", lambda at=hours: now + at * 3_600_000)
        assert await sessions.find(anna.session)
    monkeypatch.setattr(clock, "now", lambda: now + sessions.LONGEST_MS + 1)
    assert await sessions.find(anna.session) is None


async def test_signing_out_everywhere_ends_every_session(web: Web) -> None:
    anna = await web.reseller()
    elsewhere = await web.signed_in(anna.person)
    await anna.send("/settings/sign-out-everywhere")
    assert "Sign in" in plain(await elsewhere.get("/settings"))


async def test_another_password_ends_all_other_sessions(web: Web) -> None:
    here, elsewhere = web.visitor(), web.visitor()
    await here.send("/sign-up", name="zoe", password=PASSWORD)
    await enter(elsewhere, "zoe", PASSWORD)
    before = here.session
    new = {"new": "eight loud rivers", "again": "eight loud rivers"}
    refused = await here.post("/settings/password", new, old="wrong wrong wrong")
    assert "present password is not right" in plain(refused)
    done = await here.post("/settings/password", new, old=PASSWORD)
    assert "The password is changed" in plain(done)
    assert here.session != before
    assert "Sign in" in plain(await elsewhere.get("/settings"))
    assert (await enter(elsewhere, "zoe", PASSWORD))[0] == 400


async def test_a_code_is_asked_for_and_counts_once(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set up, signed in with a code, the same code refused, and a recovery code once; within one half minute."""
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    zoe = web.visitor()
    await zoe.send("/sign-up", name="zoe", password=PASSWORD)
    secret = pyotp.random_base32()
    proofs = {"secret": secret, "code": pyotp.TOTP(secret).at(now // 1000 - 30)}
    assert "present password is not right" in plain(await zoe.post("/settings/codes", proofs, password="as I am"))
    assert "The password alone opens this account" in plain(await zoe.get("/settings"))
    page = await zoe.post("/settings/codes", proofs, password=PASSWORD)
    assert "turn them off first" in plain(await zoe.post("/settings/codes", secret=secret, code="000000"))
    recovery = plain(page).split("shown this once. ")[1].split()[0]
    later = web.visitor()
    assert await enter(later, "zoe", PASSWORD) == (303, "/sign-in/code?next=")
    assert "Sign in" in plain(await later.get("/settings")), "the password alone opens nothing"
    half = later.session
    code = pyotp.TOTP(secret).at(now // 1000)
    assert (await later.send("/sign-in/code", code=code)).headers["location"] == "/home"
    assert later.session != half
    for proof, status in [(code, 400), (recovery.upper(), 303), (recovery, 400)]:
        again = web.visitor()
        await enter(again, "zoe", PASSWORD)
        assert (await again.send("/sign-in/code", code=proof)).status_code == status, proof


async def test_guessing_is_slowed_down_for_a_name_and_an_address(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "verify", _never)
    visitor = web.visitor()
    codes = [(await enter(visitor, f"name{number}", "guess guess guess"))[0] for number in range(21)]
    assert (codes[:20], codes[20]) == ([400] * 20, 429)


async def _never(_: str, __: str | None) -> bool:
    return False


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "at least 12"),
        ("aaaaaaaaaaaab", "mix more"),
        ("zoe-the-first1", "little more than the name"),
        ("x1" * 101, "at most"),
    ],
)
def test_a_poor_password_is_told_what_is_missing(password: str, said: str) -> None:
    assert said in (passwords.flaw(password, "zoe-the-first") or "")


async def test_closed_doors_open_for_an_invited_reseller_once(tmp_path: Path, fresh_sqlite: str) -> None:
    """A reseller made at the command line gets a sign-in to its own wallet, and nobody else gets any."""
    async with web_of(tmp_path, fresh_sqlite) as web:
        stranger = web.visitor()
        assert "opened by invitation" in plain(await stranger.get("/sign-up"))
        refused = await stranger.post("/sign-up", name="zoe", password=PASSWORD)
        assert "opened by invitation" in plain(refused)
        shop = (await accounts.add("shop", currency="USD")).reseller.id
        token = await authentication.invite(reseller=shop, author="test")
        assert 'name="password"' in await stranger.get(f"/sign-up?invite={token}")
        await stranger.post("/sign-up", name="zoe", password=PASSWORD, invite=token)
        assert [person.name for person in await store.of_reseller(shop)] == ["zoe"]
        again = await web.visitor().post("/sign-up", name="eve", password=PASSWORD, invite=token)
        assert "used already" in plain(again)
        general = await authentication.invite(reseller=None, author="test")
        assert "used already" in plain(await web.visitor().get(f"/sign-up?invite={general}"))


async def test_a_name_is_given_to_one_person(web: Web) -> None:
    await web.visitor().send("/sign-up", name="zoe", password=PASSWORD)
    assert "is taken" in plain(await web.visitor().post("/sign-up", name="ZOE", password=PASSWORD))
    assert "3 to 64 characters" in plain(await web.visitor().post("/sign-up", name="<b>", password=PASSWORD))


async def test_after_signing_in_one_stays_on_the_panel(web: Web) -> None:
    await authentication.add_owner("boss", PASSWORD)
    reached = {"//evil.example": "/", "https://evil.example": "/", "/\\evil": "/", "/settings": "/settings"}
    for given, place in reached.items():
        visitor = web.visitor()
        reply = await visitor.send("/sign-in", {"next": given}, name="boss", password=PASSWORD)
        assert reply.headers["location"] == place


async def test_an_owner_who_is_locked_out_is_let_in_again(web: Web) -> None:
    await authentication.add_owner("boss", PASSWORD)
    boss = await web.signed_in((await _owner("boss")).id)
    await authentication.reset("boss", "eight loud rivers")
    assert "Sign in" in plain(await boss.get("/settings"))
    assert (await enter(boss, "boss", "eight loud rivers"))[0] == 303


async def _owner(name: str) -> Person:
    found = await store.find(name)
    assert found
    assert found.person.role is Role.OWNER
    return found.person
