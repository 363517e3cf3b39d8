"""The console in a real browser: prices edited before one's eyes, orders decided once."""

from __future__ import annotations

import re

import pytest

from aggregator.orders.state import OrderState
from aggregator.resellers import accounts
from aggregator.storage import decisions
from tests.builders import make_reseller, order_now, unsure_order
from tests.web.chromium import Screen
from tests.web.kit import Visitor, Web, plain


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """What providers.toml refers to, for whoever reads it anew."""
    monkeypatch.setenv("SANDBOX_KEY", "sandbox")


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
    await page.click("text=Found: follow it")
    await page.dblclick("button:has-text('Follow it')")
    await page.wait_for_selector("text=Nothing is unsure")
    assert (await order_now(order.id)).state is OrderState.ACTIVE
    assert len(await decisions.about("order", order.id)) == 1
    assert screen.faults == []
