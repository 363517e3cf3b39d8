"""Whatever people and providers call things, pages show it as text: nothing runs, nothing breaks, nothing leaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from aggregator.orders import accept_store
from aggregator.orders import store as orders
from aggregator.orders.model import NewOrder
from aggregator.resellers import accounts, keys
from aggregator.resellers.model import KeyRules
from tests.builders import new_order
from tests.web.chromium import Screen
from tests.web.hostile import HOSTILE
from tests.web.kit import Visitor, Web

READERS = ("/home", "/orders", "/orders?q=x", "/orders/1", "/wallet", "/keys", "/keys/2", "/orders/new", "/funds")
"""Pages of a reseller that show what somebody typed; sections with such pages add theirs to PAGES."""
PAGES: dict[str, tuple[str, ...]] = {"reseller": READERS, "owner": ()}
OUR_ADDRESS = re.compile(r"/(?!/)|#|mailto:|data:image/svg\+xml;base64,")
ALLOWED_SCRIPTS = re.compile(r"/static/panel\.[0-9a-f]{12}\.js")


class Tags(HTMLParser):
    """Everything on a page that could act."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("iframe", "object", "embed", "base", "style", "video") or "style" in given:
            self.wrong.append(f"<{tag}>")
        if tag == "script" and not ALLOWED_SCRIPTS.fullmatch(given.get("src") or ""):
            self.wrong.append("<script>")
        self.wrong += [f"{tag} {name}" for name in given if name.startswith("on")]
        for name in ("href", "src", "action", "formaction"):
            if not OUR_ADDRESS.match(given.get(name) or "/"):
                self.wrong.append(f"{name}={given[name]}")


def wrong_on(page: str) -> list[str]:
    parser = Tags()
    parser.feed(page)
    return parser.wrong


def test_there_are_three_hundred() -> None:
    assert len(set(HOSTILE)) >= 300


async def haunt(web: Web, anna: Visitor, texts: list[str]) -> None:
    """Put the texts wherever a reseller, an owner or a provider can put one."""
    for number, text in enumerate(texts):
        await accept_store.accept([haunted(anna.reseller, text, number)])
        await orders.note(number + 1, (await orders.get(number + 1)).state, text)  # type: ignore[union-attr]  # just made
        await accounts.fund("anna", 100, reference=f"r{number}", note=text)
    for text in texts[:2]:
        await keys.make(anna.reseller, KeyRules(label=text[:60]))


def haunted(reseller: int, text: str, number: int) -> NewOrder:
    return new_order(reseller, link=text, charge=1, fields={"comments": [text]}, payload=f"p{number}")


async def test_no_page_runs_what_is_shown_on_it(web: Web, anna: Visitor, boss: Visitor) -> None:
    """Read as a browser reads it: no tag, no handler and no address comes from a text."""
    for start in range(0, len(HOSTILE), 50):
        await haunt(web, anna, HOSTILE[start : start + 50])
    before = 51
    for visitor, paths in [(anna, PAGES["reseller"]), (boss, PAGES["owner"])]:
        for path in paths:
            assert wrong_on(await visitor.get(path)) == [], path
    while before < len(HOSTILE) + 50:
        for base in ("/orders?before=", "/wallet?before="):
            assert wrong_on(await anna.get(f"{base}{before}")) == []
        before += 50


def by_field(names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """All of the texts, as many at once as there are fields."""
    for start in range(0, len(HOSTILE), len(names)):
        yield dict(zip(names, HOSTILE[start : start + len(names)], strict=False))


async def test_no_question_breaks_a_page(web: Web, anna: Visitor) -> None:
    """In searches and addresses: an answer, never a failure of ours."""
    asked = {
        "/orders": ("q", "state", "before", "service"), "/orders/new": ("q", "category", "service"),
        "/orders/quote": ("link", "quantity", "comments"), "/sign-up": ("invite", "next"),
    }  # fmt: skip
    for path, names in asked.items():
        for params in by_field(names):
            reply = await anna.http.get(path, params={"service": "1", **params}, follow_redirects=True)
            assert reply.status_code in (200, 400, 404), (path, params)
            assert wrong_on(reply.text) == [], (path, params)


async def test_no_form_breaks_a_page(web: Web, anna: Visitor) -> None:
    sent = {
        "/orders/mass": ("orders",), "/orders/new": ("link", "quantity", "comments", "username"),
        "/settings/codes": ("secret", "code", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
                            "x13", "x14", "x15", "x16"),
        "/keys/new": ("label", "rate", "addresses", "once", "spelling"),
    }  # fmt: skip
    for path, names in sent.items():
        for fields in by_field(names):
            reply = await anna.send(path, {"service": "1", "once": "x" * 20, **fields})
            assert reply.status_code in (200, 303, 400, 409), (path, fields)
            assert wrong_on(reply.text) == [], (path, fields)


async def test_a_spreadsheet_runs_nothing_of_the_statement(web: Web, anna: Visitor) -> None:
    """No cell begins as a formula does; amounts are plain numbers."""
    await haunt(web, anna, [*HOSTILE[-40:], "=1+1", "@SUM(1)", "+1", "-1"])
    lines = (await anna.get("/wallet/statement.csv")).splitlines()
    assert len(lines) > 80
    cells = [cell.strip('"') for line in lines for cell in line.split(",")]
    risky = [cell for cell in cells if cell.startswith(("=", "+", "@", "-")) and not re.fullmatch(r"-?[0-9.]+", cell)]
    assert risky == []


async def test_a_browser_runs_nothing_of_it(web: Web, anna: Visitor, screen: Screen) -> None:
    """The same in a real browser, for those that aim at one."""
    await haunt(web, anna, HOSTILE[:100])
    await screen.become(anna)
    for path in ("/orders", "/orders/1", "/wallet", "/keys"):
        page = await screen.go(path)
        assert not await page.evaluate("window.hacked || document.title === 'hacked'"), path
        assert not await screen.is_too_wide(), path
    assert screen.faults == []


@pytest.mark.parametrize("bad", ["<p onclick=x>", "<script>x</script>", "<a href=javascript:x>", "<a href=//evil>"])
def test_a_running_text_would_be_seen(bad: str) -> None:
    """The check can fail."""
    assert wrong_on(bad)
