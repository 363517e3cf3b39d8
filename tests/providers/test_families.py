"""A panel's family is told by what it answers, before anything is bought there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.errors import Code
from providers.families import Facts, recognise
from providers.probe import Probe, try_provider
from providers.reach import Level
from providers.reading.catalogue import find_rows
from providers.reading.json_text import Json, parse
from providers.registry import PRESETS, find_preset
from tests.providers.panel_server import Canned, Patience, panel_server, profile_of
from tests.providers.test_exchanges import EXCHANGES

RECORDED: list[dict[str, Any]] = [exchange.values[0] for exchange in EXCHANGES]  # type: ignore[misc]  # values hold dicts
TOLD_BY = {
    "perfectpanel_old": None,
    "smartpanel": None,
    "rental": None,
    "smmraja": None,
    "mystic": None,
    "cmsnt_laravel": None,
    "glycon": {"error": "Order not found.", "status": 104},
    "cmsnt2": {"status": "error", "msg": "Không tìm thấy", "error": "error.incorrect_order_id"},
}
"""Families, and what those that look like others in everything else say of an order that does not exist."""
ROW = {"service": 1, "name": "Followers", "type": "Default", "category": "A", "rate": "1", "min": "1", "max": "9"}
CLASSIC = {**ROW, "refill": True, "cancel": True, "dripfeed": False}


def recorded(preset: str, action: str) -> Json:
    """The first reply that we have of this family to this question, as it is read."""
    found = next(one for one in RECORDED if (one["preset"], one["call"][0]) == (preset, action) and "gives" in one)
    return parse(json.dumps(found["replies"][0]["body"]))


@pytest.mark.parametrize("family", TOLD_BY)
def test_a_family_is_told_by_its_recorded_replies(family: str) -> None:
    rows = find_rows(recorded(family, "services")) or []
    facts = Facts(
        url="https://x.example/api/v3" if family == "smmraja" else "https://x.example/api/v2",
        rows=[row for _, row in rows],
        balance=recorded(family, "balance"),
        unknown=parse(json.dumps(TOLD_BY[family])),
    )
    assert recognise(facts) == family


def test_the_usual_panel_is_told_by_its_flags() -> None:
    facts = Facts(
        url="https://x.example/api/v2", rows=[row for _, row in find_rows(parse(json.dumps([CLASSIC]))) or []]
    )
    assert recognise(facts) == "perfectpanel"


LISTED = {"order": 7, "service": "1", "quantity": "9", "link": "x", "request_id": "r", "status": "Pending"}


@pytest.mark.parametrize(
    ("orders", "nonsense", "family"),
    [
        ([LISTED], {"error": "Incorrect request"}, "aggregator"),
        ([], {"error": "Incorrect request"}, "aggregator"),
        ([], [], "perfectpanel"),
        ([{"order": 7, "status": "Pending"}], {"error": "Incorrect request"}, "perfectpanel"),
        ([CLASSIC], None, "perfectpanel"),
        ({"error": "Incorrect request"}, None, "perfectpanel"),
    ],
)
def test_a_panel_of_ours_is_told_by_its_list_of_orders(orders: Json, nonsense: Json, family: str) -> None:
    """Repeats are sent to no other kind: a list of something else, or to whatever is asked, is no mark of ours."""
    rows = [row for _, row in find_rows(parse(json.dumps([CLASSIC]))) or []]
    facts = Facts(url="https://x.example/api/v2", rows=rows, orders=orders, nonsense=nonsense)
    assert recognise(facts) == family


def test_where_nothing_tells_nothing_is_guessed() -> None:
    """A wrong preset is worse than the usual one."""
    assert recognise(Facts(url="https://x.example/api/v2")) is None


async def tried(*replies: Canned, preset: str = "perfectpanel") -> tuple[Probe, list[str]]:
    """A trial at a panel that gives these replies, and the actions it was asked for."""
    async with panel_server(*replies) as panel:
        trial = await try_provider(profile_of(panel.url, find_preset(preset).dialect), preset, Patience())
        return trial, panel.actions


def texts(trial: Probe, level: Level) -> str:
    return "; ".join(f"{finding.topic}: {finding.text}" for finding in trial.findings if finding.level is level)


FUNDS = Canned(body={"balance": "5", "currency": "USD"})
GONE = Canned(body={"error": "Incorrect order ID"})


async def test_a_trial_asks_everything_and_buys_nothing() -> None:
    """Two made-up orders in one question show whether several can be asked for."""
    rows = Canned(body=[CLASSIC, {**CLASSIC, "service": 2, "rate": "0"}])
    nothing = Canned(body={"999999991": {"error": "Incorrect order ID"}, "999999992": {"error": "Incorrect order ID"}})
    trial, actions = await tried(FUNDS, rows, nothing, GONE)
    assert set(actions) == {"balance", "services", "status", "orders"}
    assert (trial.found.multi_status, trial.resembles, texts(trial, Level.FAULT)) == (True, "perfectpanel", "")
    assert texts(trial, Level.WARN).startswith("left out: 1 no price")


async def test_a_panel_without_batches_is_not_judged_by_orders_that_do_not_exist() -> None:
    """A batch that fails where single questions fail as well proves nothing."""
    trial, _ = await tried(FUNDS, Canned(body=[CLASSIC]), GONE)
    assert trial.found.multi_status is None
    assert "tried again with real ones" in texts(trial, Level.WARN)


async def test_a_redirect_is_told_with_the_address_to_write() -> None:
    """In full, though the panel names only a path."""
    async with panel_server(Canned(status=301, body={}, headers={"Location": "/api/v2/"})) as panel:
        trial = await try_provider(profile_of(panel.url), "perfectpanel", Patience())
    assert f"change the URL to {panel.url}/" in texts(trial, Level.FAULT)


async def test_a_panel_that_reads_only_json_is_recognised_by_its_answer_to_it() -> None:
    """The balance could not be read as configured; with another preset it can."""
    trial, _ = await tried(Canned(body={"error": "Missing key or action"}), Canned(body={"error": "no"}), FUNDS)
    assert "balance: Missing key or action (PARAMS)" in texts(trial, Level.FAULT)
    assert 'preset = "mystic"' in texts(trial, Level.WARN)


async def test_what_nobody_knows_of_a_missing_order_is_told_with_the_line_to_write() -> None:
    trial, _ = await tried(FUNDS, Canned(body=[CLASSIC]), Canned(body={"error": "Brak"}))
    assert '{ "Brak" = "ORDER_NOT_FOUND" }' in texts(trial, Level.WARN)
    assert Code.ORDER_NOT_FOUND.value in texts(trial, Level.WARN)


async def test_types_that_name_what_is_sold_are_told_with_the_line_to_write() -> None:
    rows = [{**CLASSIC, "service": number, "type": said} for number, said in enumerate(("Likes", "comments", "x"), 1)]
    trial, _ = await tried(FUNDS, Canned(body=rows), GONE)
    assert "type words: sold as Default, for no text is ever needed: 1 Likes" in texts(trial, Level.OK)
    assert 'type_words = { "comments" = "...", "x" = "..." }' in texts(trial, Level.WARN)


async def test_a_catalogue_without_anything_to_sell_is_a_fault() -> None:
    trial, _ = await tried(FUNDS, Canned(body=[{**CLASSIC, "rate": "0"}]), GONE)
    assert "0 of 1 services" in texts(trial, Level.FAULT)


@pytest.mark.parametrize("preset", sorted(PRESETS))
async def test_every_preset_can_be_tried(preset: str) -> None:
    """Whatever the panel says: the trial ends with findings, never with an error."""
    trial, _ = await tried(Canned(text="<html>login</html>"), preset=preset)
    assert "could" not in texts(trial, Level.OK)
    assert texts(trial, Level.FAULT)
