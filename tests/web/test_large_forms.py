"""Orders of much text on the pages: as much as the price list offers, and no more of a stranger."""

from __future__ import annotations

from pathlib import Path

from aggregator.orders import store
from providers.sandbox import Sandbox
from tests.api.served import NO_LIMIT, PACE, SERVICES, goods
from tests.catalog.panels import panel_over
from tests.web.kit import Visitor, Web, plain
from tests.web.stories import LINK

COMMENTS = "\n".join(f"Отличная запись {number}" for number in range(20_000))


async def test_a_published_maximum_can_be_ordered_on_the_page(tmp_path: Path, fresh_sqlite: str) -> None:
    rows = [row | {"max": "20000"} for row in goods()]
    files = {"services": SERVICES, "aggregator": f"{PACE}{NO_LIMIT}"}
    async with panel_over(tmp_path, fresh_sqlite, {"alpha": Sandbox(catalogue=rows)}, **files) as panel:
        await panel.syncer.sync("alpha")
        await panel.look()
        web = Web(panel, Sandbox())
        anna = await web.reseller(funds="1000")
        form = {"service": "2", "link": LINK, "comments": COMMENTS, "once": "o" * 20}
        assert "Order 1 is taken." in plain(await anna.post("/orders/new", form))
        [order] = await store.newest_of(anna.reseller, 9)
        assert order.quantity == 20_000
        assert "a body of up to 2500 KiB, or 7500 KiB as a form." in plain(await anna.get("/api"))


async def test_a_mass_order_may_be_as_long_as_its_page_says_in_any_letters(web: Web, anna: Visitor) -> None:
    line = f"1 | {LINK}{'я' * 1_900} | 1000"
    page = plain(await anna.post("/orders/mass", orders="\n".join([line] * 150)))
    assert "more than a form may hold" not in page


async def test_a_stranger_sends_small_forms_and_is_told_how_small(web: Web) -> None:
    stranger = web.visitor()
    page = plain(await stranger.post("/sign-in", name="x" * 600_000, password="y"))
    assert "That is more than a form may hold, which is 512 KiB." in page
