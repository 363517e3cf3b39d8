"""API keys on the pages: shown once, as narrow as their reseller wants, replaced without standing still."""

from __future__ import annotations

import re

import httpx

from aggregator.resellers import keys, store
from aggregator.resellers.model import PREFIX_LENGTH
from aggregator.storage import clock
from tests.web.kit import Visitor, Web, once_of, plain

_KEY = re.compile(r'data-copy="(\w{64})"')


async def make(visitor: Visitor, **fields: str) -> str:
    page = await visitor.post("/keys/new", {"label": "Shop", **fields}, once=once_of(await visitor.get("/keys/new")))
    found = _KEY.search(page)
    assert found, plain(page)
    return found[1]


async def call(web: Web, key: str, *, client: str = "127.0.0.1", **fields: str) -> httpx.Response:
    web.panel.keys.forget()
    transport = httpx.ASGITransport(app=web.app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://panel.example") as http:
        return await http.post("/api/v2", json={"key": key, "action": "balance", **fields})


async def test_a_key_is_shown_once_and_works(web: Web, anna: Visitor) -> None:
    key = await make(anna)
    assert (await call(web, key)).json()["balance"] == "150.00"
    for path in ("/keys", "/keys/2"):
        assert key not in await anna.get(path)
    assert f"Shop {key[:PREFIX_LENGTH]}… may order" in plain(await anna.get("/keys"))


async def test_a_key_made_twice_is_made_once(web: Web, anna: Visitor) -> None:
    once = once_of(await anna.get("/keys/new"))
    await anna.send("/keys/new", label="Shop", once=once)
    assert (await anna.send("/keys/new", label="Shop", once=once)).status_code == 409
    assert len(await keys.of_reseller(anna.reseller)) == 2


async def test_a_key_may_be_kept_to_addresses_and_to_reading(web: Web, anna: Visitor) -> None:
    """From elsewhere it is as if there were no such key; and it orders nothing."""
    key = await make(anna, addresses="203.0.113.0/24\r\n2001:db8::7", read_only="1")
    assert (await call(web, key, client="203.0.113.9")).status_code == 200
    assert (await call(web, key, client="2001:db8::7")).status_code == 200
    wrong = await call(web, key, client="198.51.100.1")
    assert (wrong.status_code, wrong.content) == (401, (await call(web, "f" * 64, client="198.51.100.1")).content)
    add = await call(web, key, client="203.0.113.9", action="add", service="1", link="x.example/u", quantity="1000")
    assert add.status_code != 201
    await anna.send("/keys/2", label="Shop", addresses="", read_only="")
    assert (await call(web, key, client="198.51.100.1")).status_code == 200


async def test_a_key_cannot_be_faster_than_the_panel_allows(web: Web, anna: Visitor) -> None:
    """A wrong limit, or address, is told with all that was typed, and nothing is made."""
    for rate in ("0", "-1", "fast", "1e9"):
        page = await anna.post("/keys/new", label="Shop", rate=rate, once="o" * 20)
        assert "The limit must be" in plain(page)
        assert 'value="Shop"' in page
    assert "cannot be read" in plain(await anna.post("/keys/new", addresses="nowhere", once="o" * 20))
    assert len(await keys.of_reseller(anna.reseller)) == 1
    await make(anna, rate="0.5", spelling="classic")
    assert "0.5 a second" in plain(await anna.get("/keys"))


async def test_a_key_is_replaced_without_standing_still(web: Web, anna: Visitor) -> None:
    """Both work for a day, then the new one alone, with the same rules."""
    old = await make(anna, read_only="1")
    page = await anna.post("/keys/2/replace", overlap="24", once=once_of(await anna.get("/keys/2")))
    found = _KEY.search(page)
    assert found
    assert [(await call(web, key)).status_code for key in (old, found[1])] == [200, 200]
    assert "works until" in plain(await anna.get("/keys"))
    await store.end_key(anna.reseller, 2, at=clock.now() - 1)
    assert [(await call(web, key)).status_code for key in (old, found[1])] == [401, 200]
    assert [key.rules.read_only for key in await keys.of_reseller(anna.reseller)] == [True, False, True]


async def test_a_revoked_key_opens_nothing(web: Web, anna: Visitor) -> None:
    key = await make(anna)
    assert "opens nothing any more" in plain(await anna.post("/keys/2/revoke"))
    assert (await call(web, key)).status_code == 401
    assert "There is no such key, or it was revoked." in plain(await anna.post("/keys/2/replace", once="o" * 20))


async def test_nobody_touches_anothers_key(web: Web, anna: Visitor) -> None:
    eve = await web.reseller("eve")
    key = await make(anna)
    for path in ("/keys/3", "/keys/3/replace", "/keys/3/revoke"):
        assert (await eve.send(path, label="mine", once="o" * 20)).status_code == 404
    assert (await call(web, key)).status_code == 200
