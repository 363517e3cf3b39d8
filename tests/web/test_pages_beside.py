"""No page works through the shelf, a catalogue or somebody's text where everybody is answered."""

from __future__ import annotations

import asyncio
import re
from html import unescape

import pytest

from aggregator.catalog import learned_store, store
from aggregator.catalog.model import Hold, HoldKind
from aggregator.catalog.shelf import category_store
from aggregator.storage.transaction import write
from aggregator.web.console import providers, services
from tests.catalog.goods import row
from tests.loops import called_here
from tests.web.kit import Visitor, Web

GROWS = {
    "services._fits",
    "services._unsold",
    "ordering.search",
    "price_list.Index.__init__",
    "price_list.Index.find",
    "reference.reference",
    "mass._judge_one",
    "providers._sample",
    "matching.suggest",
    "preview.compare",
    "toml.Reading._parse",
    "shelf.build",
    "feeds.as_json",
    "feeds.as_atom",
    "kept.made",
    "bodies.rows_of",
}
LISTED = 250


@pytest.fixture(autouse=True)
def key_of_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_KEY", "sandbox")


async def test_pages_of_the_shelf_are_worked_out_beside_the_loop(web: Web, boss: Visitor, anna: Visitor) -> None:
    stranger = web.visitor()
    await listed_in_many_categories(web)
    with called_here() as called:
        for path in (
            "/console/services?q=followers",
            "/console/services/1",
            "/console/providers/of/alpha",
            "/console/prices",
            "/console/services/matches",
            "/console/prices/why?service=1",
        ):
            await boss.get(path)
        await boss.post("/console/prices/preview", text="[default]\npercent = 33\n")
        for visitor in (anna, stranger):
            for path in ("/services?q=a", "/services", "/api", "/services/changes.json", "/services/changes.atom"):
                await visitor.get(path)
        await anna.get("/orders/new")
        await anna.get("/orders/new/services?q=followers")
        await anna.post("/orders/mass", orders="1 | https://instagram.com/a | 1000\nnothing")
    assert "services.ServicesController.services" in called
    assert not called & GROWS


async def test_those_who_open_the_api_page_together_share_what_it_tells(web: Web) -> None:
    pages = await asyncio.gather(*(web.visitor().get("/api") for _ in range(5)))
    assert all("/api/v2" in page for page in pages)
    with called_here() as called:
        await web.visitor().get("/api")
    assert "api_page.ApiPageController.api" in called
    assert "api_page._context" not in called


async def test_a_provider_of_many_categories_is_shown_a_page_at_a_time(web: Web, boss: Visitor) -> None:
    await listed_in_many_categories(web)
    path = "/console/providers/of/alpha"
    listed = [one.name for one in await category_store.categories("alpha")]
    seen = [names_on(await boss.get(f"{path}?page={number}")) for number in (1, 2, 3)]
    assert [len(names) for names in seen] == [providers.PAGE, providers.PAGE, len(listed) - 2 * providers.PAGE]
    assert [name for names in seen for name in names] == listed


async def test_what_is_chosen_on_a_page_changes_nothing_on_the_others(web: Web, boss: Visitor) -> None:
    """At first everything is sold: what is not ticked on its page is taken out, and no more."""
    await listed_in_many_categories(web)
    path = "/console/providers/of/alpha"
    listed = [one.name for one in await category_store.categories("alpha")]
    shown = names_on(await boss.get(f"{path}?page=2"))
    await sent(boss, f"{path}/import", [*(("shown", name) for name in shown), ("category", shown[3])])
    (alpha, *_) = list(web.panel.upstreams)
    assert alpha.import_categories is not None
    assert set(alpha.import_categories) == (set(listed) - set(shown)) | {shown[3]}


async def test_only_some_services_of_a_category_are_read(web: Web) -> None:
    await store.put_listings([row(f"alpha:n{number}", category="One") for number in range(50)])
    await store.put_listings([row("alpha:gone", category="One", missing=2), row("alpha:m", category="Other")])
    found = await category_store.samples("alpha", ["One", "Other"], each=8)
    assert [one.service for one in found] == [*(f"n{number}" for number in range(8)), "m"]
    assert next(one.count for one in await category_store.categories("alpha") if one.name == "One") == 50
    assert web.panel.settings.panel.currency == "USD"


async def test_what_is_held_is_shown_a_page_at_a_time_and_counted_as_a_whole(web: Web, boss: Visitor) -> None:
    many = services.HELD + 3
    rows = [row(f"alpha:h{number:03}") for number in range(many)]
    await store.put_listings([*rows, row("alpha:gone", missing=2)])
    hold = Hold(kind=HoldKind.DEARER, reason="it rose", accepted=rows[0])
    holds = {one.service: hold for one in rows} | {"gone": hold}
    await write(lambda: learned_store.put_holds("alpha", holds))
    assert await learned_store.count_held() == {"alpha": many}
    shown = [
        re.findall(r'name="service" value="(h[0-9]+)"', await boss.get(f"/console/services/held?page={page}"))
        for page in (1, 2)
    ]
    assert [len(page) for page in shown] == [services.HELD, 3]
    assert [one for page in shown for one in page] == [one.service for one in rows]


async def listed_in_many_categories(web: Web) -> None:
    rows = [row(f"alpha:x{number}", name=f"Views {number}", category=f"Kind {number}") for number in range(LISTED)]
    await store.put_listings(rows)
    await web.panel.prices.reload(web.panel.upstreams)


def names_on(page: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'type="checkbox" name="category" value="([^"]*)"', page)]


async def sent(visitor: Visitor, path: str, pairs: list[tuple[str, str]]) -> None:
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    reply = await visitor.send(path, fields)  # type: ignore[arg-type]  # a name may be sent several times
    assert reply.is_redirect
