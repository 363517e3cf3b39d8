"""Every route of the table, one by one: whom it lets in, what it takes, and what each answer tells the browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator.web.assets import assets
from aggregator.web.cookies import form_token
from aggregator.web.guards import anyone, owners, resellers, signed_in
from aggregator.web.headers import GUARDS
from tests.web.kit import Visitor, Web, web_of
from tests.web.routes import Route, routes

ROUTES = list(routes())
POSTS = [route for route in ROUTES if route.method == "POST"]
ALLOWED: dict[object, set[str]] = {
    anyone: {"stranger", "reseller", "owner"},
    signed_in: {"reseller", "owner"},
    resellers: {"reseller"},
    owners: {"owner"},
}


def address(route: Route) -> str:
    """A path of the route's: 1 for each number, a word for each text."""
    return re.sub(r"\{(\w+)\}", lambda part: "word" if part[1] == "name" else "1", route.path)


@pytest.fixture
async def visitors(web: Web) -> dict[str, Visitor]:
    """One of each kind."""
    return {"stranger": web.visitor(), "reseller": await web.reseller(), "owner": await web.owner()}


async def test_every_route_refuses_the_wrong_role(web: Web, visitors: dict[str, Visitor]) -> None:
    """With a good token in the form, so that it is the role alone that is refused."""
    for route in ROUTES:
        for kind in visitors.keys() - ALLOWED[route.who]:
            visitor = visitors[kind]
            if route.method == "POST":
                code = (await visitor.send(address(route))).status_code
            else:
                reply = await visitor.http.get(address(route))
                code = 403 if reply.headers.get("location", "").startswith("/sign-in?") else reply.status_code
            assert code == 403, (route, kind)


async def test_every_deed_refuses_a_form_without_its_token(web: Web) -> None:
    """From whoever may do it: no token, another's token, and a right one that another site sends."""
    for route in POSTS:
        visitor = web.visitor() if route.who is anyone else await _someone(web, route)
        await visitor.http.get("/sign-in")
        good = {"token": form_token(visitor.session)}
        for data, site in [
            ({}, "same-origin"),
            ({"token": form_token("another's")}, "same-origin"),
            (good, "cross-site"),
        ]:
            reply = await visitor.http.post(address(route), data=data, headers={"sec-fetch-site": site})
            assert reply.status_code == 403, (route, data, site)
        reply = await visitor.http.post(address(route), data=good, headers={"origin": "https://evil.example"})
        assert reply.status_code == 403, route


async def _someone(web: Web, route: Route) -> Visitor:
    name = f"{len(POSTS)}{POSTS.index(route)}"
    return await (web.owner(f"owner{name}") if route.who is owners else web.reseller(f"seller{name}"))


async def test_every_answer_is_guarded(web: Web) -> None:
    """Pages, refusals, files, monitoring, and what does not exist."""
    stranger = web.visitor()
    for path in [
        "/sign-in",
        "/settings",
        "/nowhere",
        "/static/nowhere",
        assets()["panel.css"].path,
        "/healthz",
    ]:
        headers = (await stranger.http.get(path)).headers
        assert {name: headers.get(name) for name in GUARDS} == GUARDS, path
        assert "strict-transport-security" not in headers


async def test_what_a_program_gets_is_no_page_to_any_browser(web: Web) -> None:
    reply = await web.visitor().http.get("/api/v2")
    told = {name: reply.headers.get(name) for name in ("content-type", "x-content-type-options", "cache-control")}
    assert told == {
        "content-type": "application/json",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }


async def test_over_https_cookies_and_transport_are_strict(tmp_path: Path, fresh_sqlite: str) -> None:
    """What only an https address can promise."""
    async with web_of(tmp_path, fresh_sqlite, panel='public_url = "https://panel.example"\n') as web:
        reply = await web.visitor().http.get("/sign-in")
    cookie = reply.headers["set-cookie"]
    assert cookie.startswith("__Host-aggregator_session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "max-age=31536000" in reply.headers["strict-transport-security"]


async def test_files_are_kept_for_ever_under_a_name_of_their_content(web: Web) -> None:
    stranger = web.visitor()
    for asset in assets().values():
        reply = await stranger.http.get(asset.path)
        assert (reply.status_code, reply.content) == (200, asset.body)
        assert "immutable" in reply.headers["cache-control"]


def test_every_template_leaves_scripts_and_styles_to_the_files() -> None:
    """The policy would stop them, and the page would be broken."""
    folder = Path("aggregator/web/templates")
    texts = {path: path.read_text() for path in folder.rglob("*.html")}
    assert texts
    wrong = re.compile(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=\"|\|\s*safe|javascript:")
    assert [path for path, text in texts.items() if wrong.search(text)] == []
