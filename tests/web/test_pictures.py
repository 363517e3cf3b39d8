"""Every page in a real browser, wide and on a phone, light and dark: nothing fails, nothing must be moved sideways.

With PICTURES=/some/folder each page is photographed there.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.web.chromium import CHROMIUM, Screen, screen_of
from tests.web.kit import Visitor, Web
from tests.web.stories import busy, newcomer

PAGES: dict[str, tuple[str, ...]] = {
    "stranger": ("/sign-in", "/sign-up", "/nowhere", "/services", "/services/changes", "/api"),
    "reseller": (
        "/home",
        "/orders",
        "/orders?q=nothing-like-it",
        "/orders/3",
        "/orders/new",
        "/orders/new?service=1",
        "/orders/new?service=2&link=https://x.example/p&comments=wow%0Anice",
        "/orders/mass",
        "/wallet",
        "/funds",
        "/keys",
        "/keys/new",
        "/keys/1",
        "/settings",
        "/settings/codes",
    ),
    "newcomer": ("/home", "/orders", "/wallet", "/keys"),
    "owner": ("/settings",),
}
"""Whose pages are looked at; each section adds its own."""

UNNAMED = """() => [...document.querySelectorAll("input:not([type=hidden]):not([hidden]), select, textarea, button, a")]
    .filter((one) => !(one.labels?.length || one.textContent.trim() || one.ariaLabel || one.querySelector("img, svg")))
    .map((one) => one.outerHTML)"""
"""What can be typed into or pressed, and says to nobody what it is."""


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)], ids=["wide", "phone"])
async def test_every_page_is_whole(web: Web, tmp_path: Path, phone: bool, dark: bool) -> None:
    """In both sizes, without an error of a script, a refusal of the policy or a request to anybody else."""
    visitors = {"stranger": None, "reseller": await busy(web), "newcomer": await newcomer(web)}
    visitors["owner"] = await web.owner()
    async with screen_of(web, tmp_path / "profile", phone=phone, dark=dark) as screen:
        for kind, paths in PAGES.items():
            await _become(screen, visitors[kind])
            for path in paths:
                await screen.go(path)
                await _keep(screen, f"{kind}{path.replace('/', '-')}-{'phone' if phone else 'wide'}")
                assert not await screen.is_too_wide(), path
                assert await screen.page.evaluate(UNNAMED) == [], path
        faults = [fault for fault in screen.faults if "404" not in fault]
    assert faults == []


async def _become(screen: Screen, visitor: Visitor | None) -> None:
    await screen.context.clear_cookies()
    if visitor:
        await screen.become(visitor)


async def _keep(screen: Screen, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        await screen.picture(Path(folder) / f"{name}.png")


async def test_a_page_is_used_without_a_mouse(web: Web, screen: Screen) -> None:
    """The first key leads past the menu, and the form is sent by the keyboard alone."""
    await screen.become(await web.reseller())
    page = await screen.go("/orders/new?service=1")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.type("https://x.example/u")
    await page.keyboard.press("Tab")
    await page.keyboard.type("1000")
    await page.keyboard.press("Enter")
    await page.get_by_text("Order 1 is taken.").wait_for()


async def test_without_scripts_everything_still_works(web: Web, tmp_path: Path) -> None:
    """The charge is told by a button, and the order is placed."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium here")
    async with screen_of(web, tmp_path / "profile", scripts=False) as screen:
        await screen.become(await web.reseller())
        page = await screen.go("/orders/new?service=1")
        await page.get_by_label("Link").fill("https://x.example/u")
        await page.get_by_label("Quantity").fill("1000")
        await page.get_by_role("button", name="Show the charge").click()
        assert "2.50" in await page.locator("#quote").inner_text()
        await page.get_by_role("button", name="Place the order").click()
        await page.get_by_text("Order 1 is taken.").wait_for()
    assert screen.faults == []
