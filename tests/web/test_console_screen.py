"""The console in a real browser: prices edited before one's eyes, orders decided once, and nothing hostile runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import cycle

import pytest

from aggregator.orders.state import OrderState
from aggregator.resellers import accounts
from aggregator.storage import decisions
from tests.builders import make_reseller, order_now, unsure_order
from tests.web.chromium import PHONE, Screen
from tests.web.kit import Visitor, Web, plain
from tests.web.scene import busy_day, pages

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "</pre></details><iframe srcdoc='<script>parent.alert(1)</script>'>",
    "javascript:alert(1)",
    '<a href="javascript:alert(1)">x</a>',
    'onmouseover=alert(1) autofocus onfocus=alert(1) x="',
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><button>",
    "{{ 7 * 7 }}{% raw %}",
    "${alert(1)}`alert(1)`",
    "<!-- ]]> &lt;b&gt;&amp;&#x27;",
    "\u202eexe.gpj\u202c \u2066\u2067",
    '=HYPERLINK("http://evil.example")',
    "%00%0d%0aset-cookie: a=b",
    "https://evil.example/?a=1&b=<2>",
    "a\tb\nc",
    "A" * 900,
    "\U0001f469\u200d\U0001f469" * 60,
]
"""What somebody may call a service, a link, an error or themselves."""


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """What providers.toml refers to, for whoever reads it anew."""
    monkeypatch.setenv("SANDBOX_KEY", "sandbox")


def hostile() -> Callable[[str], str]:
    """Puts another of them into every text."""
    turn = cycle(HOSTILE)
    return lambda text: f"{next(turn)}{text}"


async def rate_in_api(web: Web, key: str) -> str:
    """What a reseller pays for service 1."""
    reply = await web.visitor().http.post("/api/v2", data={"key": key, "action": "services"})
    return str(next(row["rate"] for row in reply.json() if int(row["service"]) == 1))


async def rate_on_the_list(web: Web) -> str:
    """The same to whoever looks at the public price list."""
    found = re.search(
        r"Instagram Followers - Premium.*?([0-9]+[.][0-9]{2})", plain(await web.visitor().get("/services"))
    )
    assert found
    return found[1]


async def test_an_owner_sees_what_an_edit_would_change_applies_it_and_goes_back(
    web: Web, boss: Visitor, screen: Screen
) -> None:
    """The new price is charged at once, and the old one after the way back."""
    key = (await accounts.add("shop", currency="USD")).key
    await screen.become(boss)
    page = await screen.go("/console/prices")
    await page.fill("#text", "# ours\n[default]\npercent = 25\n")
    await page.click("text=Apply")
    assert await rate_in_api(web, key) == "2.50"
    await page.fill("#text", "# ours\n[default]\npercent = 50\n")
    await page.wait_for_selector("#preview td:has-text('3')")
    assert "2 of 2 prices" in await page.inner_text("#preview")
    assert await rate_in_api(web, key) == "2.50"
    await page.click("text=Apply")
    assert await rate_in_api(web, key) == await rate_on_the_list(web) == "3.00"
    await page.click("tbody tr:nth-child(2) >> text=Compare")
    await page.click("text=Go back to this revision")
    assert "as a new one" in await page.inner_text(".told")
    assert await rate_in_api(web, key) == "2.50"
    assert screen.faults == []


async def test_an_unsure_order_pressed_twice_is_decided_once(web: Web, boss: Visitor, screen: Screen) -> None:
    order = await unsure_order(await make_reseller(), seconds_ago=400)
    await screen.become(boss)
    page = await screen.go("/console/orders/unsure")
    await page.fill("[name=upstream]", "5001")
    await page.dblclick("text=Found: follow it")
    await page.wait_for_selector("text=Nothing is unsure")
    assert (await order_now(order.id)).state is OrderState.ACTIVE
    assert len(await decisions.about("order", order.id)) == 1
    assert screen.faults == []


async def test_hostile_texts_run_nothing_and_break_nothing(web: Web, boss: Visitor, screen: Screen) -> None:
    """On every page, wide and on a phone: as text they are shown, and nothing must be moved sideways to be read."""
    ids = await busy_day(web, hostile())
    await screen.become(boss)
    for path in pages(ids):
        page = await screen.go(path)
        assert await page.is_visible("h1"), path
        assert not await screen.is_too_wide(), path
        await page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a dictionary with these two keys
        assert not await screen.is_too_wide(), f"{path} on a phone"
        await page.set_viewport_size({"width": 1280, "height": 800})
        for strange in ("iframe", "base", "meta[http-equiv]", "main script", "[onerror]", "[onload]"):
            assert await page.locator(strange).count() == 0, (path, strange)
        links = await page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
        assert [link for link in links if not re.match(r"^(/|\?|#|mailto:)", link)] == [], path
    assert screen.faults == []
