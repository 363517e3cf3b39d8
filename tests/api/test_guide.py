"""What the API's page and openapi.json say is true: each example is sent, each program run, each schema held."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from aggregator import errors as all_errors
from aggregator.api.guide.errors import errors
from aggregator.api.guide.examples import KEY, Example, examples
from aggregator.api.guide.fields import FIELDS, SOLD, taken_by_action, taken_by_add
from aggregator.api.guide.openapi import document, reply_name
from aggregator.api.guide.schemas import name_of
from aggregator.api.names import KNOWN
from aggregator.api.views import Spelling
from aggregator.api.wire import Action
from aggregator.errors import IncorrectRequest, MissingField, ResellerError
from aggregator.orders.intake.types import Ask, read_terms, taken_by
from aggregator.settings import Limits, PanelSettings
from providers.vocabulary import ServiceType
from tests.api.schema_check import faults
from tests.api.served import Client
from tests.api.story import story

VALUES = {
    "link": "https://x.example",
    "min": "1",
    "max": "2",
    "delay": "0",
    "runs": "2",
    "interval": "5",
    "posts": "1",
    "old_posts": "1",
    "expiry": "31/12/2030",
    "type_of_traffic": "3",
}


def openapi() -> dict[str, Any]:
    return dict(msgspec.json.decode(document(PanelSettings(), Limits())))


async def send(client: Client, example: Example, spelling: Spelling) -> tuple[int, str]:
    """An example from its reader's own program."""
    fields = {name: client.key if value == KEY else value for name, value in example.fields.items()}
    if spelling is Spelling.JSON:
        reply = await client.http.post("/api/v2", json=fields)
    else:
        reply = await client.http.post("/api/v2", data={name: str(value) for name, value in fields.items()})
    return reply.status_code, reply.text


@pytest.mark.parametrize("spelling", list(Spelling))
async def test_every_example_is_answered_as_it_says(tmp_path: Path, fresh_sqlite: str, spelling: Spelling) -> None:
    """To the byte, one after the other, by a panel that sells what the examples' panel sells."""
    wrong = {}
    async with story(tmp_path, fresh_sqlite) as (_, anna):
        for example in examples().example:
            code, text = await send(anna, example, spelling)
            told = example.reply(spelling)
            same = text.startswith(told.removesuffix("]")) if example.first else text == told
            if not (same and code == example.status(spelling)):
                wrong[example.name] = (code, text)
    assert wrong == {}


def test_there_is_an_example_of_every_action_and_order_type() -> None:
    told = examples().example
    assert {example.action for example in told if not example.refused} == set(Action)
    assert {example.type for example in told} - {None} == set(SOLD) - {ServiceType.SPECIAL}
    assert len({example.name for example in told}) == len(told)


@pytest.mark.parametrize("kind", SOLD)
def test_every_order_type_needs_what_it_is_said_to_need(kind: ServiceType) -> None:
    """And nothing else: with that an order is read, and without any one of it it is refused."""
    taken = taken_by(kind)
    sent = {name: VALUES.get(name, "1") for name in taken.needed}
    read_terms(kind, added(sent))
    for name in taken.needed:
        with pytest.raises((MissingField, all_errors.BadLink)):
            read_terms(kind, added({other: value for other, value in sent.items() if other != name}))
    read_terms(kind, added({**sent, **{name: VALUES.get(name, "1") for name in taken.optional}}))


def added(sent: dict[str, str]) -> Ask:
    extras = {name: value for name, value in sent.items() if name not in ("link", "quantity")}
    return Ask(
        service=1,
        link=sent.get("link", ""),
        quantity=sent.get("quantity"),
        request_id=None,
        custom_id=None,
        extras=dict(extras),
    )


def test_every_field_that_we_read_is_explained() -> None:
    assert set(FIELDS) == KNOWN | {"key"}
    told = [name for action in Action if action is not Action.ADD for name in taken_by_action(action).optional]
    told += [name for kind in SOLD for taken in [taken_by_add(kind)] for name in (*taken.needed, *taken.optional)]
    assert set(told) | {"key", "action"} == set(FIELDS)


def test_every_refusal_is_in_the_table() -> None:
    """Also those that no example shows; and what an example shows is as the table says."""
    kinds = {kind for kind in vars(all_errors).values() if isinstance(kind, type) and issubclass(kind, ResellerError)}
    assert {row.error for row in errors()} == {kind.__name__ for kind in kinds - {ResellerError}}
    told = {(row.code, row.json) for row in errors()}
    for example in examples().refused:
        reply = msgspec.json.decode(example.json)
        assert (example.code, reply.get("error", reply.get("message"))) in told, example.name
        assert msgspec.json.decode(example.classic)["error"] in {row.classic for row in errors()}, example.name


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_requests_are_as_the_document_says(kind: str) -> None:
    """In both encodings; each action and type by the schema of its own name, a refused one perhaps by none."""
    told = openapi()
    content = told["paths"]["/api/v2"]["post"]["requestBody"]["content"][kind]
    for example in examples().example:
        sent = content["examples"][example.name]["value"]
        assert {name: str(value) for name, value in example.fields.items()} == {n: str(v) for n, v in sent.items()}
        if example.refused:
            continue
        assert faults(sent, content["schema"], told) == [], example.name
        name = name_of(example.type) if example.type else "".join(part.title() for part in example.action.split("_"))
        assert faults(sent, {"$ref": f"/{name}Request"}, told) == [], example.name


@pytest.mark.parametrize("spelling", list(Spelling))
def test_replies_are_as_the_document_says(spelling: Spelling) -> None:
    """By the schema of their own, and by that of the code they come with; of the other spelling they are not."""
    told = openapi()
    suffix = {Spelling.JSON: "", Spelling.CLASSIC: "Classic"}[spelling]
    for example in examples().example:
        reply = msgspec.json.decode(example.reply(spelling))
        name = reply_name(example) if spelling is Spelling.JSON or not example.refused else "Error"
        assert faults(reply, {"$ref": f"/{name}{suffix}"}, told) == [], example.name
        by_code = told["paths"]["/api/v2"]["post"]["responses"][str(example.status(spelling))]
        content = by_code["content"]["application/json"]
        assert faults(reply, content["schema"], told) == [], example.name
        assert content["examples"][f"{example.name}-{spelling}"]["value"] == reply
    other = {"$ref": f"/Services{'Classic' if spelling is Spelling.JSON else ''}"}
    assert faults(msgspec.json.decode(examples().named("services").reply(spelling)), other, told)


def test_the_document_leads_nowhere_that_is_not_there() -> None:
    """Every reference arrives, and every code that the API answers with is told."""
    told = openapi()

    def walk(node: Any) -> list[str]:
        if isinstance(node, dict):
            return [node["$ref"]] if "$ref" in node else [ref for each in node.values() for ref in walk(each)]
        return [ref for each in node for ref in walk(each)] if isinstance(node, list) else []

    there = {f"#/components/schemas/{name}" for name in told["components"]["schemas"]}
    assert set(walk(told["paths"])) <= there
    codes = set(told["paths"]["/api/v2"]["post"]["responses"])
    assert codes == {"200", "201", *(str(row.code) for row in errors())}


def test_a_field_that_no_type_takes_is_refused() -> None:
    """The check of types can fail: a package has no drip-feed."""
    with pytest.raises(IncorrectRequest):
        read_terms(ServiceType.PACKAGE, added({"link": "x.example", "runs": "2", "interval": "5"}))
