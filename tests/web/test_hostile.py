"""Whatever people and providers call things, pages show it as text: nothing runs, nothing breaks, nothing leaks."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import pytest

from tests.builders import active_order, make_reseller, unsure_order
from tests.web.chromium import CHROMIUM, PHONE, WIDE, screen_of
from tests.web.hostile import HOSTILE
from tests.web.hostile_data import BRAVO, HostileData, fill_with_hostile_data, marked
from tests.web.kit import Visitor, Web, web_of
from tests.web.strict import Tags, wrong_on

TAME = [f"https://x.example/text-{number}" for number in range(len(HOSTILE))]
Pages = dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]]
"""By who looks: addresses, and the places whose texts all stand on them together."""


def test_there_are_three_hundred() -> None:
    assert len(set(HOSTILE)) >= 300


@asynccontextmanager
async def hostile_data(
    folder: Path, url: str, texts: Sequence[str]
) -> AsyncIterator[tuple[Web, dict[str, Visitor], Pages]]:
    """A panel full of the texts, whoever may look at it, and what of them is where."""
    async with web_of(folder, url, panel='sign_up = "open"\n', services="import_rest = true\n", providers=BRAVO) as web:
        anna, boss = await web.reseller(), await web.owner()
        ids = await fill_with_hostile_data(web, anna, texts)
        all_of_it = await web.signed_in(ids.person, reseller=ids.reseller)
        yield web, {"stranger": web.visitor(), "anna": anna, "all": all_of_it, "boss": boss}, pages(ids)


def pages(ids: HostileData) -> Pages:
    """Every page on which a text of somebody else's can stand."""
    some = [str(number) for number in ids.services]
    console = f"/console/resellers/{ids.reseller}"
    return {
        "stranger": [
            (("/services",), ("name", "category", "description")),
            (("/services/changes",), ("news",)),
            (("/api",), ("name",)),
        ],
        "anna": [
            (("/home",), ("link", "name")),
            (("/orders",), ("link", "name")),
            ((f"/orders/{ids.order}",), ("link", "comments")),
            (("/wallet",), ("note",)),
            (("/keys",), ("label",)),
            ((f"/keys/{ids.keys[0]}",), ("label",)),
            (tuple(f"/orders/new?q=group{n}" for n in range(len(HOSTILE) // 50 + 1)), ("name", "category")),
            (tuple(f"/orders/new?service={one}" for one in some), ("name", "category", "description")),
        ],
        "all": [(("/settings",), ("person",)), (("/home",), ("person",)), (("/keys",), ("label",))],
        "boss": [
            (("/console",), ("rest_reason", "held_catalogue", "promise")),
            (("/console/orders",), ("link", "reseller")),
            (
                (f"/console/orders/{ids.order}",),
                ("link", "comments", "error", "reply", "event", "verdict", "detail", "actor", "reason"),
            ),
            (("/console/orders/unsure",), ("error", "reply", "facts", "service")),
            (("/console/orders/held",), ("hold", "upstream")),
            (("/console/resellers",), ("reseller", "tier")),
            ((console,), ("reseller", "tier", "person", "label", "note")),
            ((f"{console}/keys/{ids.keys[1]}",), ()),
            (("/console/decisions",), ("verdict", "detail", "actor", "reason")),
            (("/console/services",), ("name", "category", "flaw")),
            (tuple(f"/console/services/{one}" for one in some), ("name", "category")),
            (tuple(f"/console/services/{one}" for one in ids.unsold), ("flaw",)),
            (("/console/services/held",), ("held", "was", "once", "held_catalogue")),
            (("/console/services/matches",), ("match",)),
            (("/console/providers", "/console/providers/new"), ()),
            (
                ("/console/providers/of/alpha",),
                ("rest_reason", "held_catalogue", "name", "category", "their id", "before", "changed"),
            ),
            (("/console/providers/of/bravo",), ("sync_error",)),
            (("/console/providers/words",), ("word", "answer")),
            (("/console/prices",), ("author",)),
            ((f"/console/prices/{ids.revision}",), ("comment",)),
            (tuple(f"/console/prices/why?service={one}" for one in some), ("name",)),
            (("/console", "/console/audit"), ("failure", "promise", "broken")),
        ],
    }


async def walk(visitor: Visitor, paths: Sequence[str]) -> Tags:
    """The addresses and the pages after them, read as one."""
    told = Tags()
    for path in paths:
        here = path
        while here:
            told.next = ""
            told.read(await visitor.get(here))
            here = told.next and urljoin(here, told.next)
    return told


def _wanted(texts: Sequence[str], place: str) -> list[str]:
    """As a place shows them; evidence as the JSON that is kept of it."""
    if place == "facts":
        texts = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts]
    return marked(texts, place)


def plain_blanks(text: str) -> str:
    return " ".join(text.split())


async def test_every_page_shows_everything_as_text(tmp_path: Path) -> None:
    """No tag, no handler, no address comes from a text: each page is made of what its tame twin is made of."""
    made: dict[tuple[str, ...], Counter[tuple[str, ...]]] = {}
    for name, texts in (("tame", TAME), ("hostile", HOSTILE)):
        (tmp_path / name).mkdir()
        async with hostile_data(tmp_path / name, f"sqlite:///{tmp_path / name}.sqlite", texts) as (
            web,
            visitors,
            shown,
        ):
            for who, groups in shown.items():
                for paths, places in groups:
                    told = await walk(visitors[who], paths)
                    assert told.wrong == [], paths
                    said = plain_blanks(" ".join(told.texts))
                    for place in places:
                        gone = [text for text in _wanted(texts, place) if plain_blanks(text) not in said]
                        assert gone == [], (paths, place)
                    twin = made.setdefault((who, *paths), told.elements)
                    # What looks alike is a question of its words.
                    if paths != ("/console/services/matches",):
                        assert told.elements == twin, (paths, told.elements - twin, twin - told.elements)
            await _feeds_are_whole(web)


async def _feeds_are_whole(web: Web) -> None:
    stranger = web.visitor()
    names = [row["name"] for row in json.loads(await stranger.get("/services/changes.json"))]
    feed = ET.fromstring(await stranger.get("/services/changes.atom"))  # noqa: S314  # our own
    assert len(names) == len(feed.findall("{http://www.w3.org/2005/Atom}entry")) == 50


def filled(limits: dict[str, int]) -> Iterator[dict[str, str]]:
    """All of the texts, as many at once as the fields hold; what nobody may type comes by itself."""
    left = sorted(HOSTILE, key=str.isprintable)
    while left:
        fields = {}
        for name, most in limits.items():
            text = left.pop() if left else ""
            while left and left[-1].isprintable() and len(text) + len(left[-1]) < most:
                text = f"{text} {left.pop()}"
            fields[name] = text
        yield fields


QUESTIONS = {
    "anna": {
        "/orders": ("q", "state", "before", "service"),
        "/orders/new": ("q", "category", "service"),
        "/orders/quote": ("link", "quantity", "comments"),
        "/sign-up": ("invite", "next"),
        "/services": ("q", "category", "sort", "page"),
    },
    "boss": {
        "/console/orders": ("q", "state", "provider", "reseller", "before"),
        "/console/orders/unsure": ("provider",),
        "/console/services": ("q", "page"),
        "/console/resellers": ("q",),
        "/console/decisions": ("actor", "before"),
        "/console/prices/why": ("tier", "reseller"),
    },
}


async def test_no_question_breaks_a_page(web: Web, anna: Visitor, boss: Visitor) -> None:
    """In searches and addresses: an answer, never a failure of ours."""
    for visitor, asked in ((anna, QUESTIONS["anna"]), (boss, QUESTIONS["boss"])):
        for path, names in asked.items():
            for params in filled(dict.fromkeys(names, 100)):
                reply = await visitor.http.get(path, params={"service": "1", **params}, follow_redirects=True)
                assert reply.status_code in (200, 400, 404), (path, params)
                assert wrong_on(reply.text) == [], (path, params)


async def test_no_form_breaks_a_page(web: Web, anna: Visitor) -> None:
    sent = {
        "/orders/mass": {"orders": 300_000},
        "/orders/new": {"link": 200, "comments": 200, "username": 90},
        "/settings/codes": {"secret": 64, "code": 10, "password": 99},
        "/keys/new": {"label": 60, "rate": 20, "addresses": 200, "once": 99, "spelling": 99},
    }
    for path, limits in sent.items():
        for fields in filled(limits):
            await _sent(anna, path, {"service": "1", "quantity": "100", "once": "x" * 20, **fields})


async def test_no_form_of_the_console_breaks_a_page(
    web: Web, anna: Visitor, boss: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Previews, confirmations, faults, what is told after a deed, and the name that a service is given."""
    monkeypatch.setenv("SANDBOX_KEY", "sandbox")
    mine, one = await make_reseller(), f"/console/resellers/{anna.reseller}"
    held, unsure = await active_order(mine), await unsure_order(mine, seconds_ago=400)
    window = {"provider": "alpha", "since": "2020-01-01T00:00", "until": "2040-01-01T00:00"}
    sent: list[tuple[str, dict[str, str], dict[str, int]]] = [
        (f"{one}/money", {"kind": "deposit", "amount": "1"}, {"note": 300, "reference": 100}),
        (f"{one}/money", {"kind": "adjust"}, {"amount": 99, "note": 300}),
        (f"{one}/square", {"keep": "wallet"}, {"note": 300}),
        (f"{one}/terms", {}, {"tier": 60, "reason": 300}),
        (f"{one}/keys", {}, {"label": 60, "rate": 20}),
        ("/console/resellers", {}, {"name": 100, "tier": 60}),
        ("/console/resellers/invite", {}, {"reseller": 100}),
        (f"/console/orders/{held.id}/settle", {"undelivered": "1"}, {"reason": 300}),
        (f"/console/orders/{unsure.id}/found", {"attempt": "99"}, {"upstream": 100, "reason": 300}),
        ("/console/orders/unsure/many", {**window, "verdict": "write-off"}, {"reason": 300}),
        ("/console/orders/unsure/many", window, {"since": 300, "until": 300}),
        ("/console/prices/preview", {}, {"text": 200_000, "base": 99}),
        ("/console/prices", {"base": "0-x"}, {"text": 200_000, "reason": 300}),
        ("/console/providers/new", {}, {"url": 300, "key": 500, "name": 300}),
        ("/console/providers/words", {}, {"provider": 300, "text": 300, "meaning": 60}),
        ("/console/services/held", {}, {"provider": 300, "service": 300, "reason": 300}),
        ("/console/services/matches", {}, {"refs": 900}),
        ("/console/services/1", {"sold": "1"}, {"name": 250, "category": 250}),
        ("/console/services/1", {"sold": "1"}, {"pin": 300}),
    ]
    for path, usual, limits in sent:
        for fields in filled(limits):
            await _sent(boss, path, {"once": token_urlsafe(18), **usual, **fields})


async def _sent(visitor: Visitor, path: str, fields: dict[str, str]) -> None:
    reply = await visitor.send(path, fields)
    assert reply.status_code in (200, 303, 400, 409, 429), (path, fields)
    page = await visitor.get(reply.headers["location"]) if reply.is_redirect else reply.text
    assert wrong_on(page) == [], (path, fields)


async def test_a_spreadsheet_runs_nothing_of_the_statement(web: Web, anna: Visitor) -> None:
    """No cell begins as a formula does; amounts are plain numbers."""
    await fill_with_hostile_data(web, anna, [*HOSTILE, "+1", "-1"])
    rows = list(csv.reader(StringIO(await anna.get("/wallet/statement.csv"))))
    assert len(rows) > 2 * len(HOSTILE)
    risky = [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "-", "\t"))]
    assert [cell for cell in risky if not re.fullmatch(r"-?[0-9.]+", cell)] == []


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
async def test_a_browser_runs_nothing_of_it(tmp_path: Path, fresh_sqlite: str) -> None:
    """All of them in a real browser, on pages that have them all: nothing runs, nothing must be moved sideways."""
    async with (
        hostile_data(tmp_path, fresh_sqlite, HOSTILE) as (web, visitors, shown),
        screen_of(web, tmp_path / "profile") as screen,
    ):
        for who, groups in shown.items():
            await screen.context.clear_cookies()
            if visitors[who].session:
                await screen.become(visitors[who])
            for paths, _ in groups:
                page = await screen.go(paths[0])
                assert not await page.evaluate("window.hacked || document.title === 'hacked'"), paths
                assert not await screen.is_too_wide(), paths
                await page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a dictionary with these two keys
                assert not await screen.is_too_wide(), f"{paths} on a phone"
                await page.set_viewport_size(WIDE)  # type: ignore[arg-type]  # the same
        assert screen.faults == []


@pytest.mark.parametrize("bad", ["<p onclick=x>", "<script>x</script>", "<a href=javascript:x>", "<a href=//evil>"])
def test_a_running_text_would_be_seen(bad: str) -> None:
    """The check can fail."""
    assert wrong_on(bad)
