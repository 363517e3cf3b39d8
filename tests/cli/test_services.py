"""services and all that stands under it: the shelf, the feed of changes, what is held, and what is the same thing."""

from __future__ import annotations

import pytest

from aggregator.app import Panel
from aggregator.catalog.upstream import cooldown
from aggregator.settings import read_services
from aggregator.storage import tables
from providers.sandbox import Sandbox
from tests.builders import make_reseller, overcharged_order
from tests.cli.desk import Desk

REASON = ("--reason", "asked them")


@pytest.fixture
def risen(stocked: Desk, sandboxes: list[Sandbox]) -> Desk:
    """Alpha's followers rose by 190 % since the last sync."""
    sandboxes[0].set_rate(7101, "5.80")
    stocked.ask("sync", "alpha")
    return stocked


def test_services_alone_show_the_shelf_as_services_list_does(stocked: Desk) -> None:
    rows = stocked.ask("services")
    assert rows == stocked.ask("services", "list")
    assert [row["id"] for row in rows] == [1, 2]
    assert stocked.ask("services", "--limit", 1) == rows[:1]
    assert "Premium" in stocked.say("services", "--limit", 1).text


def test_options_before_the_word_are_refused_rather_than_lost(stocked: Desk) -> None:
    said = stocked.say("services", "--json", "changes")
    assert said.code == 2
    assert "aggregator services changes --json" in said.errors


def test_the_help_names_every_deed(idle: Desk) -> None:
    said = idle.say("services", "--help")
    assert said.code == 0
    assert all(word in said.text for word in ("approve", "changes", "held", "matches", "reject", "--limit"))


def test_changes_are_told_newest_first(risen: Desk) -> None:
    rows = risen.ask("services", "changes")
    assert [(row["provider"], row["service"], row["kind"], row["before"], row["now"]) for row in rows[:2]] == [
        ("alpha", "7101", "held", "", "price rose from 2 to 5.8, by 190 %"),
        ("alpha", "7101", "dearer", "2", "5.8"),
    ]
    assert rows[0]["at"].endswith("Z")
    assert {row["kind"] for row in rows[2:]} == {"new"}
    assert len(risen.ask("services", "changes", "--limit", 1)) == 1
    assert {row["provider"] for row in risen.ask("services", "changes", "--provider", "bravo")} == {"bravo"}
    assert "dearer" in risen.say("services", "changes").text


def test_changes_are_asked_for_a_span_of_time(risen: Desk) -> None:
    assert len(risen.ask("services", "changes", "--since", "24h")) == len(risen.ask("services", "changes"))
    assert risen.ask("services", "changes", "--since", "0s") == []
    said = risen.say("services", "changes", "--since", "yesterday")
    assert (said.code, "24h" in said.errors) == (2, True)


def test_what_is_held_says_why_and_what_holds_meanwhile(risen: Desk) -> None:
    (row,) = risen.ask("services", "held")
    assert row == {
        "provider": "alpha",
        "service": "7101",
        "kind": "dearer",
        "reason": "price rose from 2 to 5.8, by 190 %",
        "effect": "no order goes there",
        "name": "ZZ upstream followers",
        "id": 100_001,
        "rate_before": "2",
        "rate": "5.8",
        "rejected": False,
    }
    assert "price rose" in risen.say("services", "held").text
    explained = risen.ask("prices", "explain", 1)["offers"]
    assert any("takes no orders: price rose" in offer["reason"] for offer in explained)


def test_approved_a_service_takes_orders_again(risen: Desk) -> None:
    document = risen.ask("services", "approve", "alpha", "7101", *REASON)
    assert [(one["provider"], one["service"]) for one in document["approved"]] == [("alpha", "7101")]
    assert risen.ask("services", "held") == []
    assert risen.say("services", "held").text.strip() == "nothing is held"
    assert "nothing of alpha:7101 is held" in risen.ask("services", "approve", "alpha", "7101", code=1)["error"]


def test_rejected_a_service_stays_held_and_goes_off_sale(risen: Desk) -> None:
    """The other offer of service 1, bravo's, sets the rate from now on."""
    risen.ask("services", "reject", "alpha", "7101", *REASON)
    (row,) = risen.ask("services", "held")
    assert (row["rejected"], row["effect"]) == (True, "off sale")
    assert [service["provider"] for service in risen.ask("services") if service["id"] == 1] == ["bravo"]


async def overcharge(panel: Panel) -> None:
    """Alpha takes 7.50 for what it lists at 2.00, and its catalogue, read again, says the same."""
    order = await overcharged_order(await make_reseller("zoe"))
    await tables.Attempt.raw("update attempts set service = '7101' where order_id = {}", order.id)
    await panel.syncer.sync("alpha")


def test_what_takes_more_than_it_lists_is_held_with_both_prices(stocked: Desk) -> None:
    stocked.live(overcharge)
    (row,) = stocked.ask("services", "held")
    told = {name: row[name] for name in ("service", "kind", "reason", "rate_before", "rate", "effect", "rejected")}
    assert told == {
        "service": "7101",
        "kind": "overcharged",
        "reason": "it takes 7.5 where it lists 2, 275 % more",
        "rate_before": "2",
        "rate": "7.5",
        "effect": "no order goes there; approved, what it takes is its cost",
        "rejected": False,
    }
    explained = stocked.ask("prices", "explain", 1)["offers"]
    assert any("takes no orders: it takes 7.5" in offer["reason"] for offer in explained)
    (alpha, bravo) = stocked.ask("providers")
    assert (alpha["overcharged"], alpha["overcharge"]) == (1, "7.5 USD where 2.5 was expected")
    assert (bravo["overcharged"], bravo["overcharge"]) == (0, None)
    shown = stocked.ask("orders", "show", 1)
    (attempt,) = shown["attempts"]
    assert (attempt["cost"], attempt["charge"], attempt["overcharge"]) == (
        "2.5",
        "7.5",
        "7.5 USD where 2.5 was expected",
    )
    assert any(line["text"] == "alpha charges 7.5 USD where 2.5 was expected" for line in shown["history"])


def test_what_it_takes_is_its_cost_once_that_is_approved(stocked: Desk) -> None:
    stocked.live(overcharge)
    stocked.ask("services", "approve", "alpha", "7101", *REASON)
    stocked.ask("sync")
    assert stocked.ask("services", "held") == []
    assert [row["overcharged"] for row in stocked.ask("providers")] == [0, 0]
    costs = {offer["provider"]: offer.get("cost") for offer in stocked.ask("prices", "explain", 1)["offers"]}
    assert "7.5" in str(costs["alpha"])


def test_a_held_catalogue_is_approved_as_a_whole(stocked: Desk, sandboxes: list[Sandbox]) -> None:
    sandboxes[1].set_catalogue(sandboxes[1].rows[:1])
    stocked.ask("sync", "bravo", code=1)
    (row,) = stocked.ask("services", "held")
    assert (row["provider"], row["service"], row["kind"]) == ("bravo", None, "catalogue")
    assert "next sync" in stocked.say("services", "approve", "bravo").text
    assert "approved" in stocked.ask("services", "held")[0]["effect"]
    stocked.ask("sync", "bravo")
    assert stocked.ask("services", "held") == []


def test_a_used_id_tells_its_new_id_and_where_the_old_one_is_named(stocked: Desk, sandboxes: list[Sandbox]) -> None:
    rows = [{**row} for row in sandboxes[0].rows]
    rows[0]["name"] = "YouTube Views"
    sandboxes[0].set_catalogue(rows)
    stocked.ask("sync", "alpha")
    (approved,) = stocked.ask("services", "approve", "alpha")["approved"]
    assert approved["former_id"] == 100_001
    assert approved["id"] > 100_001
    assert "services.toml offers it as 1" in approved["note"]


def test_matches_are_blocks_for_services_toml_and_rows_for_scripts(desk: Desk, sandboxes: list[Sandbox]) -> None:
    usual = {"category": "Best", "type": "Default", "min": 10, "max": 1000, "refill": False, "cancel": False}
    sandboxes[0].set_catalogue([{"service": 1, "name": "IG Likes [NR]", "rate": "0.50", **usual}])
    sandboxes[1].set_catalogue([{"service": 7, "name": "Instagram Likes | No Refill", "rate": "0.45", **usual}])
    desk.ask("sync")
    (row,) = desk.ask("services", "matches")
    assert (row["id"], row["score"], row["name"]) == (100_002, 99, "Instagram Likes | No Refill")
    assert [(offer["provider"], offer["service"]) for offer in row["offers"]] == [("bravo", "7"), ("alpha", "1")]
    text = desk.say("services", "matches").text
    (service,) = read_services(text, "services.toml").services
    assert service.id == 100_002
    pasted = desk.config / "services.toml"
    pasted.write_text(pasted.read_text() + text)
    assert desk.ask("services", "matches") == []
    assert [sold["offers"] for sold in desk.ask("services") if sold["id"] == 100_002] == [["bravo:7", "alpha:1"]]
    assert "nothing looks the same" in desk.say("services", "matches").text


async def learn_no_cancels(_: Panel) -> None:
    """Alpha refused a cancel for what the service is."""
    await cooldown.note_refusal("alpha", "7101", cancel=True, said="Cancel is disabled for this service")


def test_what_refusals_told_is_shown_and_taken_back(stocked: Desk) -> None:
    stocked.live(learn_no_cancels)
    (row,) = stocked.ask("services", "learned")
    assert (row["provider"], row["service"], row["learned"], row["times"]) == ("alpha", "7101", "no cancels", 1)
    assert row["said"] == "Cancel is disabled for this service"
    assert [one["learned"] for row in stocked.ask("services") for one in row["learned"]] == ["no cancels"]
    assert [row["learned"] for row in stocked.ask("providers")] == [1, 0]
    said = stocked.say("services", "forget", "alpha", "7101", *REASON).text
    assert "alpha:7101 is sold as it is published: forgotten is no cancels" in said
    assert stocked.ask("services", "learned") == []
    again = stocked.ask("services", "forget", "alpha", "7101", *REASON, code=1)
    assert "nothing was learned of alpha:7101" in again["error"]


def test_all_rises_under_a_percentage_are_approved_with_one_command(risen: Desk) -> None:
    refused = risen.ask("services", "approve", "alpha", "--rises-under", "190", code=1)["error"]
    assert refused == "no price of alpha is held that rose by less than 190 %"
    document = risen.ask("services", "approve", "alpha", "--rises-under", "191 %", *REASON)
    assert [one["service"] for one in document["approved"]] == ["7101"]
    assert risen.say("services", "approve", "alpha", "--rises-under", "many").code == 2
    assert risen.say("services", "approve", "alpha", "7101", "--rises-under", "9").code == 2
