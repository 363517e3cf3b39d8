"""What the database promises about people: names, sessions, codes and invitations, each of them once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pyotp
import pytest

from aggregator.orders.intake import accept_store
from aggregator.orders.reporting import reseller_orders_store
from aggregator.orders.reporting.reseller_orders_store import Mine
from aggregator.people import authentication, passwords, sessions
from aggregator.people import store as people
from aggregator.people.encryption import Encryption
from aggregator.people.model import Role, Stage
from aggregator.resellers import accounts, keys
from aggregator.resellers import store as resellers
from aggregator.resellers.accounts import Refusal
from aggregator.resellers.model import KeyRules, digest
from aggregator.storage import clock, decisions
from tests.builders import make_reseller, new_order

pytestmark = pytest.mark.usefixtures("panel_database", "quick_passwords")
PASSWORD = "seven quiet rivers"


async def join(name: str, *, invite: str | None = None, policy: str = "open") -> int:
    return await authentication.sign_up(name, PASSWORD, invite=invite, policy=policy, currency="USD")


async def test_a_person_signs_in_and_out() -> None:
    await join("zoe")
    done = await authentication.sign_in("zoe", PASSWORD, instead_of="")
    session = await sessions.find(done.token)
    assert session is not None
    assert (session.person.name, session.person.role, session.stage) == ("zoe", Role.RESELLER, Stage.FULL)
    await sessions.end(done.token)
    assert await sessions.find(done.token) is None


async def test_an_invitation_lets_one_in_however_many_come_at_once() -> None:
    """And it is not used up by somebody whose name is taken."""
    shop = await make_reseller("shop")
    await join("zoe")
    token = await authentication.invite(reseller=shop.id, author="test")
    with pytest.raises(Refusal, match="taken"):
        await join("zoe", invite=token, policy="closed")
    came = await asyncio.gather(
        *(join(f"eve{number}", invite=token, policy="closed") for number in range(4)), return_exceptions=True
    )
    assert sorted(isinstance(one, Refusal) for one in came) == [False, True, True, True]
    assert [person.reseller for person in await people.of_reseller(shop.id)] == [shop.id]
    assert [(row.verdict, row.actor) for row in await decisions.about("reseller", shop.id)][-1] == ("invited", "test")


async def test_a_code_and_a_recovery_code_count_once_however_often_they_are_sent_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = (await people.get(await join("zoe"))).person
    here = await sessions.start(person.id)
    secret = pyotp.random_base32()
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    now = moment // 1000
    seal = Encryption(["0123456789abcdef" * 2], Path())
    code = pyotp.TOTP(secret).at(now - 30)
    recovery, _ = await authentication.start_codes(person, secret, code, password=PASSWORD, seal=seal, here=here)
    assert await sessions.find(here) is None, "the id is another after a change of what proves somebody"
    for proof in (pyotp.TOTP(secret).at(now), recovery[3]):
        tries = [authentication.submit_code(person, proof, seal=seal, instead_of="") for _ in range(3)]
        came = await asyncio.gather(*tries, return_exceptions=True)
        assert sorted(isinstance(one, authentication.InvalidCredentials) for one in came) == [False, True, True]


async def test_a_resellers_orders_are_found_and_counted() -> None:
    ann, eve = await make_reseller("ann"), await make_reseller("eve")
    links = ["https://x.example/100%_a", "https://x.example/B", "https://x.example/c\\d"]
    await accept_store.accept([new_order(ann.id, link=link) for link in links])
    await accept_store.accept([new_order(eve.id, link=links[0], service=7)])
    looks = [
        (Mine(), [3, 2, 1]),
        (Mine(text="%_"), [1]),
        (Mine(text="/b"), [2]),
        (Mine(text="\\"), [3]),
        (Mine(text="#2"), [2]),
        (Mine(text="4"), []),
        (Mine(state="open", before=3), [2, 1]),
        (Mine(state="completed"), []),
        (Mine(service=7), []),
    ]
    for asked, found in looks:
        assert [order.id for order in await reseller_orders_store.find(ann.id, asked, limit=9)] == found, asked
    counts = await reseller_orders_store.count(ann.id)
    assert (counts.open, counts.all, counts.month_orders, counts.month_spent) == (3, 3, 3, 9 * 10**8)
    assert (await reseller_orders_store.count((await make_reseller("new")).id)).month_spent == 0


async def test_a_replaced_key_works_until_its_time_is_over() -> None:
    """Revoking it at once goes before."""
    ann = await make_reseller("ann")
    old = await keys.make(ann.id, KeyRules(label="shop", addresses="203.0.113.0/24"))
    made = (await keys.of_reseller(ann.id))[0]
    new = await keys.replace(ann.id, made.id, overlap_ms=60_000)
    found = await resellers.callers([digest(old), digest(new)])
    assert [caller and caller.addresses for caller in found] == ["203.0.113.0/24", "203.0.113.0/24"]
    await accounts.revoke_key(made.prefix)
    assert [caller is None for caller in await resellers.callers([digest(old), digest(new)])] == [True, False]
    with pytest.raises(Refusal):
        await keys.replace(ann.id, made.id, overlap_ms=0)


async def test_many_who_sign_in_at_once_wait_in_a_short_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it they are asked to come again, and the panel goes on."""
    monkeypatch.setattr(passwords, "MOST_WAITING", 3)
    tries = [passwords.verify(PASSWORD, None) for _ in range(5)]
    came = await asyncio.gather(*tries, return_exceptions=True)
    assert [isinstance(one, passwords.TooBusy) for one in came] == [False, False, False, True, True]
