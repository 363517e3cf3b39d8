"""A provider over real HTTP that takes every order and says of it whatever a test tells it to, in any shape."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

import msgspec
from msgspec import Struct

from providers.sandbox.request import Params, read_params
from providers.vocabulary import ServiceType

FIRST_ORDER = 880_001
KINDS: list[ServiceType] = [kind for kind in ServiceType if kind is not ServiceType.UNSUPPORTED]
"""The types of the services that it sells, in the order of their ids."""
FIRST_SERVICE = 7_101


class Page(Struct, frozen=True):
    """A reply that is no JSON: what stands in for a panel in trouble."""

    text: str
    status: int = 200


class Upstream:
    """A panel that sells one service of each type and keeps every call that it got."""

    def __init__(self, *, rate: str = "2.00", words: str = "ZZ upstream", **flags: bool) -> None:
        self.rows = [_row(number, kind, rate, words, flags) for number, kind in enumerate(KINDS)]
        self.calls: list[Params] = []
        self.taken: list[Params] = []
        """The orders that it took; their ids count from `FIRST_ORDER`."""
        self.refuses: str | None = None
        """Said to every `add`."""
        self.trouble: Page | None = None
        """Answered to every call."""
        self.says: Any = {"status": "Pending"}
        """What it says of an order; None leaves the order out of a list, and is "not found" for one alone."""
        self.replies: dict[str, Any] = {"refill": {"refill": "501"}, "refill_status": {"status": "Pending"}}
        """What it answers to other actions; a function is asked with the call."""

    def asked(self, action: str) -> list[Params]:
        """The calls of one kind."""
        return [call for call in self.calls if call.text("action") == action]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = bytearray()
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        kind = dict(scope["headers"]).get(b"content-type", b"").decode()
        page = self._answer(read_params(scope["query_string"], kind, bytes(body)))
        headers = [(b"content-length", str(len(page.text.encode())).encode())]
        await send({"type": "http.response.start", "status": page.status, "headers": headers})
        await send({"type": "http.response.body", "body": page.text.encode()})

    def _answer(self, call: Params) -> Page:
        self.calls.append(call)
        if self.trouble is not None:
            return self.trouble
        said = self._act(call)
        return said if isinstance(said, Page) else Page(msgspec.json.encode(said).decode())

    def _act(self, call: Params) -> Any:
        match call.text("action"):
            case "services":
                return self.rows
            case "balance":
                return {"balance": "100000", "currency": "USD"}
            case "add":
                return self._add(call)
            case "status":
                return self._status(call)
            case action:
                told = self.replies.get(action)
                return (told(call) if callable(told) else told) or self._otherwise(action, call)

    def _otherwise(self, action: str, call: Params) -> Any:
        if action == "cancel":
            return [{"order": order, "cancel": 1} for order in call.ids("orders")]
        return {"error": "Incorrect request"}

    def _add(self, call: Params) -> Any:
        if self.refuses is not None:
            return {"error": self.refuses}
        self.taken.append(call)
        return {"order": FIRST_ORDER + len(self.taken) - 1}

    def _status(self, call: Params) -> Any:
        if "orders" not in call.values:
            return {"error": "Incorrect order ID"} if self.says is None else self.says
        return {} if self.says is None else dict.fromkeys(call.ids("orders"), self.says)


def _row(number: int, kind: ServiceType, rate: str, words: str, flags: Mapping[str, bool]) -> dict[str, Any]:
    return {
        "service": FIRST_SERVICE + number,
        "name": f"{words} {kind}",
        "type": kind.value,
        "category": words,
        "rate": rate,
        "min": "1",
        "max": "1000000",
        "refill": True,
        "cancel": True,
        "dripfeed": True,
        **flags,
    }
