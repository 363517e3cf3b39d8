"""sync, providers, services and prices: what is bought from whom, and why it costs what it costs."""

from __future__ import annotations

from providers.sandbox import Sandbox
from tests.cli.desk import Desk

BELOW = "[default]\npercent = 25\n[[rule]]\nmatch = { service = 1 }\npercent = -10\n"


def test_a_sync_tells_what_changed_at_each_provider(desk: Desk, sandboxes: list[Sandbox]) -> None:
    alpha, bravo = desk.ask("sync")["providers"]
    assert (alpha["provider"], alpha["services"], bravo["provider"]) == ("alpha", 2, "bravo")
    assert {(change["service"], change["kind"]) for change in alpha["changes"]} == {("7101", "new"), ("7102", "new")}
    sandboxes[0].set_rate(7101, "2.05")
    (alpha,) = desk.ask("sync", "alpha")["providers"]
    assert [(change["service"], change["kind"], change["before"], change["now"]) for change in alpha["changes"]] == [
        ("7101", "dearer", "2", "2.05")
    ]
    assert "nothing changed" in desk.say("sync", "bravo").text


def test_a_sync_that_failed_is_told_and_the_others_are_synced(desk: Desk, sandboxes: list[Sandbox]) -> None:
    sandboxes[0].set_mode("refuse:Invalid API key")
    document = desk.ask("sync", code=1)
    alpha, bravo = document["providers"]
    assert alpha["error"]
    assert (bravo["error"], len(bravo["changes"]) > 0) == (None, True)
    assert document["error"]


def test_a_catalogue_that_shrank_is_held_and_told(desk: Desk, sandboxes: list[Sandbox]) -> None:
    desk.ask("sync")
    sandboxes[1].set_catalogue(sandboxes[1].rows[:1])
    (bravo,) = desk.ask("sync", "bravo", code=1)["providers"]
    assert bravo["held"]
    assert desk.say("sync", "bravo").code == 1


def test_an_unknown_provider_is_refused(idle: Desk) -> None:
    assert "zulu" in idle.ask("sync", "zulu", code=1)["error"]


def test_providers_show_balance_health_services_and_last_sync(stocked: Desk) -> None:
    alpha, bravo = stocked.ask("providers")
    assert (alpha["provider"], alpha["balance"], alpha["currency"], alpha["health"]) == ("alpha", "1000", "USD", "ok")
    assert (alpha["services"], alpha["enabled"], bravo["services"]) == (2, True, 5)
    assert alpha["last_sync"].endswith("Z")
    text = stocked.say("providers").text
    assert "alpha" in text
    assert "bravo" in text


def test_services_show_what_is_sold_what_it_costs_and_who_delivers(stocked: Desk) -> None:
    followers, comments = stocked.ask("services")
    expected = {
        "id": 1,
        "name": "Instagram Followers - Premium",
        "category": "Instagram",
        "type": "Default",
        "rate": "2.5",
        "cost": "2",
        "provider": "alpha",
        "margin": "0.5",
    }
    assert {name: followers[name] for name in expected} == expected
    assert (comments["rate"], comments["cost"]) == ("15.425", "12.34")
    assert len(stocked.ask("services", "--limit", "1")) == 1
    assert "Instagram Followers - Premium" in stocked.say("services").text


def test_an_explanation_goes_from_the_providers_price_to_ours(stocked: Desk) -> None:
    """Every step, and every other offer with why it was not chosen."""
    told = stocked.ask("prices", "explain", "1")
    steps = ("provider", "provider_rate", "provider_currency", "fx", "cost", "percent", "rate", "margin")
    assert [told[step] for step in steps] == ["alpha", "2", "USD", "1", "2", "25", "2.5", "0.5"]
    alpha, bravo = told["offers"]
    assert (alpha["provider"], alpha["chosen"], bravo["provider"], bravo["chosen"]) == ("alpha", True, "bravo", False)
    assert (bravo["cost"], "margin" in bravo["reason"]) == ("2.5", True)
    text = stocked.say("prices", "explain", "1").text
    assert "sale rate 2.5" in text
    assert "offer bravo:1 at 2.5" in text


def test_an_explanation_names_the_offers_that_have_no_price_or_are_switched_off(
    stocked: Desk, sandboxes: list[Sandbox]
) -> None:
    path = stocked.config / "services.toml"
    path.write_text(path.read_text().replace('"bravo:1"]', '"bravo:1", "bravo:404", "alpha:7102"]\ntype = "Default"'))
    path = stocked.config / "providers.toml"
    path.write_text(path.read_text() + "enabled = false\n")
    told = {
        f"{offer['provider']}:{offer['service']}": offer for offer in stocked.ask("prices", "explain", "1")["offers"]
    }
    assert told["alpha:7101"]["chosen"]
    assert told["bravo:1"]["reason"] == "bravo is not enabled"
    assert (told["bravo:404"]["cost"], "does not list 404" in told["bravo:404"]["reason"]) == (None, True)
    assert "type" in told["alpha:7102"]["reason"]


def test_an_explanation_is_for_a_tier(stocked: Desk) -> None:
    stocked.write("markup.toml", '[[rule]]\nmatch = { tier = "vip" }\npercent = 10\n')
    assert stocked.ask("prices", "explain", "1")["rate"] == "2.5"
    vip = stocked.ask("prices", "explain", "1", "--tier", "vip")
    assert (vip["rate"], vip["rule"], vip["percent"]) == ("2.2", 1, "10")


def test_what_is_not_sold_is_explained_by_why(stocked: Desk) -> None:
    path = stocked.config / "services.toml"
    path.write_text(path.read_text().replace('offers = ["alpha:7102"]', 'offers = ["alpha:404"]'))
    assert "alpha does not list 404" in stocked.ask("prices", "explain", "2", code=1)["error"]
    assert "no service 77" in stocked.ask("prices", "explain", "77", code=1)["error"]


def test_a_preview_shows_what_a_file_would_change_and_changes_nothing(stocked: Desk) -> None:
    draft = stocked.write("draft.toml", "[default]\npercent = 50\n")
    (row,) = [row for row in stocked.ask("prices", "preview", draft) if row["service"] == 1]
    assert (row["now"], row["new"], row["cost"], row["below_cost"]) == ("2.5", "3", "2", False)
    assert "3" in stocked.say("prices", "preview", draft).text
    assert stocked.ask("services")[0]["rate"] == "2.5"


def test_a_preview_of_the_prices_in_force_is_empty(stocked: Desk) -> None:
    assert stocked.ask("prices", "preview") == []


def test_a_preview_of_a_rule_below_cost_shows_both_prices_and_fails(stocked: Desk) -> None:
    """The rule by itself asks 1.80 for what costs 2; the least margin makes it 2.10."""
    draft = stocked.write("draft.toml", BELOW)
    (row,) = [row for row in stocked.ask("prices", "preview", draft, code=1) if row["below_cost"]]
    assert (row["service"], row["by_rule"], row["new"], row["cost"]) == (1, "1.8", "2.1", "2")
    said = stocked.say("prices", "preview", draft)
    assert said.code == 1
    assert "1.8" in said.text
    assert "2.1" in said.text
    stocked.write("markup.toml", BELOW)
    assert stocked.say("prices", "preview").code == 1


def test_a_preview_of_a_faulty_file_tells_the_line(stocked: Desk) -> None:
    draft = stocked.write("draft.toml", "[default]\npercent = lots\n")
    assert f"{draft}:2" in stocked.ask("prices", "preview", draft, code=1)["error"]
    stocked.write("markup.toml", "[default]\nprecent = 5\n")
    assert "markup.toml:2" in stocked.ask("prices", "preview", code=1)["error"]


def test_a_preview_of_a_file_that_is_not_there_fails(idle: Desk) -> None:
    assert "no file" in idle.ask("prices", "preview", "nowhere.toml", code=1)["error"]


def test_what_a_file_has_lost_is_kept_until_it_is_put_in_force_on_purpose(stocked: Desk) -> None:
    """Of prices and of services alike; the deed is on record with its reason."""
    stocked.write("markup.toml", "[default]\npercent = 50\n[fx]\nEUR = 1.1\n")
    assert stocked.ask("services")[0]["rate"] == "3"
    emptied = stocked.write("markup.toml", "")
    assert stocked.ask("services")[0]["rate"] == "3"
    assert f"{emptied}:1: is empty" in stocked.ask("check")["warnings"][0]
    assert stocked.ask("prices", "preview")[0]["new"] == "2.5"
    said = stocked.ask("prices", "apply", "--reason", "a sale")
    assert said["file"] == "markup.toml"
    assert stocked.ask("services")[0]["rate"] == "2.5"

    elsewhere = stocked.config.parent / "ours.toml"
    elsewhere.write_text("import_rest = true\n")
    stocked.write("services.toml", "")
    before = stocked.ask("services")
    assert "is in force as revision" in stocked.say("services", "apply", elsewhere).text
    assert (stocked.config / "services.toml").read_text() == elsewhere.read_text()
    assert len(before) == 2 < len(stocked.ask("services"))


def test_a_file_with_a_fault_is_not_put_in_force(stocked: Desk) -> None:
    path = stocked.write("markup.toml", "[default]\npercent = -100\n")
    assert "percent must be" in stocked.ask("prices", "apply", code=1)["error"]
    path.unlink()
    assert "there is no file" in stocked.ask("prices", "apply", code=1)["error"]
