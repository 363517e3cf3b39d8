"""What the pages take from Litestar, and what of Litestar must never happen to them."""

from __future__ import annotations

import asyncio
import functools
import gc
import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar, Router, get
from litestar._parsers import parse_url_encoded_form_data
from litestar.routes import ASGIRoute, HTTPRoute
from litestar.testing import AsyncTestClient

from aggregator.errors import CannotBeDone
from aggregator.people import authentication
from aggregator.resellers.accounts import Refusal
from aggregator.settings import Fault
from aggregator.storage.tables import Session
from aggregator.web import console
from aggregator.web.cookies import Cookies, form_token, pack, unpack
from aggregator.web.forms import MOST_FIELDS
from aggregator.web.refusals import HANDLERS
from aggregator.web.templating import make_templates
from tests.builders import make_reseller
from tests.web.kit import Visitor, Web, plain
from tests.web.test_routes import ROUTES, address


def kept(text: str) -> Iterator[str]:
    """The cached functions of this process that keep a call with this text."""
    for cached in [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]:
        calls = [call for inner in gc.get_referents(cached) if isinstance(inner, dict) for call in inner]
        if any(text in repr(call) for call in calls):
            yield f"{cached.__module__}.{cached.__qualname__}"


def test_a_body_that_is_kept_would_be_found() -> None:
    """Litestar's own reader keeps 1,024 of them."""
    canary = secrets.token_hex(16)
    parse_url_encoded_form_data(f"password={canary}".encode())
    assert list(kept(canary)) == ["litestar._parsers.parse_url_encoded_form_data"]


async def ask(web: Web, path: str, query: str = "", *, stays: bool = True) -> tuple[Litestar, int]:
    """Get a page as a server asks for it, without a client that keeps addresses: what answered, and its status."""
    statuses: list[int] = []
    stay = asyncio.Event()
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]
    )
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "headers": []}
    scope |= {"query_string": query.encode(), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1)}
    scope |= {"scheme": "http", "http_version": "1.1", "root_path": ""}

    async def receive() -> dict[str, Any]:
        message = next(messages)
        if stays and message["type"] == "http.disconnect":
            await stay.wait()
        return message

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 0))

    await web.app(scope, receive, send)
    return scope["litestar_app"], statuses[0]


async def test_no_password_session_or_invitation_stays_in_a_cache_of_the_process(web: Web) -> None:
    visitor, password, session = web.visitor(), secrets.token_hex(16), secrets.token_hex(16)
    await authentication.add_owner("boss", password)
    invitation = await authentication.invite(reseller=(await make_reseller()).id, author="boss")
    visitor.hold(session)
    assert (await ask(web, "/sign-up", f"invite={invitation}"))[1] == 200
    assert (await ask(web, "/sign-in", f"next=/&invite={invitation}"))[1] == 200
    reply = await visitor.send("/sign-in", name="boss", password=password)
    assert reply.headers["location"] == "/"
    await visitor.get("/console")
    assert [list(kept(secret)) for secret in (password, session, visitor.session, invitation)] == [[], [], [], []]


async def test_a_form_has_a_limit_of_fields_and_so_has_an_address(web: Web, anna: Visitor) -> None:
    many = {f"field{number}": "" for number in range(MOST_FIELDS)}
    reply = await anna.send("/orders/new", many)
    assert (reply.status_code, f"which is {MOST_FIELDS} fields." in plain(reply.text)) == (400, True)
    reply = await anna.http.get("/orders", params={**many, "q": "one more"})
    assert (reply.status_code, f"which is {MOST_FIELDS} fields." in plain(reply.text)) == (400, True)


async def test_a_form_of_any_size_is_refused_with_the_size_that_may_be(web: Web) -> None:
    page = plain(await web.visitor().post("/sign-in", name="x" * 11_000_000, password="y"))
    assert "That is more than a form may hold, which is 512 KiB." in page


async def test_a_page_that_changes_nothing_sets_no_cookie_and_writes_nothing(
    web: Web, anna: Visitor, boss: Visitor
) -> None:
    """Whoever looks; a stranger who gets a form is given an id for it, which stands in no table."""
    stranger, before = web.visitor(), await Session.select()
    for visitor in (anna, boss):
        for route in [route for route in ROUTES if route.method == "GET"]:
            reply = await visitor.http.get(address(route))
            if "location" in reply.headers:
                await visitor.get(reply.headers["location"])  # shows why it leads elsewhere
            else:
                assert "set-cookie" not in reply.headers, route
    for path in ("/services", "/services/changes", "/services/changes.json", "/api", "/openapi.json", "/", "/nowhere"):
        assert "set-cookie" not in (await stranger.http.get(path)).headers, path
    assert "set-cookie" in (await stranger.http.get("/sign-in")).headers
    assert await Session.select() == before


async def test_a_message_is_shown_on_the_next_page_and_once(web: Web, boss: Visitor) -> None:
    """A piece of a page is none, and leaves it there."""
    reply = await boss.send("/console/services/forget", provider="alpha/%41", service="100%")
    assert reply.status_code == 303
    assert 'class="told bad" role="status">' in await boss.get("/console/decisions")
    assert 'class="told' not in await boss.get("/console/decisions")
    await boss.send("/console/providers/of/alpha/sync")
    data = {"token": form_token(boss.session), "text": ""}
    piece = await boss.http.post("/console/prices/preview", data=data, headers={"x-part": "1"})
    assert (piece.status_code, "set-cookie" in piece.headers) == (200, False)
    assert 'class="told ok" role="status">Read: ' in await boss.get("/console/decisions")


@pytest.mark.parametrize("text", ["100%", "%41", "a/b;c=d, e", 'say "no"', "Würde ist …", ""])
def test_a_message_comes_back_from_its_cookie_as_it_was(text: str) -> None:
    cookies = Cookies("https://panel.example")
    cookie = cookies.make(cookies.flash, pack(text, "bad")).to_header(header="").partition(";")[0]
    assert unpack(cookies.read(f"other=1; {cookie}; more")[1]) == {"message": text, "category": "bad"}


async def test_nothing_of_the_pages_is_on_the_path_of_programs(web: Web) -> None:
    """No middleware, guard, dependency or handler of a refusal: the API answers as if there were no pages."""
    seen = set()
    for route in (await ask(web, "/healthz"))[0].routes:
        if not re.fullmatch(r"/api/v\d|/api|/healthz|/readyz|/metrics|/static/.*", route.path) or route.path == "/api":
            continue
        assert isinstance(route, ASGIRoute | HTTPRoute)
        for handler in [route.route_handler] if isinstance(route, ASGIRoute) else route.route_handlers:
            assert (handler.resolve_middleware(), handler.resolve_guards(), handler.resolve_dependencies()) == (
                [],
                [],
                {},
            )
            assert CannotBeDone not in handler.resolve_exception_handlers()
            seen.add(route.path)
    assert {"/api/v2", "/healthz"} <= seen


async def test_a_page_is_given_up_when_its_visitor_leaves(web: Web) -> None:
    """Through the whole application, as a server tells it."""
    assert (await ask(web, "/services"))[1] == 200
    assert (await ask(web, "/services", stays=False))[1] == 499


async def test_a_database_that_is_away_is_told_on_every_page(web: Web, anna: Visitor) -> None:
    """Also where it is asked first: who is signed in."""
    await Session.raw("alter table sessions rename to elsewhere")
    for path in ("/home", "/console", "/services", "/nowhere"):
        code = 503 if path != "/nowhere" else 404
        assert ("cannot reach its database" in plain(await anna.get(path, code=code))) is (code == 503), path
    assert (await anna.send("/keys/new", label="x")).status_code == 503
    assert (await ask(web, "/services"))[1] == 200, "whoever has no session is not looked for"


async def test_what_may_be_asked_of_an_address_is_no_secret(web: Web) -> None:
    reply = await web.visitor().http.options("/console")
    assert (reply.status_code, reply.headers["allow"]) == (204, "GET, OPTIONS")


@pytest.mark.parametrize("error", CannotBeDone.__subclasses__())
async def test_a_refusal_that_a_page_forgets_is_told_all_the_same(web: Web, error: type[Exception]) -> None:
    """In the console with its text; elsewhere that it cannot be done, unless the text is made for whoever reads it."""
    refusal = error.__new__(error)
    refusal.args = ("It is not there.",)
    vars(refusal)["faults"] = [Fault("markup.toml", 7, "It is not there.")]

    @get("/forgotten")
    async def forgotten() -> None:
        raise refusal

    templates = make_templates(web.panel.settings)
    for layer, told in ((console.PAGES.exception_handlers, True), ({}, issubclass(error, Refusal))):
        router = Router("/", route_handlers=[forgotten], exception_handlers=layer)
        pages = Litestar([router], exception_handlers=HANDLERS, template_config=templates, logging_config=None)
        async with AsyncTestClient(pages) as client:
            reply = await client.get("/forgotten")
        assert (reply.status_code, "t is not there." in plain(reply.text)) == (400, told)
        assert told or "Please ask whoever runs this panel." in plain(reply.text)
