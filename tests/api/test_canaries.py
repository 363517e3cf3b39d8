"""A secret that went through every door and every accident is found afterwards in no log and in no row."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator import logs
from aggregator.resellers.model import make_key
from aggregator.storage.tables import Signal
from tests.api.served import Client, Served, served
from tests.conftest import write_plain_logs


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that anybody says, at every level."""
    stream, root = io.StringIO(), logging.getLogger()
    logs.set_up(stream)
    handler, level = logs.handler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    yield stream
    root.setLevel(level)
    logging.getLogger("aiosqlite").setLevel(logging.NOTSET)
    root.removeHandler(handler)
    write_plain_logs()


async def send_everywhere(shop: Served, client: Client, *actions: str) -> None:
    """The key in each place where clients put it, in calls that go well and calls that cannot."""
    key, http = client.key, shop.http
    for action in actions or ("balance", "services", "add", "status", "cancel", "refill", "refill_status", "fly"):
        fields = {"service": "1", "link": f"https://x.example/{action}", "quantity": "100", "order": "1", "refill": "1"}
        await client.json(action, **fields)
        await client.form(action, **fields)
        await http.get("/api/v2", params={"key": key, "action": action, **fields})
        await http.post("/api/v2", data={"action": action, **fields}, headers={"Authorization": f"Bearer {key}"})
        await http.post("/api/v2", data={"action": action, **fields}, headers={"X-Api-Key": key})
        await http.post("/api/v2", files={"key": (None, key), "action": (None, action)})
    for body in (f'{{"key":"{key}"', f'{{"key":"{key}","key":"{key}"}}', f"key={key}&key=x", f'{{"key":["{key}"]}}'):
        await http.post("/api/v2", content=body)
    for path in (f"/api/v2/{key}", f"/{key}", f"/nowhere?key={key}"):
        await http.get(path)
    await http.put("/api/v2", content=f"key={key}")


async def test_no_key_is_in_any_log_or_row_whatever_went_wrong(
    tmp_path: Path, fresh_sqlite: str, log: io.StringIO
) -> None:
    async with served(tmp_path, fresh_sqlite) as shop:
        anna, stranger = await shop.reseller("anna"), Client(shop.http, make_key())
        await send_everywhere(shop, anna)
        await send_everywhere(shop, stranger, "balance")
        rows = str(await shop.everything())
        await Signal.raw("alter table wallets rename to lost_wallets")
        await send_everywhere(shop, anna, "balance")
        for part in ("_tracker", "_placer"):
            setattr(shop.panel.api, part, None)
        await send_everywhere(shop, anna, "status", "add")
        said = log.getvalue()
    assert "Traceback" in said
    assert "api.unable" in said
    for key in (anna.key, stranger.key):
        assert key not in said
        assert key not in rows


async def test_a_key_is_kept_only_as_its_hash(tmp_path: Path, fresh_sqlite: str) -> None:
    """Whoever copies the database cannot order with what is in it."""
    async with served(tmp_path, fresh_sqlite) as shop:
        anna = await shop.reseller("anna")
        await anna.buy()
    files = await asyncio.to_thread(lambda: list(tmp_path.rglob("aggregator.sqlite*")))
    kept = b"".join(path.read_bytes() for path in files)
    assert anna.key[:11].encode() in kept
    assert anna.key[:16].encode() not in kept


async def test_what_is_kept_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Other accounts of the machine read neither orders nor wallets."""
    folder = tmp_path / "data"
    async with served(tmp_path, f"sqlite:///{folder / 'aggregator.sqlite'}") as shop:
        await shop.reseller("anna")
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.name for path in folder.iterdir()} >= {"aggregator.sqlite", "aggregator.sqlite-wal"}
        assert [path for path in folder.iterdir() if path.stat().st_mode & 0o077] == []


KEY = make_key()
SECRETS = {
    KEY: KEY,
    f"in the middle {KEY}.": KEY,
    "0123456789abcdef" * 4: "0123456789abcdef" * 4,
    "POST /api?key=hush&action=add": "hush",
    "body b'api_key=hush&action=add'": "hush",
    '{"key": "hush", "action": "add"}': "hush",
    r"'{\"key\":\"hush\"}'": "hush",
    "{'password': 'hush'}": "hush",
    "%3Fkey%3Dhush": "hush",
    "Authorization: Bearer hush": "hush",
    "cannot reach redis://:hush@host:6379/0": "hush",
    "postgresql://anna:hush@host/name": "hush",
}


@pytest.mark.parametrize(("text", "secret"), SECRETS.items(), ids=range(len(SECRETS)))
def test_a_secret_is_masked_wherever_it_stands(text: str, secret: str) -> None:
    assert secret not in logs.one_line(text)
    assert logs.MASK in logs.one_line(text)


@pytest.mark.parametrize(
    "text", ["KeyError: 'order'", "the key: is wrong", "http://127.0.0.1:8000/api", "12 keys", "monkey=5", "é日本👍\t"]
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert logs.one_line(text) == text


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\x1b[2K", "\x00", "\x85", "\u2028", "\u202e", "\x08"])
def test_nobody_forges_a_line_of_the_log(log: io.StringIO, mark: str) -> None:
    """Not by a provider's error text, nor by anything else that is told."""
    forged = f"all is well{mark}INFO paid order 1"
    logging.getLogger("providers.wire.transport").warning("alpha add: %s", forged)
    lines = [line for line in log.getvalue().split("\n") if "paid" in line]
    assert lines
    assert all("alpha add: all is well" in line and mark not in line for line in lines)
