"""Every setting that an owner may write into providers.toml changes what the panel is sent, or what is understood."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aggregator.settings import read_providers
from aggregator.settings.presets import find_pace, preset_names
from providers.adapter import Adapter
from providers.errors import Refused
from providers.registry import PRESETS
from providers.vocabulary import Phase, Progress, ServiceType, Submission
from tests.providers.panel_server import KEY, Canned, PanelServer, adapter_of, panel_server

ORDER = Submission(
    service="1",
    type=ServiceType.CUSTOM_COMMENTS,
    link="https://x.example/a+b",
    quantity=2,
    fields={"comments": ["one", "two"]},
    reference="att-1",
)
EVERYTHING = Canned(body={"order": 7, "balance": "5", "status": "Completed", "cancel": 1, "refill": 3, "charge": "1"})
"""A reply that any single question finds its answer in."""


@asynccontextmanager
async def configured(lines: str, *replies: Canned) -> AsyncIterator[tuple[Adapter, PanelServer]]:
    """A provider with these lines of providers.toml, and the panel that it calls."""
    async with panel_server(*(replies or (EVERYTHING,))) as panel:
        entry = f'[[provider]]\nname = "alpha"\nurl = "{panel.url}"\nkey = {json.dumps(KEY)}\n{lines}\n'
        (provider,) = read_providers(entry, "providers.toml", {}, Path("/"))
        async with adapter_of(provider.profile, provider.preset) as adapter:
            yield adapter, panel


async def call(adapter: Adapter, action: str) -> Any:
    """One call of each kind, by the name of its action."""
    if action == "status":
        return await adapter.statuses(["5"])
    if action == "several":
        return await adapter.statuses(["5", "6", "7"])
    if action == "cancel":
        return await adapter.cancel(["5", "6"])
    return await (adapter.add(ORDER) if action == "add" else adapter.balance())


MAP = Canned(body={number: {"status": "Completed"} for number in "567"})
SENT = [
    (
        "",
        "add",
        {"key": KEY, "action": "add", "comments": "one\ntwo", "quantity": "2", "link": "https://x.example/a+b"},
    ),
    ('key_param = "api_token"', "balance", {"api_token": KEY, "key": None}),
    ('extra_params = { api_id = "77" }', "balance", {"api_id": "77", "key": KEY}),
    ('line_separator = "\\r\\n"', "add", {"comments": "one\r\ntwo"}),
    ("send_quantity_for_line_types = false", "add", {"quantity": None}),
    ('reference_param = "request_id"', "add", {"request_id": "att-1"}),
    ("escape_plus_in_links = true", "add", {"link": "https://x.example/a%2Bb"}),
    ('multi_status = "on"', "several", {"orders": "5,6,7", "order": None}),
    ('multi_status = "off"', "several", {"orders": None, "order": "5"}),
    ('multi_param = "order"', "several", {"order": "5,6,7"}),
    ("batch_size = 2", "several", {"orders": "5,6"}),
    ('cancel_param = "order"', "cancel", {"order": "5", "orders": None}),
]


@pytest.mark.parametrize(
    ("lines", "action", "expected"), SENT, ids=[f"{line or 'plain'}: {act}" for line, act, _ in SENT]
)
async def test_what_is_sent(lines: str, action: str, expected: dict[str, str | None]) -> None:
    """The first request carries exactly what the setting asks for; None = it is not there."""
    replies = (MAP,) if action == "several" and "off" not in lines else (EVERYTHING,)
    async with configured(lines + "\nparallel = 1", *replies) as (adapter, panel):
        await call(adapter, action)
        first = panel.sent[0].params
    assert {name: first.get(name) for name in expected} == expected


FORMATS = [
    ("", "POST", "application/x-www-form-urlencoded", False),
    ('body_format = "json"', "POST", "application/json", False),
    ('body_format = "multipart"', "POST", "multipart/form-data", False),
    ('body_format = "query"', "POST", None, True),
    ('method = "GET"', "GET", None, True),
    ('method = "GET"\nbody_format = "json"', "GET", None, True),
]


@pytest.mark.parametrize(("lines", "method", "content", "in_address"), FORMATS)
async def test_how_it_is_sent(lines: str, method: str, content: str | None, in_address: bool) -> None:
    """The encoding and the verb; the key is in the address only where the panel reads nothing else."""
    async with configured(lines) as (adapter, panel):
        assert (await adapter.add(ORDER)).order == "7"
        (sent,) = panel.sent
    said = sent.headers.get("content-type")
    assert (sent.method, "action=add" in sent.target) == (method, in_address)
    assert (said.partition(";")[0] if said else None) == content
    assert ("s3cret" in sent.target) == in_address


async def test_the_name_of_our_program_is_the_owners_choice() -> None:
    """Firewalls judge by it."""
    async with configured('user_agent = "Teapot/1.0"') as (adapter, panel):
        await adapter.balance()
        assert panel.sent[0].headers["user-agent"] == "Teapot/1.0"


async def test_calls_go_through_the_proxy_that_the_owner_names() -> None:
    """The proxy is asked for the whole address; the panel itself hears nothing."""
    async with panel_server(EVERYTHING) as proxy:
        port = proxy.url.split(":")[2].partition("/")[0]
        async with configured(f'proxy = "http://127.0.0.1:{port}"') as (adapter, panel):
            assert (await adapter.balance()).balance == Decimal(5)
            assert panel.sent == []
            assert proxy.sent[0].target == panel.url


async def test_digits_are_statuses_only_where_the_owner_says_so() -> None:
    """In other families the same field holds the numbers of errors."""
    reply = Canned(body={"status": "2", "charge": "1"})
    for lines, phase in (("numeric_status = true", Phase.COMPLETED), ("", Phase.UNKNOWN)):
        async with configured(lines, reply) as (adapter, _):
            progress = (await adapter.statuses(["5"]))["5"]
            assert isinstance(progress, Progress)
            assert progress.phase is phase


async def test_rates_for_other_amounts_are_brought_to_1000() -> None:
    """A panel that prices a hundred units asks ten times as much for a thousand."""
    rows = Canned(body=[{"service": 1, "name": "Followers", "rate": "0.25", "min": 1, "max": 9}])
    async with configured("price_per = 100", rows) as (adapter, _):
        assert [listing.rate for listing in await adapter.services()] == [Decimal("2.5")]


WORDS = 'status_words = { "Gotowe" = "completed" }\nerror_words = { "kasa pusta" = "FUNDS" }'


async def test_the_owners_words_are_understood() -> None:
    """In the language of the panel."""
    async with configured(WORDS, Canned(body={"status": "GOTOWE"}), Canned(body={"error": "Kasa pusta!"})) as (
        adapter,
        _,
    ):
        progress = (await adapter.statuses(["5"]))["5"]
        assert isinstance(progress, Progress)
        assert progress.phase is Phase.COMPLETED
        with pytest.raises(Refused, match="Kasa"):
            await adapter.add(ORDER)


async def test_a_word_that_begins_with_an_equals_sign_must_be_the_whole_text() -> None:
    """A short text may stand inside others that mean something else."""
    lines = 'error_words = { "=limit" = "QTY_MAX" }'
    async with configured(lines, Canned(body={"error": "Limit"}), Canned(body={"error": "Limit of what we know"})) as (
        adapter,
        _,
    ):
        with pytest.raises(Refused):
            await adapter.add(ORDER)
        with pytest.raises(Exception, match="what we know") as raised:
            await adapter.add(ORDER)
        assert not isinstance(raised.value, Refused)


@pytest.mark.parametrize(("lines", "action"), [('refill = "off"', "refill"), ('cancel = "off"', "cancel")])
async def test_what_is_switched_off_is_never_sent(lines: str, action: str) -> None:
    """A flag that lies costs a call each time, until the owner switches it off."""
    async with configured(lines) as (adapter, panel):
        if action == "refill":
            with pytest.raises(Refused):
                await adapter.refill("5")
        else:
            assert isinstance((await adapter.cancel(["5"]))["5"], Refused)
        assert panel.sent == []


def portion(*services: int) -> Canned:
    return Canned(
        body=[{"service": one, "name": f"Followers {one}", "rate": "1", "min": 1, "max": 9} for one in services]
    )


async def test_a_catalogue_in_portions_is_read_to_its_end() -> None:
    """Each question says how many rows are here already; the one that brings nothing new is the last."""
    lines = 'page_param = "offset"\npage_size = 2'
    async with configured(lines, portion(1, 2), portion(3), Canned(body=[])) as (adapter, panel):
        assert [listing.service for listing in await adapter.services()] == ["1", "2", "3"]
        assert [(one.params["offset"], one.params["limit"]) for one in panel.sent] == [
            ("0", "2"),
            ("2", "2"),
            ("3", "2"),
        ]


async def test_a_panel_that_knows_no_portions_is_asked_twice() -> None:
    """It sends everything each time; nothing new is the end as well."""
    async with configured('page_param = "offset"', portion(1, 2, 3)) as (adapter, panel):
        assert len(await adapter.services()) == 3
        assert len(panel.sent) == 2


async def test_a_portion_that_fails_fails_the_catalogue() -> None:
    """Half a catalogue would take the other half off the shelf."""
    trouble = Canned(body={"error": "Invalid API key"})
    async with configured('page_param = "offset"', portion(1), trouble) as (adapter, _):
        with pytest.raises(Refused):
            await adapter.services()


def test_the_settings_know_the_presets_of_the_registry_and_their_pace() -> None:
    """A family is written down once."""
    assert preset_names() == sorted(PRESETS)
    assert all(find_pace(name) is PRESETS[name] for name in PRESETS)
