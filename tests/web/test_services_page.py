"""The price list that everybody may read, and the feed of what changed on it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from aggregator.catalog.news.news import NewsKind
from aggregator.catalog.news.news_store import ToldNews
from aggregator.orders.settling.settle import settle
from aggregator.settings import PanelSettings
from aggregator.storage import tables
from aggregator.web.public import feeds, services
from aggregator.web.public.price_list import PAGE, Filters, Index
from pricing.markup import Buyer
from tests.builders import active_order, make_reseller
from tests.catalog.goods import offers, row, shelf
from tests.web.kit import Web, plain, web_of

ATOM = "{http://www.w3.org/2005/Atom}"
MANY = [
    row(
        f"alpha:{number}",
        f"{number}.5",
        name=f"Followers {number} Türkiye",
        category=f"Category {number % 3}",
        refill=number % 2 == 0,
    )
    for number in range(1, 201)
]


def index() -> Index:
    return Index(shelf(offers(MANY), imported={("alpha", str(number)): 100_000 + number for number in range(1, 201)}))


def found(**asked: Any) -> list[int]:
    return [one.id - 100_000 for one in index().find(Filters(**asked), Buyer(), {}).rows]


def test_all_words_must_be_there_in_any_order_and_case() -> None:
    assert found(words="TÜRKIYE  117") == [117]
    assert found(words="100117") == [117]
    assert found(words="117 zebra") == []


def test_categories_and_flags_narrow_the_list() -> None:
    narrowed = found(category="Category 1", flags=frozenset({"refill"}))
    assert narrowed[:3] == [4, 10, 16]
    assert found(flags=frozenset({"refill", "cancel"})) == []


def test_the_list_comes_in_pages_by_category_or_price() -> None:
    """A page beyond the last is the last."""
    assert found()[:2] == [3, 6]
    assert len(found()) == PAGE
    assert found(sort="cheap")[:2] == [1, 2]
    assert found(sort="dear")[:2] == [200, 199]
    told = index().find(Filters(sort="cheap", page=99), Buyer(), {})
    assert (told.page, told.last, told.count, told.rows[-1].id) == (4, 4, 200, 100_200)


async def test_a_stranger_reads_the_prices_for_nobody_and_a_reseller_their_own(
    tmp_path: Path, fresh_sqlite: str
) -> None:
    """With the page to order from; a stranger those for nobody in particular."""
    markup = '[default]\npercent = 25\n[[rule]]\nmatch = { reseller = "anna" }\npercent = 10\n'
    async with web_of(tmp_path, fresh_sqlite, markup=markup) as web:
        stranger, anna = web.visitor(), await web.reseller("anna")
        page = await stranger.get("/services")
        assert "Instagram Followers - Premium" in page
        assert "<strong>2.50</strong>" in page
        assert "/orders/new" not in page
        own = await anna.get("/services")
        assert "<strong>2.20</strong>" in own
        assert "/orders/new?service=1" in own
        assert "<strong>2.50</strong>" in await stranger.get("/services")


async def test_nothing_of_a_provider_is_on_the_pages(web: Web) -> None:
    """Not its name, nor its words, nor its ids."""
    for path in ("/services", "/services/changes", "/services/changes.json", "/services/changes.atom", "/api"):
        page = await web.visitor().get(path)
        assert "ZZ upstream" not in page
        assert "alpha" not in page
        assert "7101" not in page


async def test_what_is_searched_for_is_found_and_shown_again(web: Web) -> None:
    page = plain(await web.visitor().get("/services?q=follow&sort=cheap"))
    assert "1 service " in page
    assert "Comments" not in page
    assert "Nothing fits" in await web.visitor().get("/services?q=nothing+like+it")


async def test_whoever_searches_without_end_waits_and_the_plain_list_stays_open(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "SEARCHES", 3)
    visitor = web.visitor()
    for question in ("q=a", "category=b", "sort=cheap"):
        await visitor.get(f"/services?{question}")
    assert "tried too often" in plain(await visitor.get("/services?refill=1", code=429))
    await visitor.get("/services?page=2")


NONSENSE = ["page=0", "page=-1", "page=99999999999999999999", "sort=x", "category=%00", "q=%FF%00", "refill=maybe"]


async def test_an_address_that_makes_no_sense_is_no_fault(web: Web) -> None:
    for question in NONSENSE:
        await web.visitor().get(f"/services?{question}")


async def test_how_a_service_does_is_told_from_our_own_orders(web: Web) -> None:
    """Of six orders, 90 seconds each, one a tenth short."""
    bob = await make_reseller("bob")
    assert "%" not in plain(await web.visitor().get("/services?q=comments"))
    for undelivered in (0, 0, 0, 0, 0, 100):
        order = await active_order(bob)
        await settle(order, undelivered, note="ended")
        took: dict[Any, Any] = {tables.Order.created_at: tables.Order.ended_at - 90_500}
        await tables.Order.update(took).where(tables.Order.id == order.id)
    web.panel.performance.forget()
    assert "1 min 30 s 98.3 %" in plain(await web.visitor().get("/services?q=followers"))


async def test_an_unchanged_page_is_not_sent_again(web: Web) -> None:
    """Until a price changes; and the compressed one is the same page."""
    http = web.visitor().http
    for path in ("/services", "/api", "/services/changes.atom", "/openapi.json"):
        first = await http.get(path, headers={"accept-encoding": "identity"})
        packed = await http.get(path, headers={"accept-encoding": "gzip"})
        assert (packed.headers["content-encoding"], packed.text) == ("gzip", first.text)
        again = await http.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    tag = (await http.get("/services")).headers["etag"]
    await dearer(web)
    changed = await http.get("/services", headers={"if-none-match": tag})
    assert changed.status_code == 200
    assert "<strong>3.00</strong>" in changed.text


async def test_what_one_is_shown_signed_in_is_not_kept_for_others(web: Web) -> None:
    zoe = await web.reseller("zoe")
    for path in ("/services", "/api"):
        reply = await zoe.http.get(path)
        assert reply.headers["cache-control"] == "no-store"
        assert "zoe" in reply.text
        assert "zoe" not in await web.visitor().get(path)


async def dearer(web: Web) -> None:
    """The provider raises the price of followers from 2.00 to 2.40, and the workers see it."""
    web.sandbox.set_rate(7101, Decimal("2.40"))
    await web.panel.jobs.announce()
    await web.panel.syncer.sync("alpha")
    await web.panel.look()
    await web.panel.jobs.announce()


async def test_a_change_of_our_prices_is_in_the_feed(web: Web) -> None:
    """On the page, as JSON and as Atom, in our names and prices; and once only."""
    await dearer(web)
    visitor = web.visitor()
    page = plain(await visitor.get("/services/changes"))
    assert "Instagram Followers - Premium Dearer 2.50 USD 3.00 USD" in page
    (told,) = json.loads(await visitor.get("/services/changes.json"))
    assert (told["kind"], told["service"], told["before"], told["now"]) == ("dearer", 1, 2.5, 3)
    assert json.loads(await visitor.get(f"/services/changes.json?after={told['id']}")) == []
    feed = ET.fromstring(await visitor.get("/services/changes.atom"))  # noqa: S314  # our own
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Dearer: Instagram Followers - Premium"
    assert "2.50 -> 3.00 USD per 1,000" in str(entry.findtext(f"{ATOM}content"))


def test_a_name_that_no_document_may_hold_breaks_no_feed() -> None:
    """Control characters, tags, halves of characters that are none."""
    name = "a\x00b\x1bc<script>&amp;]]>\ud800\ufffe\U0001f600"
    news = [ToldNews(id=1, service=1, name=name, kind=NewsKind.GONE, before=1, now=None, rate_per=1, at=0)]
    feed = ET.fromstring(feeds.as_atom(PanelSettings(name="<b>"), news))  # noqa: S314  # our own
    assert feed.findtext(f"{ATOM}entry/{ATOM}title") == "Gone: abc<script>&amp;]]>\U0001f600"
