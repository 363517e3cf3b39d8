"""What a link is: free text stays legal, what is surely a slip does not, and an owner may ask for addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aggregator.orders.intake.links import is_address, is_slip
from tests.api.served import SERVICES, Client, Served, served
from tests.builders import accept_order, make_reseller
from tests.orders.panels import dispatch_all, move_providers, open_panel, outcomes_of, sandbox

ADDRESSES = [
    "https://instagram.com/username",
    "http://x.example",
    "HTTPS://X.EXAMPLE/p?q=1#f",
    "instagram.com/username",
    "t.me/channel",
    "www.youtube.com/watch?v=1",
    "https://1.2.3.4:8080/x",
    "https://user@x.example/",
    "пример.рф/страница",
    "https://[2001:db8::1]/x",
    " https://x.example/u ",
    "m.facebook.com",
    "a-b.example/c_d",
]
TEXTS = [
    "not a link",
    "@username",
    "username",
    "12345678",
    "user_name",
    "+49 30 1234",
    "a b.example",
    "ftp://x.example",
    "javascript:alert(1)",
    "https://",
    "https:///x",
    "x.",
    ".com",
    "https://localhost",
    "user@",
    "1.5k",
    "...",
]


@pytest.mark.parametrize("link", ADDRESSES)
def test_an_address_has_a_host_with_a_dot(link: str) -> None:
    assert is_address(link)


@pytest.mark.parametrize("link", TEXTS)
def test_other_text_is_no_address(link: str) -> None:
    assert not is_address(link)


@pytest.mark.parametrize(
    "link", ["undefined", "NULL", " link ", "x", "1", "None", "[object Object]", "{{link}}", "https://"]
)
def test_what_stands_for_nothing_is_a_slip(link: str) -> None:
    assert is_slip(link)


@pytest.mark.parametrize("link", ["username", "@x", "12", "links", "https://x.example/undefined"])
def test_free_text_is_none(link: str) -> None:
    assert not is_slip(link)


@pytest.fixture
async def shop(tmp_path: Path, database_url: str) -> AsyncIterator[Served]:
    """Service 1 takes any text; on each engine."""
    async with served(tmp_path, database_url) as opened:
        yield opened


@pytest.fixture
async def anna(shop: Served) -> Client:
    return await shop.reseller("anna")


async def test_slips_are_refused_and_free_text_is_taken(anna: Client) -> None:
    for link in ("undefined", "null", "link", "x"):
        reply = await anna.json("add", service=1, link=link, quantity=1000)
        assert reply.status_code == 400, link
        reply = await anna.form("add", service=1, link=link, quantity=1000)
        assert (reply.status_code, reply.json()) == (200, {"error": "Bad link"})
    assert (await anna.json("add", service=1, link="@username", quantity=1000)).status_code == 201


@pytest.mark.parametrize(
    "text",
    [
        SERVICES.replace("id = 1\n", 'id = 1\nlinks = "address"\n'),
        SERVICES + '[[category]]\nname = "insta*"\nlinks = "address"\n',
    ],
    ids=["service", "category"],
)
async def test_an_owner_may_ask_for_addresses(tmp_path: Path, fresh_sqlite: str, text: str) -> None:
    async with served(tmp_path, fresh_sqlite, services=text) as shop:
        anna = await shop.reseller("anna")
        reply = await anna.json("add", service=1, link="@username", quantity=1000)
        assert (reply.status_code, "address" in reply.json()["error"]) == (400, True)
        assert (await anna.json("add", service=1, link="instagram.com/u", quantity=1000)).status_code == 201


async def test_a_provider_that_takes_only_addresses_is_passed_over(tmp_path: Path, panel_database: str) -> None:
    alpha, bravo = sandbox("2.30"), sandbox("2.40")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}) as panel:
        text = (tmp_path / "providers.toml").read_text().replace('name = "alpha"', 'name = "alpha"\nlinks = "address"')

        await move_providers(panel, tmp_path, text)
        ann = await make_reseller()
        named, page = [await accept_order(ann, link=link) for link in ("@username", "https://x.example/u")]
        await dispatch_all(panel)
        assert await outcomes_of(named.id) == [("bravo", "accepted", None)]
        assert await outcomes_of(page.id) == [("alpha", "accepted", None)]


async def test_where_all_who_deliver_want_addresses_nothing_else_is_taken(tmp_path: Path, fresh_sqlite: str) -> None:
    async with served(tmp_path, fresh_sqlite, providers='links = "address"\n') as shop:
        anna = await shop.reseller("anna")
        assert (await anna.json("add", service=1, link="@username", quantity=1000)).status_code == 400
        assert (await anna.json("add", service=1, link="t.me/x", quantity=1000)).status_code == 201
