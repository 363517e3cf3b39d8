"""A browser without a screen: signs in, goes round the pages, and sends forms as our own pages would."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Sequence
from html import unescape
from itertools import count
from random import Random

import httpx

from aggregator.web.cookies import form_token

ROUND_SECONDS = 1.0
PATIENCE = 60
LEAVES_AFTER = (0.05, 0.5)
LEAVES_EVERY = 10
"""One visit of so many is given up before its page has come."""
_LED_ON = re.compile(r'href="(/console/services/matches/merge\?refs=[^"]+)"')
_BROKEN = 500
_UNABLE = 503


class Visitor:
    """Somebody signed in; `broken` has what no page may do, `took` the time of each address, in seconds."""

    def __init__(self, root: str, seed: int) -> None:
        self._http = httpx.AsyncClient(
            base_url=root, trust_env=False, timeout=PATIENCE, headers={"sec-fetch-site": "same-origin"}
        )
        self._random = Random(seed)
        self.took: dict[str, list[float]] = {}
        self.codes: Counter[int] = Counter()
        self.broken: list[str] = []
        self.silent: list[str] = []
        self.left = 0
        self.listening = True

    async def close(self) -> None:
        await self._http.aclose()

    async def sign_in(self, name: str, password: str) -> None:
        """RuntimeError where the door stays shut."""
        await self._http.get("/sign-in")
        await self._enter("/sign-in", {"name": name, "password": password})

    async def sign_up(self, name: str, password: str, invite: str) -> None:
        """The same for somebody new."""
        await self._http.get("/sign-up", params={"invite": invite})
        await self._enter("/sign-up", {"name": name, "password": password, "invite": invite})

    async def _enter(self, path: str, fields: dict[str, str]) -> None:
        reply = await self._post(path, fields)
        if not reply.is_redirect:
            raise RuntimeError(f"{path}: {reply.status_code} {reply.text[-1500:]}")

    async def text(self, path: str) -> str:
        """What a page says; "" where it did not come."""
        reply = await self._timed(path, self._http.get(path))
        return "" if reply is None else reply.text

    async def send(self, path: str, fields: dict[str, str]) -> str:
        """Send a form; what came back, "" where nothing did. It is held to the same as a page."""
        reply = await self._timed(f"POST {path}", self._post(path, fields))
        return "" if reply is None else reply.text

    async def go_round(self, addresses: Sequence[str], *, pause: float = 0.0) -> None:
        """Every page, one after the other, a round a second where they come so soon, until cancelled."""
        visits = count(1)
        while True:
            begun = time.monotonic()
            for address in addresses:
                await (self._visit(address) if next(visits) % LEAVES_EVERY else self._leave(address))
                await asyncio.sleep(pause)
            await asyncio.sleep(max(0.0, begun + ROUND_SECONDS - time.monotonic()))

    async def _visit(self, address: str) -> None:
        """And, from what may be merged, on to the page before that."""
        reply = await self._timed(address, self._http.get(address))
        if reply is not None and (found := _LED_ON.search(reply.text)):
            await self._visit(unescape(found[1]))

    async def _leave(self, address: str) -> None:
        try:
            await self._http.get(address, timeout=self._random.uniform(*LEAVES_AFTER))
        except httpx.HTTPError:
            self.left += 1

    async def _timed(self, address: str, asking: Awaitable[httpx.Response]) -> httpx.Response | None:
        begun = time.monotonic()
        try:
            reply = await asking
        except httpx.HTTPError as error:
            if self.listening:
                self.silent.append(f"{address}: {type(error).__name__}")
            return None
        if self.listening:
            self.took.setdefault(address.partition("?refs=")[0], []).append(time.monotonic() - begun)
            self.codes[reply.status_code] += 1
            if reply.status_code >= _BROKEN and reply.status_code != _UNABLE:
                self.broken.append(f"{address}: {reply.status_code}")
        return reply

    async def _post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        session = self._http.cookies.get("aggregator_session") or ""
        return await self._http.post(path, data={"token": form_token(session), **fields}, headers=headers)
