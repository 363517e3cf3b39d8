"""Who calls too often waits, whoever is frozen stops ordering, and a known order's status is told all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aggregator.resellers import accounts
from aggregator.resellers.model import KeyRules, shown_part
from tests.api.served import Client, Served, served

LINK = "https://instagram.com/username"
TIGHT = "[limits]\nrequests_per_second = 0.01\nburst = 3\n"


@pytest.fixture
async def tight(tmp_path: Path, fresh_sqlite: str) -> AsyncIterator[Served]:
    """A panel that lets each key call three times in five minutes."""
    async with served(tmp_path, fresh_sqlite, limits=TIGHT) as opened:
        yield opened


async def exhaust(client: Client) -> int:
    """Use the key up; the id of an order that it placed."""
    order = await client.buy()
    for _ in range(2):
        await client.json("balance")
    return order


async def test_the_call_after_the_burst_is_refused_with_the_time_to_wait(tight: Served) -> None:
    anna = await tight.reseller("anna")
    await exhaust(anna)
    before = await tight.everything()
    for action in ("balance", "services", "add", "cancel", "refill", "fly"):
        reply = await anna.json(action, service=1, link=LINK, quantity=1000, order=1)
        assert (reply.status_code, reply.json()) == (429, {"error": "Too many requests"}), action
        assert 1 <= int(reply.headers["retry-after"]) <= 300
    assert await tight.everything() == before


async def test_a_client_that_asks_exactly_at_its_rate_is_never_refused(tmp_path: Path, fresh_sqlite: str) -> None:
    """Its calls come early by what its network makes of an even pace."""
    even = "[limits]\nrequests_per_second = 2\nburst = 2\n"
    async with served(tmp_path, fresh_sqlite, limits=even) as opened:
        anna = await opened.reseller("anna")
        for _ in range(3):
            assert [(await anna.json("balance")).status_code for _ in range(2)] == [200, 200]
            await asyncio.sleep(0.982)


async def test_classic_clients_are_told_with_code_200(tight: Served) -> None:
    """They drop the text of any other code."""
    anna = await tight.reseller("anna")
    await exhaust(anna)
    reply = await anna.form("balance")
    assert (reply.status_code, reply.json()) == (200, {"error": "Too many requests"})


async def test_a_known_order_is_told_however_often_it_is_asked(tight: Served) -> None:
    """A chained panel gives an order up for good at the first error that it reads."""
    anna = await tight.reseller("anna")
    order = await exhaust(anna)
    for _ in range(10):
        assert (await anna.json("status", order=order)).json()["status"] == "PENDING"
        assert (await anna.form("status", order=order)).json()["status"] == "Pending"
        assert (await anna.form("status", orders=str(order))).json()[str(order)]["status"] == "Pending"


async def test_a_known_order_is_told_among_strangers(tight: Served) -> None:
    """One id too many in a list of a hundred is no reason to leave ninety-nine without an answer."""
    anna = await tight.reseller("anna")
    order = await exhaust(anna)
    reply = await anna.form("status", orders=f"{order},999")
    assert reply.json()[str(order)]["status"] == "Pending"
    assert reply.json()["999"] == {"error": "Incorrect order ID"}


async def test_only_strangers_are_throttled(tight: Served) -> None:
    anna, bert = await tight.reseller("anna"), await tight.reseller("bert")
    order = await exhaust(anna)
    await exhaust(bert)
    for asked in (order, 999):
        assert (await bert.json("status", order=asked)).status_code == 429


async def test_each_key_has_a_limit_of_its_own(tight: Served) -> None:
    anna = await tight.reseller("anna")
    await exhaust(anna)
    free = Client(tight.http, await accounts.add_key("anna", KeyRules(requests_per_second="0")))
    for _ in range(10):
        assert (await free.json("balance")).status_code == 200
    assert (await anna.json("balance")).status_code == 429


async def test_a_frozen_account_can_only_look_after_its_orders(shop: Served, anna: Client) -> None:
    order = await anna.buy()
    await accounts.change("anna", tier=None, spelling=None, frozen=True)
    await shop.panel.look()
    before = await shop.everything()
    for action in ("add", "balance", "services", "cancel"):
        reply = await anna.json(action, service=1, link=LINK, quantity=1000, order=order)
        assert (reply.status_code, reply.json()) == (401, {"error": "Your account is inactive"}), action
    assert (await anna.json("status", order=order)).json()["status"] == "PENDING"
    assert await shop.everything() == before
    await accounts.change("anna", tier=None, spelling=None, frozen=False)
    await shop.panel.look()
    assert (await anna.json("balance")).status_code == 200


async def test_a_key_that_may_only_read_orders_nothing(shop: Served, anna: Client) -> None:
    """For the page where a reseller's customers look up their orders."""
    order = await anna.buy()
    reader = Client(shop.http, await accounts.add_key("anna", KeyRules(read_only=True)))
    before = await shop.everything()
    for action in ("add", "cancel", "refill"):
        reply = await reader.json(action, service=1, link=LINK, quantity=1000, order=order)
        assert reply.status_code == 401, action
    assert await shop.everything() == before
    assert (await reader.json("balance")).json()["balance"] == "147.50"
    assert (await reader.json("status", order=order)).status_code == 200


async def test_a_revoked_key_is_worth_nothing_within_a_second(shop: Served, anna: Client) -> None:
    """Also in a process that has just used it."""
    shop.panel.start_looking()
    assert (await anna.json("balance")).status_code == 200
    await accounts.revoke_key(shown_part(anna.key))
    await asyncio.sleep(1)
    reply = await anna.json("balance")
    assert (reply.status_code, reply.json()) == (401, {"error": "Invalid API key"})


async def test_a_new_key_works_at_once(shop: Served, anna: Client) -> None:
    """Beside the old one, so that a reseller can change keys without a pause."""
    new = Client(shop.http, await accounts.add_key("anna", KeyRules()))
    assert [(await client.json("balance")).status_code for client in (new, anna)] == [200, 200]
