"""A little panel with paths in place of actions, that keeps its orders: what `providers/path_style.py` speaks to."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

KEY = "header-secret"
Reply = tuple[int, dict[str, Any]]


class PathStyleServer:
    """An ASGI application. Every order costs 1.20 per 1,000 and runs until somebody says otherwise in `orders`."""

    def __init__(self, balance: str = "5.00") -> None:
        self.balance = Decimal(balance)
        self.orders: dict[str, dict[str, Any]] = {}
        self.refills: dict[str, str] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body = (await receive())["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if headers.get("x-api-key") != KEY:
            status, said = fault(401, "bad_key", "Who are you?")
        else:
            steps = [step for step in scope["path"].removeprefix("/api").split("/") if step]
            answer = self.read(steps) if scope["method"] == "GET" else self.write(steps, json.loads(body or b"{}"))
            status, said = answer or fault(404, "no_order", "There is nothing here")
        head = {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        await send(head)
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})

    def read(self, steps: list[str]) -> Reply | None:
        """What a GET on a path comes to; None where there is nothing."""
        match steps:
            case ["services"]:
                row = {"id": 7, "title": "Reposts", "group": "Video", "price": "1.20", "min": 10, "max": 1000}
                return good([{**row, "refill": True}])
            case ["balance"]:
                return good({"balance": f"{self.balance:f}", "currency": "RUB"})
            case ["orders", order] if order in self.orders:
                return good(self.orders[order])
            case ["refills", refill] if refill in self.refills:
                return good({"status": self.refills[refill]})
        return None

    def write(self, steps: list[str], fields: dict[str, Any]) -> Reply | None:
        """What a POST on a path comes to; None where there is nothing."""
        match steps:
            case ["orders"]:
                return self.place(fields)
            case ["orders", order, "cancel"] if order in self.orders:
                return self.call_off(self.orders[order])
            case ["orders", order, "refill"] if order in self.orders:
                self.refills["1"] = "in progress"
                return good({"id": 1})
        return None

    def place(self, fields: dict[str, Any]) -> Reply:
        cost = Decimal("1.20") * fields["quantity"] / 1000
        if fields["service"] != 7:
            return fault(404, "no_service", "We do not sell that")
        if cost > self.balance:
            return fault(402, "no_money", "Top up first")
        self.balance -= cost
        order = f"o{len(self.orders) + 1}"
        self.orders[order] = {"status": "waiting", "left": fields["quantity"], "price": f"{cost:f}", "began_at": 0}
        return good({"id": order}, 201)

    def call_off(self, order: dict[str, Any]) -> Reply:
        if order["status"] == "done":
            return fault(409, "no_cancel", "It is done")
        self.balance += Decimal(order["price"])
        order.update(status="cancelled", price="0")
        return good(None)


def good(data: Any, status: int = 200) -> Reply:
    return status, {"success": True, "data": data}


def fault(status: int, kind: str, text: str) -> Reply:
    return status, {"success": False, "fault": {"kind": kind, "text": text}}
