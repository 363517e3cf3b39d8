"""A catalogue of any size is read like a small one, and no reply of any kind takes the memory that it likes."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from providers.dialect import Dialect
from providers.errors import Garbled
from providers.reading.catalogue import find_rows, read_listings
from providers.reading.reply import read_reply
from tests.providers.floods import FLOODS, flooding
from tests.providers.panel_server import Canned, adapter_for, adapter_of, panel_server, profile_of

LARGE = 2**19
ROWS = [
    {
        "service": number,
        "name": f'Lik\u00e9s "{number}" \U0001f525',
        "type": "Default",
        "rate": "7",
        "category": f"Photo {number % 7}",
        "min": 10,
        "max": "9000",
        "refill": True,
        "desc": "Start: 0-1 h \\ \ud800 " * 9,
    }
    for number in range(1, 1800)
]
KEYED = {str(row["service"]): row for row in ROWS}
GROUPED = {f"Photo {number}": ROWS[number::7] for number in range(7)}
WARNING = "<br />\n<b>Warning</b>:  Undefined array key in <b>/var/www/api.php</b> on line <b>3</b><br />\n"


def text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\ud800", "\\ud800")


SHAPES = {
    "a list": text(ROWS).encode(),
    "in ASCII, indented": json.dumps(ROWS, indent=2).encode(),
    "wrapped": text({"status": "success", "code": 0, "data": ROWS, "result": "ok", "page": {"rate": 1}}).encode(),
    "wrapped twice": text({"ok": True, "Response": {"services": ROWS}, "time": 1.5}).encode(),
    "keyed": text(KEYED).encode(),
    "keyed and wrapped": text({"success": True, "data": KEYED}).encode(),
    "grouped": text(GROUPED).encode(),
    "grouped in a list": text([{"category": name, "services": rows} for name, rows in GROUPED.items()]).encode(),
    "grouped in lists": text(list(GROUPED.values())).encode(),
    "small groups": text([{"category": "Photo", "services": [row]} for row in ROWS]).encode(),
    "behind a byte order mark": b"\xef\xbb\xbf" + text(ROWS).encode(),
    "in UTF-16": json.dumps(ROWS).encode("utf-16"),
    "with a bad byte": text(ROWS).encode().replace(b"Photo 3", b"Photo \xff"),
    "after warnings": (WARNING + text(ROWS)).encode(),
    "before remarks": (text(ROWS) + "\n<!-- took 3.1 s -->\n").encode(),
    "with rows that are none": text([*ROWS, {}, [], None, 7, "-", {"service": 5}]).encode(),
}
BROKEN = {
    "cut off between rows": (text(ROWS)[: text(ROWS).index('{"service": 1790')].encode(), "it ends too early"),
    "cut off in a row": (text(ROWS)[:-30].encode(), "no JSON"),
    "cut off before the end": (text({"data": ROWS})[:-1].encode(), "it ends too early"),
    "a comma missing": (text(ROWS).replace("}, {", "} {").encode(), "no JSON"),
    "a number with two points": (text(ROWS).replace('"min": 10', '"min": 1.0.0').encode(), "no JSON"),
    "twice": (text(ROWS).encode() * 2, "more than one piece of JSON"),
    "two lists": (text({"data": ROWS, "services": ROWS}).encode(), "more in it than one list"),
    "a list among rows": (text(KEYED | {"rows": ROWS}).encode(), "more in it than one list"),
    "a word among rows": (text(KEYED | {"success": True}).encode(), "more in it than one list"),
    "a row too long": (
        text([*ROWS, {"service": 7, "name": "x" * 140_000}]).encode(),
        "a row of more than 65536",
    ),
    "a word too long": (text({"data": ROWS, "text": "x" * 140_000}).encode(), "no JSON"),
    "too deep": (text({"data": {"data": {"data": {"data": {"data": ROWS}}}}}).encode(), "nested too deep"),
    "without services": (text({"data": [[]] * 150_000}).encode(), "no services in it"),
    "too many": (b"[" + b"{}," * 200_001, "more than 200000 services"),
    "a page": (b"<html><title>Welcome</title>" + b"<br>" * LARGE, "a page"),
    "a text": (b"wait " * LARGE, "not JSON"),
}


@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES.keys())
async def test_a_large_catalogue_is_read_like_a_small_one(body: bytes) -> None:
    """Row by row from a file comes what would come of it in memory."""
    rows = find_rows(read_reply(200, body).value)
    assert rows
    async with panel_server(Canned(raw=head(body) + body)) as panel, adapter_for(panel.url) as adapter:
        assert await adapter.services() == read_listings(rows, Dialect())


def head(body: bytes) -> bytes:
    assert len(body) > LARGE
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)


@pytest.mark.parametrize(("body", "said"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_large_catalogue_that_is_not_whole_or_not_clear_is_none(body: bytes, said: str) -> None:
    """Half of one would take the other half off the shelf. The owner is told what is wrong with it."""
    async with panel_server(Canned(raw=head(body) + body)) as panel, adapter_for(panel.url) as adapter:
        with pytest.raises(Garbled, match=said):
            await adapter.services()


async def test_a_large_catalogue_of_a_panel_with_an_api_of_its_own_is_read_as_well() -> None:
    rows = [{"id": row["service"], "title": row["name"], "rate": row["rate"]} for row in ROWS]
    body = text({"success": True, "data": [row | {"note": "x" * 300} for row in rows]}).encode()
    async with (
        panel_server(Canned(raw=head(body) + body)) as panel,
        adapter_of(profile_of(panel.url), "path_style") as adapter,
    ):
        assert [one.service for one in await adapter.services()] == [str(row["service"]) for row in ROWS]


async def test_no_reply_takes_the_memory_that_it_likes() -> None:
    """8 MiB are enough for a hundred, stated or not, for bombs and drips, and for small texts of many values."""
    async with flooding() as url:
        asking = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.providers.floods", url, stdout=asyncio.subprocess.PIPE
        )
        told, _ = await asking.communicate()
    grown: dict[str, int] = json.loads(told.splitlines()[-1])
    assert len(grown) == 2 * len(FLOODS), "each is refused, by both calls"
    assert max(grown.values()) < 8 * 1024, grown
    assert sum(grown.values()) < 16 * 1024, grown
