"""Every odd value of every field is understood alike in every encoding, and what is refused has changed nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest

from aggregator.api.asgi import Asgi
from aggregator.resellers import accounts
from aggregator.storage.tables import Signal
from tests.api.corpus import Case, cases
from tests.api.served import Served, served

Reply: TypeAlias = tuple[int, Any]
Sums: TypeAlias = tuple[int, ...]

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

    async def send(self, request: httpx.Request) -> Reply:
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http", "method": request.method, "path": request.url.path, "raw_path": b"/api/v2",
            "query_string": request.url.query, "client": ("127.0.0.1", 1),
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
        }  # fmt: skip
        body = [{"type": "http.request", "body": request.content}]

        async def receive() -> dict[str, Any]:
            return body.pop()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        return sent[0]["status"], json.loads(sent[1]["body"])

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
            # A request id that comes again places nothing: that is what it is for.
            counts = kind == "taken" and case.field != "request_id"
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
    return "taken" if isinstance(said, dict) and "order" in said else str(said)


@asynccontextmanager
async def teller_at(folder: Path, database_url: str) -> AsyncIterator[Teller]:
    async with served(folder, database_url) as shop:
        new = await accounts.add("anna", currency="USD", funds=92_233_720_368 * 10**8, spelling="json")
        teller = Teller(shop, shop.panel.asgi(with_api=True), new.key)
        await teller.moved()
        yield teller


WAYS = {
    "fresh_sqlite": ("json", "number", "literal", "form", "multipart", "query"),
    "fresh_postgres": ("json", "literal", "form"),  # which bytes mean what has nothing to do with the database
}


@pytest.mark.parametrize("engine", WAYS)
async def test_every_odd_value_is_understood_alike_and_moves_nothing_unless_it_is_taken(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    """Thousands of requests, on each database; nothing of them reaches a provider."""
    async with teller_at(tmp_path, request.getfixturevalue(engine)) as teller:
        found = [fault for case in cases() for fault in await teller.judge(case, WAYS[engine])]
        assert not found, "\n".join(found)
        assert len(teller.shop.sandbox.orders) == 0


def test_the_corpus_is_as_large_as_it_claims() -> None:
    ways = Counter(way for case in cases() for way, _ in case.requests("k"))
    assert ways.total() > 2_000
    assert min(ways.values()) > 100
    assert {"taken", "refused", "not sold", "no key", "same"} == {case.must for case in cases()}
