"""Sends requests straight to the application, and says what came of each and what it moved."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from aggregator.api.asgi import Asgi
from aggregator.resellers import accounts
from aggregator.storage.tables import Signal
from tests.api.corpus import Case
from tests.api.served import Served, served

Reply: TypeAlias = tuple[int, Any]
Sums: TypeAlias = tuple[int, ...]

KINDS = ("taken", "refused", "no key", "not sold", "broken")

_SUMS = (
    "select (select count(*) from orders) as orders, (select count(*) from entries) as entries,"
    " (select count(*) from attempts) as attempts, (select count(*) from refills) as refills,"
    " (select count(*) from events) as events, (select count(*) from decisions) as decisions,"
    " (select count(*) from orders where cancel_wish) as wishes, (select sum(balance) from wallets) as money"
)


class Teller:
    """Sends requests straight to the application and says what came of each."""

    def __init__(self, shop: Served, app: Asgi, key: str) -> None:
        self.shop = shop
        self.app = app
        self.key = key
        self.sums: Sums = ()
        self.kinds: Counter[str] = Counter()
        """How many answers meant what; what was only asked for is "told"."""

    async def send(self, request: httpx.Request) -> Reply:
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http",
            "method": request.method,
            "path": request.url.path,
            "raw_path": b"/api/v2",
            "query_string": request.url.query,
            "client": ("127.0.0.1", 1),
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
        }
        body = [{"type": "http.request", "body": request.content}]

        async def receive() -> dict[str, Any]:
            return body.pop()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        code, said = sent[0]["status"], json.loads(sent[1]["body"])
        kind = kind_of(code, said)
        self.kinds[kind if kind in KINDS else "told"] += 1
        return code, said

    async def moved(self) -> Sums:
        """By how much each sum of the database has changed since the last look."""
        (row,) = await Signal.raw(_SUMS)
        before, self.sums = self.sums, tuple(int(value) for value in row.values())
        return tuple(now - then for now, then in zip(self.sums, before, strict=True)) if before else ()

    async def judge(self, case: Case, ways: Sequence[str]) -> list[str]:
        """Everything wrong with the answers to one case."""
        verdicts: dict[str, Any] = {}
        for way, request in case.requests(self.key):
            if way not in ways:
                continue
            code, said = await self.send(request)
            kind = kind_of(code, said)
            # What comes again with the same request id, or for the same order, moves nothing more.
            counts = kind == "taken" and case.action == "add" and case.field != "request_id"
            verdicts[way] = (kind, await self.moved()) if counts else kind
        kinds = {verdict[0] if isinstance(verdict, tuple) else str(verdict) for verdict in verdicts.values()}
        faults = {
            "answered with an error of ours": "broken" in kinds,
            f"must be {case.must}": case.must != "same" and kinds != {case.must},
            "understood differently": len({str(verdict) for verdict in verdicts.values()}) > 1,
            "refused, and yet something changed": any(await self.moved()) and "taken" not in kinds,
        }
        shown = f"{case.about}: {(case.text or case.literal or '')[:40]!r}: {verdicts}"
        return [f"{fault}: {shown}" for fault, is_so in faults.items() if is_so]


def kind_of(code: int, said: Any) -> str:
    """What a reply means, in whatever spelling: before the key is read, the encoding decides that."""
    if isinstance(said, dict) and said.get("name") == "SERVICE_NOT_FOUND":
        return "not sold"
    if code >= 500:
        return "broken"
    if isinstance(said, dict) and "error" in said:
        return "no key" if said["error"] == "Invalid API key" else "refused"
    replies = said if isinstance(said, list) else [said]
    return "taken" if any(map(_is_deed, replies)) else str(said)


def _is_deed(reply: Any) -> bool:
    """Whether a reply says that something was placed, or that somebody will see to it."""
    deeds = [reply.get(name) for name in ("refill", "cancel")] if isinstance(reply, dict) else []
    return isinstance(reply, dict) and (set(reply) == {"order"} or any(isinstance(deed, int) for deed in deeds))


@asynccontextmanager
async def teller_at(folder: Path, database_url: str) -> AsyncIterator[Teller]:
    async with served(folder, database_url) as shop:
        new = await accounts.add("anna", currency="USD", funds=92_233_720_368 * 10**8, spelling="json")
        teller = Teller(shop, shop.panel.asgi(with_api=True), new.key)
        await teller.moved()
        yield teller
