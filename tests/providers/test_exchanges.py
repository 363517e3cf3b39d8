"""What panels really answer, replayed over HTTP, and what the rest of the program then knows of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from providers.adapter import Adapter
from providers.errors import ProviderError, Refused
from providers.registry import PRESETS
from providers.vocabulary import Submission
from tests.providers.panel_server import Canned, Sent, adapter_of, panel_server, profile_of

FILES = sorted(Path(__file__).with_name("exchanges").glob("*.json"))
BY_ID = ("statuses", "cancel", "refill_statuses")
EXCHANGES = [
    pytest.param(exchange, id=f"{file.stem}: {exchange['title']}")
    for file in FILES
    for exchange in json.loads(file.read_text())
]


def canned(reply: dict[str, Any]) -> Canned:
    """A reply as written in a file; `repeat` spares writing the same text many times."""
    repeat = reply.pop("repeat", 1)
    read = msgspec.convert(reply, Canned)
    return msgspec.structs.replace(read, text=read.text * repeat) if read.text is not None else read


async def carry_out(adapter: Adapter, action: str, *arguments: Any) -> Any:
    """The call that an exchange is about."""
    if action == "add":
        return await adapter.add(msgspec.convert(arguments[0], Submission))
    return await getattr(adapter, action)(*arguments)


def plain(result: Any) -> Any:
    """A result in the shapes of JSON, to lie beside what the file expects."""
    if isinstance(result, Refused):
        return {"refused": result.code.value}
    if isinstance(result, dict):
        return {key: plain(value) for key, value in result.items()}
    if isinstance(result, list):
        return [plain(value) for value in result]
    return msgspec.json.decode(msgspec.json.encode(result))


def narrowed(actual: Any, expected: Any) -> Any:
    """The actual value without the fields of structs that the file does not speak of."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: narrowed(actual.get(key), value) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [narrowed(one, other) for one, other in zip(actual, expected, strict=True)]
    return actual


def what_was_sent(one: Sent) -> dict[str, Any]:
    """The parameters, and under "request" the verb and the path below the provider's address."""
    return {**one.params, "request": one.request.replace("/api/v2", "")}


def test_there_are_exchanges_for_every_action() -> None:
    """A folder that was lost must not look like a suite that passed."""
    assert {exchange.values[0]["call"][0] for exchange in EXCHANGES} == {  # type: ignore[index]  # values hold dicts
        "services",
        "add",
        "statuses",
        "balance",
        "cancel",
        "refill",
        "refill_statuses",
        "recent_orders",
    }
    assert len(EXCHANGES) > 150


@pytest.mark.parametrize("exchange", EXCHANGES)
async def test_exchange(exchange: dict[str, Any]) -> None:
    """Each reply means what its title says, and only the expected requests were sent."""
    settings = dict(exchange.get("settings", {}))
    parallel = settings.pop("parallel", 4)
    dialect = msgspec.structs.replace(PRESETS[exchange["preset"]].dialect, **settings)
    replies = [canned(dict(reply)) for reply in exchange["replies"]]
    async with (
        panel_server(*replies) as panel,
        adapter_of(profile_of(panel.url, dialect, parallel=parallel), exchange["preset"]) as adapter,
    ):
        if "raises" in exchange:
            with pytest.raises(ProviderError) as raised:
                await carry_out(adapter, *exchange["call"])
            actual = {"error": type(raised.value).__name__, **vars(raised.value)}
            assert narrowed(actual, exchange["raises"]) == exchange["raises"]
        else:
            actual = plain(await carry_out(adapter, *exchange["call"]))
            assert narrowed(actual, exchange["gives"]) == exchange["gives"]
            assert (
                isinstance(actual, list)
                or exchange["call"][0] != "statuses"
                or actual.keys() == exchange["gives"].keys()
            )
        if "sent" in exchange:
            asked = [what_was_sent(one) for one in panel.sent]
            assert narrowed(asked, exchange["sent"]) == exchange["sent"]
