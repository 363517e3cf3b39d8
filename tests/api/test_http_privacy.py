"""Nobody learns anything of another's orders, nor of our providers."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.api.served import Client, Served, served

LINK = "https://instagram.com/username"
SECRETS = ("alpha", "zz upstream", "7101", "7102", "8800", "sandbox", "zz-not-your-order", "zz not your", "127.0.0.1")
"""Names, ids and error texts of the provider."""


async def test_anothers_order_is_answered_as_one_that_does_not_exist(shop: Served, anna: Client) -> None:
    bert = await shop.reseller("bert")
    order = await anna.buy()
    await anna.json("status", order=order)
    before = await shop.everything()
    for action in ("status", "cancel", "refill"):
        for asked in ({"order": 0}, {"orders": "0"}):
            ours, unknown = ({name: str(number) for name in asked} for number in (order, 999))
            for send in (bert.json, bert.form):
                told, other = await send(action, **ours), await send(action, **unknown)
                assert told.status_code == other.status_code
                assert told.text.replace(str(order), "N") == other.text.replace("999", "N"), action
    assert await shop.everything() == before


async def test_anothers_order_in_a_list_is_unknown_beside_ones_own(shop: Served, anna: Client) -> None:
    bert = await shop.reseller("bert")
    mine, theirs = await bert.buy(), await anna.buy()
    reply = await bert.json("status", orders=[mine, theirs])
    assert reply.json()[str(mine)]["status"] == "PENDING"
    assert reply.json()[str(theirs)] == {"error": "Incorrect order ID"}


async def test_nothing_of_a_provider_is_in_any_reply(shop: Served, anna: Client) -> None:
    """Not its name, ids, prices or words: not for orders that went well, were refused or got lost."""
    words = ["", "partial/300", "cancel", "refuse/zz-not-your-order", "error500", "unknownword/zz-not-your-order"]
    orders = [await anna.buy(word) for word in words]
    await anna.json("add", service=2, link=LINK, comments="a\nb")
    await shop.panel.jobs.start()
    async with asyncio.timeout(20):
        while "COMPLETED" not in (await anna.json("status", orders=orders)).text:  # noqa: ASYNC110  # asked over HTTP
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    calls: list[tuple[str, dict[str, object]]] = [
        ("services", {}),
        ("status", {"orders": ",".join(map(str, orders))}),
        *(("status", dict[str, object](order=order)) for order in orders),
        ("cancel", {"orders": ",".join(map(str, orders))}),
        ("refill", {"orders": ",".join(map(str, orders))}),
        ("add", {"service": 7101, "link": LINK, "quantity": 1000}),
        ("balance", {}),
    ]
    replies = [await send(action, **fields) for send in (anna.json, anna.form) for action, fields in calls]
    assert len(shop.sandbox.orders) >= len(words)
    for reply in replies:
        said = (reply.text + str(reply.headers)).lower()
        assert [secret for secret in SECRETS if secret in said.replace(LINK, "")] == [], said
        assert '"rate":2,' not in reply.text
        assert '"rate":"2.00"' not in reply.text


async def test_prices_differ_by_tier_and_nobody_sees_anothers(tmp_path: Path, fresh_sqlite: str) -> None:
    rules = '[[rule]]\nmatch = { tier = "vip" }\npercent = 10\n[[rule]]\nmatch = { reseller = "cara" }\npercent = 5\n'
    async with served(tmp_path, fresh_sqlite, markup=rules) as shop:
        clients = [await shop.reseller("anna"), await shop.reseller("bert", tier="vip"), await shop.reseller("cara")]
        rates = [(await client.json("services")).json()[0]["rate"] for client in clients]
        assert rates == [2.5, 2.2, 2.1]
        for client, balance in zip(clients, ["147.50", "147.80", "147.90"], strict=True):
            await client.buy()
            assert (await client.json("balance")).json()["balance"] == balance
