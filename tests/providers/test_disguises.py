"""One meaning, however it is wrapped, spelled and littered: in every disguise a reply is read like the plain one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from providers.errors import Code, ProviderError, Refused
from providers.reading.json_text import parse
from providers.vocabulary import Phase, Placement, ServiceType, Submission
from tests.providers.panel_server import Canned, adapter_for, panel_server

ORDER = Submission(service="1", type=ServiceType.DEFAULT, link="https://x.example/p", quantity=100)
WARNING = '<br />\n<b>Warning</b>:  Undefined array key "x" in <b>/var/www/api.php</b> on line <b>3</b><br />\n'
SERVICES = [
    {
        "service": 7,
        "name": "Likes",
        "type": "Default",
        "category": "Photo",
        "rate": "0.9",
        "min": "50",
        "max": 9000,
        "refill": True,
        "cancel": False,
        "dripfeed": True,
    },
    {
        "service": 8,
        "name": "Comments",
        "type": "Custom Comments",
        "category": "Photo",
        "rate": "8",
        "min": 1,
        "max": 90,
        "refill": False,
        "cancel": True,
        "dripfeed": False,
    },
]
PLAIN: dict[str, tuple[Any, str, Any]] = {
    "services": (SERVICES, "services", ()),
    "an order taken": ({"order": 23501}, "add", (ORDER,)),
    "an order taken under an id in letters": ({"order": "ord_01HG6Z"}, "add", (ORDER,)),
    "no money for an order": ({"error": "Not enough funds on balance"}, "add", (ORDER,)),
    "too few of an order": ({"error": "Quantity less than minimal 500"}, "add", (ORDER,)),
    "an order partly delivered": (
        {"charge": "0.27", "start_count": "3572", "status": "Partial", "remains": "157", "currency": "USD"},
        "statuses",
        (["5"],),
    ),
    "an order unknown": ({"error": "Incorrect order ID"}, "statuses", (["5"],)),
    "the status of two": (
        {"5": {"status": "Completed", "charge": "1", "remains": "0"}, "6": {"status": "In progress", "remains": "9"}},
        "statuses",
        (["5", "6"],),
    ),
    "a balance": ({"balance": "1250.5", "currency": "USD"}, "balance", ()),
    "a wrong key": ({"error": "Invalid API key"}, "balance", ()),
    "a refill taken": ({"refill": "31"}, "refill", ("5",)),
    "a refill refused": ({"error": "Refill is disabled for this service"}, "refill", ("5",)),
    "a refill done": ({"status": "Completed"}, "refill_statuses", (["31"],)),
    "cancels asked for": (
        [{"order": 5, "cancel": 1}, {"order": 6, "cancel": {"error": "Incorrect order ID"}}],
        "cancel",
        (["5", "6"],),
    ),
}


def respelled(value: Any, spell: Callable[[str], str]) -> Any:
    """The same with the names of its fields in another spelling; ids stay as they are."""
    if isinstance(value, list):
        return [respelled(one, spell) for one in value]
    if isinstance(value, dict):
        return {spell(name): respelled(one, spell) for name, one in value.items()}
    return value


def numbers_turned(value: Any) -> Any:
    """Numbers as texts, and texts that are numbers as numbers."""
    if isinstance(value, list):
        return [numbers_turned(one) for one in value]
    if isinstance(value, dict):
        return {name: numbers_turned(one) for name, one in value.items()}
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
        return json.loads(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def flags_turned(value: Any) -> Any:
    """Booleans as other scripts write them."""
    if isinstance(value, list):
        return [flags_turned(one) for one in value]
    if isinstance(value, dict):
        return {name: flags_turned(one) for name, one in value.items()}
    return ("1" if value else "false") if isinstance(value, bool) else value


def in_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def beside(value: Any, **more: Any) -> Any:
    return {**more, **value} if isinstance(value, dict) else value


DISGUISES: dict[str, Callable[[Any], Any]] = {
    "a byte order mark": lambda value: "\ufeff" + json.dumps(value),
    "a warning before it": lambda value: WARNING + json.dumps(value),
    "a warning behind it": lambda value: json.dumps(value) + "\n" + WARNING,
    "a notice of plain text": lambda value: "PHP Notice:  x in /a.php on line 2\n" + json.dumps(value),
    "a remark behind it": lambda value: json.dumps(value) + "\n<!-- 0.02 s -->",
    "JSON inside JSON": lambda value: json.dumps(json.dumps(value)),
    "inside data": lambda value: {"status": "success", "data": value},
    "inside result": lambda value: {"result": value},
    "inside response": lambda value: {"success": True, "response": value},
    "a list of one": in_list,
    "names in capitals": lambda value: respelled(value, str.upper),
    "names in camel case": lambda value: respelled(value, camel),
    "names with capitals at the front": lambda value: respelled(value, str.capitalize),
    "numbers and texts turned round": numbers_turned,
    "flags in other spellings": flags_turned,
    "things nobody asked for": lambda value: beside(value, time="12:00:01", version=2, note=None, meta={}),
    "an error that is none": lambda value: beside(value, error=None, errors=[]),
}


def seen(result: Any) -> Any:
    """What the rest of the program would know, without the reply as it came."""
    told = vars(result) if isinstance(result, Exception) else result
    plain = msgspec.to_builtins(told, enc_hook=lambda one: seen(one) if isinstance(one, Exception) else str(one))
    return _without_raw(plain)


def _without_raw(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_raw(one) for name, one in value.items() if name != "raw"}
    return [_without_raw(one) for one in value] if isinstance(value, list) else value


async def read(action: str, arguments: Any, *replies: Any) -> list[Any]:
    """What an adapter makes of each of these replies to the same call."""
    found = []
    async with panel_server(Canned()) as panel, adapter_for(panel.url) as adapter:
        for reply in replies:
            panel.replies = [Canned(text=reply if isinstance(reply, str) else json.dumps(reply))]
            try:
                found.append(seen(await getattr(adapter, action)(*arguments)))
            except ProviderError as error:
                found.append([type(error).__name__, seen(error)])
    return found


@pytest.mark.parametrize("kind", PLAIN)
async def test_a_reply_means_the_same_in_every_disguise(kind: str) -> None:
    reply, action, arguments = PLAIN[kind]
    plain, *others = await read(action, arguments, reply, *(disguise(reply) for disguise in DISGUISES.values()))
    different = {name: other for name, other in zip(DISGUISES, others, strict=True) if other != plain}
    assert different == {}, plain


async def test_the_plain_replies_mean_what_their_names_say() -> None:
    """Else every disguise could agree on nonsense."""
    read_plain = {kind: (await read(action, arguments, reply))[0] for kind, (reply, action, arguments) in PLAIN.items()}
    assert [row["service"] for row in read_plain["services"]] == ["7", "8"]
    assert read_plain["an order taken"] == {"order": "23501", "progress": None}
    assert [read_plain[kind][0] for kind in ("no money for an order", "too few of an order", "a wrong key")] == [
        Refused.__name__
    ] * 3
    assert read_plain["an order partly delivered"]["5"]["phase"] == Phase.PARTIAL
    assert read_plain["an order unknown"]["5"]["code"] == Code.ORDER_NOT_FOUND
    assert read_plain["the status of two"].keys() == {"5", "6"}
    assert read_plain["a refill done"] == {"31": "completed"}


@pytest.mark.parametrize(
    "reply",
    [
        {"order": "error"},
        {"order": "Order placed"},
        {"order": {"message": "placed"}},
        {"order": [5, 6]},
        {"data": 55},
        {"status": "pending", "message": "Not enough funds"},
        {"status": "ok", "msg": "Not enough funds"},
        {"code": 0, "message": "Not enough funds"},
        {"message": "Not enough funds", "data": {"uuid": "a1"}},
        {"order": 5, "message": "Not enough funds"},
        '{"order": 5}{"error": "Bad link"}',
        '{"order": 5',
        "ok 23507",
        [{"order": 5}, {"order": 6}],
        {"state": "queued"},
        {"error": "Bir hata oluştu"},
        {"error": 105},
    ],
    ids=str,
)
async def test_no_order_is_taken_or_refused_by_guess(reply: Any) -> None:
    """Where anything speaks for an order and anything against it, nobody knows."""
    (found,) = await read("add", (ORDER,), reply)
    assert not isinstance(found, Placement)
    assert found[0] == "Unsure"


def test_a_field_in_two_spellings_is_what_its_own_name_says() -> None:
    """A variant beside it changes nothing, whichever comes first."""
    for text in ('{"order": 5, "Order": 6}', '{"Order": 6, "order": 5}'):
        assert parse(text) == {"order": "5", "Order": "6"}
    assert parse('{"OrderID": 5, "ord_7": {"Start-Count": 1}}') == {"order_id": "5", "ord_7": {"start_count": "1"}}
