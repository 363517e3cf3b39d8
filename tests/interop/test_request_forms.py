"""A request means the same in every form in which clients send it: the same reply, the same rows, the same wallet."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.storage import clock, tables
from providers.vocabulary import ServiceType
from tests import depth
from tests.api.served import Client
from tests.interop.market import FOLLOWERS, Market, market, service

Fields = Mapping[str, str]
Form = Callable[[Fields], httpx.Request]
AT = "http://panel/api/v2"
BOM = b"\xef\xbb\xbf"
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


def _post(content: bytes, **headers: str) -> httpx.Request:
    return httpx.Request(
        "POST", AT, content=content, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )


def _form(fields: Fields, **how: Any) -> bytes:
    return urlencode(fields, **how).encode()


def _without_key(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name != "key"}


def _renamed(fields: Fields, name: str) -> Fields:
    return {**_without_key(fields), name: fields["key"]}


FORMS: dict[str, Form] = {
    "twin": lambda fields: httpx.Request("POST", AT, json=dict(fields)),
    "form": lambda fields: _post(_form(fields), **FORM_TYPE),
    "multipart": lambda fields: httpx.Request("POST", AT, files={name: (None, text) for name, text in fields.items()}),
    "query": lambda fields: httpx.Request("POST", AT, params=dict(fields)),
    "get": lambda fields: httpx.Request("GET", AT, params=dict(fields)),
    "plain text": lambda fields: _post(_form(fields), Content_Type="text/plain"),
    "no type": lambda fields: _post(_form(fields)),
    "bearer": lambda fields: _post(_form(_without_key(fields)), Authorization=f"Bearer {fields['key']}", **FORM_TYPE),
    "header": lambda fields: _post(_form(_without_key(fields)), X_Api_Key=fields["key"], **FORM_TYPE),
    "another name": lambda fields: _post(_form(_renamed(fields, "api_token")), **FORM_TYPE),
    "half in the query": lambda fields: httpx.Request(
        "POST",
        AT,
        params={"key": fields["key"], "action": fields["action"]},
        data={name: text for name, text in fields.items() if name not in ("key", "action")},
    ),
    "a mark before the form": lambda fields: _post(BOM + _form(fields), **FORM_TYPE),
    "Latin-1": lambda fields: _post(_form(fields, encoding="latin-1", errors="replace"), **FORM_TYPE),
    "padded": lambda fields: _post(_form({name: f" {text}\r\n" for name, text in fields.items()}), **FORM_TYPE),
    "JSON as text": lambda fields: _post(json.dumps(fields).encode(), Content_Type="text/plain"),
    "JSON as a form": lambda fields: _post(json.dumps(fields).encode(), **FORM_TYPE),
    "JSON without a type": lambda fields: _post(json.dumps(fields).encode()),
    "a mark before the JSON": lambda fields: _post(BOM + json.dumps(fields, ensure_ascii=False).encode()),
    "JSON with numbers": lambda fields: _post(
        json.dumps(
            {
                name: int(text) if text.isascii() and text.isdigit() and text == str(int(text)) else text
                for name, text in fields.items()
            }
        ).encode()
    ),
}

NUMBERS = st.sampled_from(
    ["1000", "100", "1", "0", "-5", "1e3", "1000.0", "12abc", "1000001", "99999999999999999999", ""]
)
LINKS = st.sampled_from(["https://x.example/ü?a=1&b=2#c", "@name", "a b+c%20", "", "x" * 2001, "日本", "=&;"])
LINES = st.sampled_from(["one\ntwo", "één\r\ntwo\r\n", "one\\ntwo", " \n ", "a|b,c"])
KINDS = (ServiceType.DEFAULT, ServiceType.CUSTOM_COMMENTS, ServiceType.PACKAGE, ServiceType.POLL)
SERVICES = st.sampled_from([*(str(service(kind)) for kind in KINDS), "77", "x", ""])
ADDS = st.fixed_dictionaries(
    {"action": st.sampled_from(["add", "Add"]), "service": SERVICES, "link": LINKS, "quantity": NUMBERS},
    optional={"comments": LINES, "runs": NUMBERS, "interval": NUMBERS, "answer_number": st.sampled_from(["1", "é"])},
)
NOBODYS = 7_000_077
"""An order that nobody ever makes here."""
IDS = st.sampled_from(["OLD", "OLD,NEW", " NEW ,OLD,,", f"{NOBODYS}", "x", f"NEW,{NOBODYS}", "", "0OLD"])
CALLS = st.fixed_dictionaries(
    {"action": st.sampled_from(["status", "refill", "cancel", "orders", "multi-status", "refill_status", "fly", ""])},
    optional={"order": IDS, "orders": IDS, "refill": st.sampled_from(["1", "x"])},
)
QUESTIONS = st.fixed_dictionaries({"action": st.sampled_from(["balance", "services", "Services"])})
OURS = (
    "id",
    "reseller",
    "created_at",
    "due_at",
    "ended_at",
    "order_id",
    "attempt",
    "at",
    "source",
    "target",
    "reference",
)
"""What differs from one reseller's rows to another's."""


class Twins:
    """Pairs of resellers of equal history: one sends a form, the other its JSON twin."""

    def __init__(self, trade: Market, *, with_orders: bool) -> None:
        self.trade = trade
        self.with_orders = with_orders
        self.count = 0

    async def compare(self, form: str, fields: Fields) -> None:
        self.count += 1
        sent = await self.do(f"form {self.count}", FORMS[form], fields)
        twin = await self.do(
            f"twin {self.count}", FORMS["twin"], {name: seen(text, form) for name, text in fields.items()}
        )
        assert sent == twin

    async def do(self, name: str, form: Form, fields: Fields) -> Any:
        """What the request is answered, and all that it leaves behind, in terms of this reseller's own orders."""
        client = await self.trade.reseller(name, "100", spelling="classic")
        orders = await self.buy_two(client) if self.with_orders else {}
        request = form({"key": client.key, **{name: _fill(text, orders) for name, text in fields.items()}})
        reply = await self.trade.http.send(self._addressed(request))
        left = await _rows_of(name)
        left["wallet"] = (await client.form("balance")).json()
        return reply.status_code, _name(reply.json(), orders), left

    async def buy_two(self, client: Client) -> dict[str, int]:
        """An order that can be refilled, and one that waits."""
        old = await self.trade.buy(client)
        await self.trade.ask(old, status="Completed", remains="0")
        new = await client.form("add", service=FOLLOWERS, link="user", quantity=1000)
        later: dict[Any, Any] = {tables.Order.due_at: clock.now() + 3_600_000}
        await tables.Order.update(later).where(tables.Order.id == new.json()["order"])
        return {"OLD": old, "NEW": new.json()["order"]}

    def _addressed(self, request: httpx.Request) -> httpx.Request:
        target, content = request.url.raw_path.decode(), request.read()
        headers = [(name, value) for name, value in request.headers.items() if name not in ("host", "content-length")]
        return self.trade.http.build_request(request.method, target, content=content, headers=headers)


def seen(text: str, form: str) -> str:
    """What arrives of a text: Latin-1 is no UTF-8, and what it lacks was lost before."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace") if form == "Latin-1" else text


def _fill(text: str, orders: Mapping[str, int]) -> str:
    for name, order in orders.items():
        text = text.replace(name, str(order))
    return text


def _name(reply: Any, orders: Mapping[str, int]) -> Any:
    """A reply with every id under a name that the twin's has, too: a reseller's own orders, and whatever is new."""
    if isinstance(reply, list):
        return [_name(row, orders) for row in reply]
    names = {order: name for name, order in orders.items()}
    known = {
        names.get(int(key), key) if key.isascii() and key.isdigit() else key: value for key, value in reply.items()
    }
    for key in ("order", "refill"):
        if isinstance(known.get(key), int):
            known[key] = names.get(known[key], "new" if known[key] != NOBODYS else NOBODYS)
        elif isinstance(known.get(key), str) and known[key].isdigit():
            known[key] = "new, as text"
    return known


async def _rows_of(name: str) -> dict[str, Any]:
    (reseller,) = await tables.Reseller.select().where(tables.Reseller.name == name)
    rows: dict[str, Any] = {}
    for table in (tables.Order, tables.Refill, tables.Entry):
        column = table._meta.get_column_by_name("reseller")
        found = await table.select().where(column == reseller["id"]).order_by(table._meta.primary_key)
        rows[table._meta.tablename] = [{name: row[name] for name in row if name not in OURS} for row in found]
    return rows


@pytest.mark.parametrize("about", ["adds", "calls", "questions"])
def test_a_request_means_the_same_in_every_form(tmp_path: Path, fresh_sqlite: str, about: str) -> None:
    requests, count = {"adds": (ADDS, 100), "calls": (CALLS, 30), "questions": (QUESTIONS, 10)}[about]
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(market(tmp_path, fresh_sqlite)) as trade:
        twins = Twins(trade, with_orders=about == "calls")

        @settings(max_examples=depth.examples(count), suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(list(FORMS)), requests)
        def prove(form: str, fields: dict[str, str]) -> None:
            portal.call(twins.compare, form, fields)

        prove()
