"""A real browser on the pages: the machine's own chromium, driven by Playwright, with a profile of its own.

To look at pages with your own eyes: PICTURES=/some/folder pytest tests/web/test_pictures.py
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import BrowserContext, Page, async_playwright

from tests.providers.sandbox_server import serving
from tests.web.kit import Visitor, Web

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


class Screen:
    """A browser window on the panel, and everything in it that went wrong."""

    def __init__(self, context: BrowserContext, page: Page, url: str, session_cookie: str) -> None:
        self.context = context
        self.page = page
        self.url = url
        self._session_cookie = session_cookie
        self.faults: list[str] = []
        """Errors of scripts, refusals of the policy, and requests to any other host."""
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self.faults.append(message.text) if message.type == "error" else None)
        page.on("dialog", lambda dialog: self.faults.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: None if self._is_ours(request.url) else self.faults.append(request.url))

    def _is_ours(self, url: str) -> bool:
        return url.startswith((self.url, "data:"))

    async def become(self, visitor: Visitor) -> None:
        """Be signed in as this visitor."""
        await self.context.add_cookies([{"name": self._session_cookie, "value": visitor.session, "url": self.url}])

    async def go(self, path: str) -> Page:
        await self.page.goto(self.url + path)
        return self.page

    async def is_too_wide(self) -> bool:
        """Whether the page must be moved sideways to be read."""
        return bool(await self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    async def picture(self, file: Path) -> None:
        """The whole page, as high as it is."""
        await self.page.screenshot(path=file, full_page=True)


@asynccontextmanager
async def screen_of(
    web: Web, profile: Path, *, phone: bool = False, dark: bool = False, scripts: bool = True
) -> AsyncIterator[Screen]:
    """Serve the panel's pages, and open a browser that knows no other place."""
    async with serving(web.app) as url, async_playwright() as driver:
        context = await driver.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            headless=True,
            args=FLAGS,
            viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
        )
        try:
            yield Screen(context, context.pages[0], url, "aggregator_session")
        finally:
            await context.close()
