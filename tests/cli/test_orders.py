"""orders: what stands where, and what only the owner can decide."""

from __future__ import annotations

import asyncio
import re
import time

import pytest

from aggregator.app import Panel
from aggregator.orders import store
from aggregator.storage import tables
from providers.sandbox import Sandbox
from tests.api.served import served_client
from tests.cli.desk import LINK, Desk

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FIELDS = {
    "order",
    "reseller",
    "service",
    "link",
    "quantity",
    "state",
    "held",
    "provider",
    "upstream_order",
    "charge",
    "refunded",
    "start_count",
    "remains",
}


def buy(desk: Desk, *words: str, until: str = "") -> str:
    """Order a thousand followers for each word, and let the panel work until all are in that state; anna's key."""
    key: str = desk.ask("resellers", "add", "anna", "--funds", "100")["key"]

    async def story(panel: Panel) -> None:
        async with served_client(panel, key) as anna:
            for word in words:
                await anna.buy(word)
            if until:
                await work(panel, until)

    desk.live(story)
    return key


async def work(panel: Panel, until: str) -> None:
    await panel.jobs.start()
    async with asyncio.timeout(20):
        while {state for state, count in (await store.count_by_state()).items() if count} != {until}:  # noqa: ASYNC110  # rows tell
            await asyncio.sleep(0.02)


def test_an_order_is_shown_with_its_attempts_and_history(stocked: Desk) -> None:
    buy(stocked, "partial/300", until="partial")
    shown = stocked.ask("orders", "show", "1")
    assert set(shown) >= FIELDS | {"attempts", "history"}
    assert shown["halted"] is None
    told = {name: shown[name] for name in ("order", "reseller", "service", "quantity", "state", "held", "provider")}
    assert told == {
        "order": 1,
        "reseller": "anna",
        "service": 1,
        "quantity": 1000,
        "state": "partial",
        "held": None,
        "provider": "alpha",
    }
    assert (shown["charge"], shown["refunded"], shown["remains"]) == ("2.5", "0.75", 300)
    assert (shown["upstream_order"], shown["link"]) == ("880001", f"{LINK}/partial/300")
    (attempt,) = shown["attempts"]
    assert (attempt["provider"], attempt["outcome"], attempt["upstream_order"], attempt["error"]) == (
        "alpha",
        "accepted",
        "880001",
        None,
    )
    assert shown["history"]
    assert all(TIME.fullmatch(line["at"]) for line in shown["history"])
    assert "880001" in stocked.say("orders", "show", "1").text


def test_orders_are_listed_the_newest_first(stocked: Desk) -> None:
    buy(stocked, "", "", "")
    rows = stocked.ask("orders", "list")
    assert [row["order"] for row in rows] == [3, 2, 1]
    assert all(set(row) >= FIELDS and "attempts" not in row for row in rows)
    assert [row["state"] for row in rows] == ["queued"] * 3
    assert [(row["provider"], row["upstream_order"], row["start_count"]) for row in rows] == [(None, None, None)] * 3
    assert len(stocked.ask("orders", "list", "--limit", "2")) == 2
    assert stocked.ask("orders", "list", "--state", "completed") == []
    assert len(stocked.ask("orders", "list", "--state", "queued")) == 3
    assert "queued" in stocked.say("orders", "list").text


@pytest.mark.parametrize("words", [["show"], ["cancel"], ["absent"], ["write-off"], ["found"], ["settle"]])
def test_an_order_that_is_not_there_is_said_not_to_be(idle: Desk, words: list[str]) -> None:
    more = {"found": ["7"], "settle": ["--undelivered", "1"]}.get(words[0], [])
    assert "77" in idle.ask("orders", *words, "77", *more, code=1)["error"]


def test_an_order_that_waits_is_cancelled_at_once(stocked: Desk) -> None:
    buy(stocked, "")
    cancelled = stocked.ask("orders", "cancel", "1", "--reason", "asked by mail")
    assert (cancelled["state"], cancelled["refunded"]) == ("cancelled", "2.5")
    assert stocked.ask("resellers", "list")[0]["balance"] == "100.00"
    assert stocked.ask("orders", "cancel", "1", code=1)["error"]
    assert stocked.ask("audit")["green"]


def test_an_unsure_order_waits_for_its_owner(stocked: Desk) -> None:
    """Nobody knows whether the provider has it; the owner looks there and says."""
    buy(stocked, "lost", until="unsure")
    (row,) = stocked.ask("orders", "unsure")
    assert (row["order"], row["state"], row["provider"], row["upstream_order"]) == (1, "unsure", "alpha", None)
    assert row["ways_out"] == ["orders found 1 THEIR_ID", "orders absent 1", "orders write-off 1"]
    assert row["since"] < row["absent_believed_from"]
    found = stocked.ask("orders", "found", "1", "880001", "--reason", "seen in their panel")
    assert (found["state"], found["upstream_order"]) == ("active", "880001")
    assert stocked.ask("orders", "unsure") == []
    assert stocked.ask("orders", "found", "1", "880001", code=1)["error"]


def test_an_absent_order_is_sent_again_and_a_written_off_one_is_refunded(stocked: Desk) -> None:
    """The owner looked at the provider's panel, once it was late enough to believe what is seen there."""
    buy(stocked, "lostno", "lost", until="unsure")
    deadline = time.monotonic() + 20
    while stocked.say("orders", "absent", "1", "--reason", "not there").code:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    order = stocked.ask("orders", "show", "1")
    assert (order["state"], [attempt["outcome"] for attempt in order["attempts"]]) == ("queued", ["absent"])
    done = stocked.ask("orders", "write-off", "2", "--reason", "they never answered")
    assert (done["state"], done["refunded"]) == ("cancelled", "2.5")
    assert stocked.ask("resellers", "list")[0]["balance"] == "97.50"
    assert stocked.ask("audit")["green"]


def test_absence_right_after_an_order_proves_nothing(stocked: Desk) -> None:
    path = stocked.config / "aggregator.toml"
    path.write_text(path.read_text().replace("settle_seconds = 0", "settle_seconds = 600"))
    buy(stocked, "lost", until="unsure")
    for decision in ("absent", "write-off"):
        assert "too early" in stocked.ask("orders", decision, "1", "--reason", "x", code=1)["error"]
    assert stocked.ask("orders", "found", "1", "880001", "--reason", "x")["state"] == "active"


def test_goodwill_is_paid_once_and_never_taken_back(stocked: Desk, sandboxes: list[Sandbox]) -> None:
    buy(stocked, "", until="completed")
    settled = stocked.ask("orders", "settle", "1", "--undelivered", "400", "--reason", "half of them left")
    assert (settled["state"], settled["refunded"]) == ("partial", "1")
    for units in ("400", "399", "0", "-5", "1001"):
        assert stocked.ask("orders", "settle", "1", "--undelivered", units, "--reason", "x", code=1)["error"]
    assert stocked.ask("resellers", "list")[0]["balance"] == "98.50"
    assert stocked.ask("audit")["green"]


def test_a_decision_is_seen_by_a_running_panel(stocked: Desk) -> None:
    """What the command line changes is told by the API within a second."""
    key = buy(stocked, "")

    async def story(panel: Panel) -> None:
        async with served_client(panel, key) as anna:
            panel.start_looking()
            assert (await anna.json("status", order=1)).json()["status"] == "PENDING"
            assert await stocked.ask_elsewhere("orders", "cancel", "1", "--reason", "x") == 0
            await asyncio.sleep(1)
            assert (await anna.json("status", order=1)).json()["status"] == "CANCELLED"

    stocked.live(story)


def test_orders_are_found_by_whose_they_are_where_they_went_and_when(stocked: Desk) -> None:
    buy(stocked, "partial/300", "cancel", until="")
    stocked.ask("resellers", "add", "bert")
    for words, found in {
        ("--reseller", "anna"): [2, 1],
        ("--reseller", "bert"): [],
        ("--provider", "alpha"): [],
        ("--link", "PARTIAL"): [1],
        ("--link", "u/"): [2, 1],
        ("--link", "100%"): [],
        ("--since", "1h"): [2, 1],
        ("--link", "cancel", "--reseller", "anna", "--since", "1d"): [2],
    }.items():
        assert [row["order"] for row in stocked.ask("orders", "list", *words)] == found, words
    assert "nobody" in stocked.ask("orders", "list", "--reseller", "nobody", code=1)["error"]
    unknown = stocked.ask("orders", "list", "--provider", "alhpa", code=1)["error"]
    assert unknown == "there is no provider alhpa; those known are alpha, bravo"
    assert stocked.say("orders", "list", "--since", "yesterday").code == 2


def test_orders_are_found_by_the_provider_that_has_them(stocked: Desk) -> None:
    buy(stocked, "", until="completed")
    assert [row["order"] for row in stocked.ask("orders", "list", "--provider", "alpha")] == [1]
    assert stocked.ask("orders", "list", "--provider", "bravo") == []


def test_an_old_order_is_not_since(stocked: Desk) -> None:
    buy(stocked, "")

    async def age(_: Panel) -> None:
        await tables.Order.raw("update orders set created_at = created_at - 7200000")

    stocked.live(age)
    assert stocked.ask("orders", "list", "--since", "1h") == []
    assert len(stocked.ask("orders", "list", "--since", "3h")) == 1


def test_an_order_reads_without_braces(stocked: Desk) -> None:
    buy(stocked, "partial/300", until="partial")
    text = stocked.say("orders", "show", "1").text
    assert "{" not in text
    assert "[" not in text
    assert text.startswith("order 1: partial\n")
    assert re.search(r"attempts:\n +at +provider +service +outcome +upstream order +cost\n +\S+ +alpha .*880001", text)
    assert re.search(r"history:\n +at +state +text\n", text)


def test_a_row_of_a_pipe_is_one_line_whatever_is_in_it(stocked: Desk) -> None:
    """Grep and awk find it there, the longest link, too."""
    buy(stocked, "partial/1?" + "x" * 400)
    lines = stocked.say("orders", "unsure").text, stocked.say("services").text
    assert len(lines[1].splitlines()) == 1 + len(stocked.ask("services"))
    assert len(stocked.say("orders", "list").text.splitlines()) == 2


@pytest.mark.parametrize(
    ("until", "told"), [("", "is cancelled: 2.5 of 2.5 USD went back"), ("active", "alpha is asked")]
)
def test_a_cancel_says_what_it_did(stocked: Desk, until: str, told: str) -> None:
    """Whether it is over, or asked of the provider and open."""
    buy(stocked, "slow", until=until)
    assert told in stocked.say("orders", "cancel", "1").text


def test_a_cancel_says_where_nobody_is_asked(stocked: Desk) -> None:
    """A panel that takes no cancels is not asked; one that was asked already is not asked anew."""
    buy(stocked, "slow", until="active")
    path = stocked.config / "providers.toml"
    before = path.read_text()
    path.write_text(before.replace('name = "alpha"', 'name = "alpha"\npreset = "perfectpanel_old"'))
    said = stocked.say("orders", "cancel", "1")
    assert (said.code, "alpha takes no cancels, so it is not asked" in said.text) == (0, True), said
    path.write_text("this = is not TOML")
    assert "alpha is asked to cancel it" in stocked.say("orders", "cancel", "1").text
    path.write_text(before)

    async def answer(_: Panel) -> None:
        await tables.Attempt.raw("update attempts set cancel_answer = 'taken', cancel_asks = 1")

    stocked.live(answer)
    assert (
        "alpha took an earlier request to cancel it, and is not asked again"
        in stocked.say("orders", "cancel", "1").text
    )
