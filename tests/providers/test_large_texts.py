"""Texts that a form would make three times as long leave in the shortest encoding that the panel is known to take."""

from __future__ import annotations

import pytest

from providers.dialect import PRESETS, Dialect
from providers.sandbox.request import read_params
from providers.vocabulary import Fields, ServiceType, Submission
from tests.providers.panel_server import Canned, adapter_for, panel_server

PLACED = Canned(body={"order": 7})
CYRILLIC = "\n".join(f"Отличная запись, спасибо автору! {number}" for number in range(600))
ENGLISH = "\n".join(f"Great-post-{number}" for number in range(3000))
LISTS = {
    ServiceType.CUSTOM_COMMENTS: "comments",
    ServiceType.MENTIONS_CUSTOM_LIST: "usernames",
    ServiceType.SEO: "keywords",
    ServiceType.MENTIONS_WITH_HASHTAGS: "hashtags",
    ServiceType.INVITES_FROM_GROUPS: "groups",
    ServiceType.SPECIAL: "anything",
}


def order_of(text: str, kind: ServiceType = ServiceType.CUSTOM_COMMENTS) -> Submission:
    fields: Fields = {LISTS[kind]: text}
    return Submission(service="1", type=kind, link="https://x.example/a", quantity=600, fields=fields)


async def sent(dialect: Dialect, submission: Submission) -> tuple[str, int, dict[str, str]]:
    """The kind of its body, its size, and what a panel reads in it."""
    async with panel_server(PLACED) as panel, adapter_for(panel.url, dialect) as adapter:
        assert (await adapter.add(submission)).order == "7"
        [call] = panel.sent
    kind = call.headers["content-type"]
    read = read_params(b"", kind, call.body)
    return kind.partition(";")[0], len(call.body), {name: read.text(name) for name in read.values}


@pytest.mark.parametrize("kind", LISTS)
async def test_a_large_text_leaves_in_parts_where_the_panel_takes_them(kind: ServiceType) -> None:
    submission = order_of(CYRILLIC, kind)
    form, size, read = await sent(Dialect(), submission)
    parts, smaller, same = await sent(PRESETS["perfectpanel"], submission)
    assert (form, parts) == ("application/x-www-form-urlencoded", "multipart/form-data")
    assert smaller < size / 2
    assert read == same
    assert same[LISTS[kind]] == CYRILLIC


@pytest.mark.parametrize(("text", "kind"), [("Отлично", "form"), (ENGLISH, "form"), (CYRILLIC, "multipart")])
async def test_whatever_is_shorter_as_a_form_stays_one(text: str, kind: str) -> None:
    said, _, read = await sent(PRESETS["perfectpanel"], order_of(text))
    assert kind in said
    assert read["comments"] == text


async def test_letters_are_not_escaped_in_json() -> None:
    said, size, read = await sent(Dialect(body_format="json"), order_of(CYRILLIC))
    assert (said, size < len(CYRILLIC.encode()) + 2000) == ("application/json", True)
    assert read["comments"] == CYRILLIC


def test_what_every_family_takes_is_written_down() -> None:
    takes = {name for name, dialect in PRESETS.items() if dialect.large_texts == "multipart"}
    assert takes == set(PRESETS) - {"mystic", "notpanel"}
    assert Dialect().large_texts == "form"
