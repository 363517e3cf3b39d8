"""The price list in the ways that clients take it: whole, compressed, or not at all where they have it already."""

from __future__ import annotations

import asyncio
import gzip

import httpx
import pytest

from aggregator.api.bodies import prepare, takes_gzip
from aggregator.api.views import Spelling
from aggregator.resellers.model import Reseller
from tests.api.served import Client, Served


@pytest.mark.parametrize("accepted", ["gzip", "deflate, gzip, br", "br;q=1.0, gzip;q=0.8", "GZIP", "gzip; q=0.001"])
def test_who_names_gzip_takes_it(accepted: str) -> None:
    assert takes_gzip(accepted)


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.000", "xgzip", "*", "x" * 9999])
def test_who_does_not_name_it_gets_plain_text(accepted: str) -> None:
    assert not takes_gzip(accepted)


def test_every_way_is_the_same_list() -> None:
    made = prepare(b'[{"service":1}]' * 100)
    assert gzip.decompress(made.packed.body) == made.plain.body
    assert len(made.packed.body) < len(made.plain.body)
    assert made.tag != prepare(b"[]").tag


async def test_a_client_that_takes_gzip_is_sent_gzip(anna: Client) -> None:
    fields = {"key": anna.key, "action": "services"}
    packed = await anna.http.post("/api/v2", json=fields, headers={"Accept-Encoding": "gzip"})
    plain = await anna.http.post("/api/v2", json=fields, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert [row["service"] for row in plain.json()] == [1, 2]
    for reply in (packed, plain):
        assert reply.headers["vary"] == "Accept-Encoding"
        assert reply.headers["cache-control"] == "private, no-cache"


async def test_a_list_that_has_not_changed_is_not_sent_again(shop: Served, anna: Client) -> None:
    """Until a price changes: then the old mark is worth nothing."""
    tag = (await anna.json("services")).headers["etag"]

    async def again() -> httpx.Response:
        fields = {"key": anna.key, "action": "services"}
        return await anna.http.post("/api/v2", json=fields, headers={"If-None-Match": f'"other", {tag}'})

    unchanged = await again()
    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
    shop.sandbox.set_rate(7101, "2.10")
    await shop.panel.syncer.sync("alpha")
    await shop.panel.look()
    changed = await again()
    assert (changed.status_code, changed.json()[0]["rate"]) == (200, 2.625)
    assert changed.headers["etag"] != tag


async def test_a_list_is_made_once_for_all_who_wait_for_it(shop: Served, anna: Client) -> None:
    lists = await asyncio.gather(*(shop.panel.api._bodies.list_for(shop_buyer(), Spelling.JSON) for _ in range(20)))
    assert len(set(map(id, lists))) == 1


def shop_buyer() -> Reseller:
    return Reseller(id=1, name="anna", tier="", spelling="auto", frozen=False)
