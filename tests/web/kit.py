"""A panel with pages, and visitors who are signed in without typing a password each time."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from aggregator.app import Panel
from aggregator.people import sessions, store
from aggregator.people.model import Role
from aggregator.resellers import accounts
from aggregator.storage.transaction import write
from aggregator.web.cookies import Cookies, form_token
from pricing.money import parse_units
from providers.sandbox import Sandbox
from tests.api.served import NO_LIMIT, PACE, SERVICES, goods
from tests.catalog.panels import panel_over

NO_PASSWORD = "$argon2id$none"
_ONCE = re.compile(r'name="once" value="([^"]+)"')


class Visitor:
    """A browser without a screen: cookies, forms with their token, no script."""

    def __init__(self, panel: Panel, app: object, *, person: int = 0, reseller: int = 0) -> None:
        self.panel = panel
        self.person = person
        self.reseller = reseller
        self._cookies = Cookies(panel.settings.panel.public_url)
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # an application is an application
        self.http = httpx.AsyncClient(
            transport=transport, base_url=panel.settings.panel.public_url, headers={"accept": "text/html"}
        )

    @property
    def session(self) -> str:
        return self.http.cookies.get(self._cookies.session) or ""

    def hold(self, session: str) -> None:
        """Be whoever this session belongs to."""
        self.http.cookies.clear()
        host = urlsplit(self.panel.settings.panel.public_url).hostname or ""
        self.http.cookies.set(self._cookies.session, session, domain=host)

    async def get(self, path: str, *, code: int = 200) -> str:
        """The text of a page, after redirects."""
        reply = await self.http.get(path, follow_redirects=True)
        assert reply.status_code == code, f"{path}: {reply.status_code} {plain(reply.text)[:500]}"
        return reply.text

    async def send(self, path: str, fields: dict[str, str] | None = None, **named: str) -> httpx.Response:
        """Send a form as a page of ours would, and stay where that leads."""
        if not self.session:
            await self.http.get("/sign-in")
        data = {"token": form_token(self.session), **(fields or {}), **named}
        return await self.http.post(path, data=data, headers={"sec-fetch-site": "same-origin"})

    async def post(self, path: str, fields: dict[str, str] | None = None, **named: str) -> str:
        """The same, following to the page that tells how it went."""
        reply = await self.send(path, fields, **named)
        if reply.is_redirect:
            return await self.get(reply.headers["location"])
        return reply.text


class Web:
    """A panel whose pages can be visited; nothing is dispatched until a test starts the work."""

    def __init__(self, panel: Panel, sandbox: Sandbox) -> None:
        self.panel = panel
        self.sandbox = sandbox
        self.app = panel.asgi(with_api=True)

    def visitor(self) -> Visitor:
        """A stranger."""
        return Visitor(self.panel, self.app)

    async def owner(self, name: str = "owner") -> Visitor:
        person = await write(lambda: store.insert(name, Role.OWNER, NO_PASSWORD))
        return await self.signed_in(person)

    async def reseller(self, name: str = "anna", funds: str = "150") -> Visitor:
        """A reseller with money and an API key, signed in."""
        new = await accounts.add(name, currency="USD", funds=parse_units(funds))
        person = await write(lambda: store.insert(f"{name}@web", Role.RESELLER, NO_PASSWORD, reseller=new.reseller.id))
        return await self.signed_in(person, reseller=new.reseller.id)

    async def signed_in(self, person: int, *, reseller: int = 0) -> Visitor:
        visitor = Visitor(self.panel, self.app, person=person, reseller=reseller)
        visitor.hold(await sessions.start(person))
        return visitor


@asynccontextmanager
async def web_of(folder: Path, database_url: str, *, panel: str = "", **texts: str) -> AsyncIterator[Web]:
    """A panel that sells two services of one provider; `panel` is lines for [panel] of aggregator.toml."""
    sandbox = Sandbox(catalogue=goods(), speed=0, id_from=880_001)
    files = {"services": SERVICES, "aggregator": f"[panel]\n{panel}{PACE}{NO_LIMIT}", **texts}
    async with panel_over(folder, database_url, {"alpha": sandbox}, **files) as built:
        await built.syncer.sync("alpha")
        await built.look()
        yield Web(built, sandbox)


def once_of(page: str) -> str:
    """The token of the form on a page that counts once."""
    found = _ONCE.search(page)
    assert found, plain(page)
    return found[1]


def without_tokens(page: str) -> str:
    """A page without what chance made up for its forms: any short number may stand in that."""
    return re.sub(r'name="(?:token|once)" value="[^"]*"', "", page)


def plain(page: str) -> str:
    """What a page says, without its tags."""
    body = re.sub(r"(?s)<head>.*?</head>", "", page)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())
