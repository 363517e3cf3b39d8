"""providers: how they are, what nobody understands of them, and whether one could sell; nothing is ever bought."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import Panel
from aggregator.catalog.upstream import balance_store, words
from aggregator.orders.following import call_off_store
from aggregator.settings import load
from aggregator.storage import clock, tables
from providers.errors import Unsure
from providers.sandbox import Sandbox
from providers.vocabulary import Funds, Phase, Progress
from tests.builders import active_order, make_reseller, unsure_order
from tests.cli.desk import Desk, make_desk, providers_in_a_thread


async def hear(_: Panel) -> None:
    """Alpha says what nobody knows, twice."""
    strange = Progress(phase=Phase.UNKNOWN, word="Gotowe", raw='{"status": "Gotowe"}')
    await words.note_answers("alpha", [strange, strange])


async def hear_no_money(panel: Panel) -> None:
    """Alpha refuses a sync in words that nobody knows."""
    await panel.syncer.sync("alpha")


def levels(document: Any) -> dict[str, str]:
    """The level of each finding, by its topic; the worst where there are several."""
    order = ["ok", "warn", "fault"]
    by_level = sorted(document["findings"], key=lambda finding: order.index(finding["level"]))
    return {finding["topic"]: finding["level"] for finding in by_level}


def test_providers_alone_is_the_list(stocked: Desk) -> None:
    """Scripts have always asked so."""
    assert stocked.ask("providers") == stocked.ask("providers", "list")
    assert [row["provider"] for row in stocked.ask("providers", "--limit", 1)] == ["alpha"]


def test_an_option_before_the_subcommand_would_be_lost_and_is_refused(idle: Desk) -> None:
    assert idle.say("providers", "--json", "words").code == 2


def test_unknown_words_are_listed_until_somebody_says_what_they_mean(idle: Desk) -> None:
    idle.live(hear)
    (row,) = idle.ask("providers", "words", "alpha")
    assert (row["provider"], row["kind"], row["text"], row["times"], row["meaning"]) == (
        "alpha",
        "status",
        "Gotowe",
        2,
        None,
    )
    assert row["reply"] == '{"status": "Gotowe"}'
    assert row["last"].endswith("Z")
    said = idle.ask("providers", "words", "alpha", "Gotowe", "--means", "completed", "--reason", "asked them")
    assert (said["words"][0]["meaning"], said["consequence"]) == ("completed", [])
    assert idle.ask("providers", "words") == []
    assert [row["meaning"] for row in idle.ask("providers", "words", "--all")] == ["completed"]


async def move_an_order(panel: Panel) -> None:
    """An order of alpha's went through a door of before."""
    await active_order(await make_reseller())
    await tables.Attempt.raw("update attempts set door = 'feedc0de00', outcome = 'accepted'")


def test_an_account_that_changed_is_confirmed_with_a_reason(idle: Desk) -> None:
    idle.live(move_an_order)
    row = idle.ask("providers")[0]
    assert (row["health"], row["elsewhere"][0]["door"], row["elsewhere"][0]["orders"]) == ("moved", "feedc0de", 1)
    assert "providers confirm-account alpha" in row["reason"]
    assert (
        "no order at alpha waits" in idle.ask("providers", "confirm-account", "alpha", "--door", "x", code=1)["error"]
    )
    assert "there is no provider zulu" in idle.ask("providers", "confirm-account", "zulu", code=1)["error"]

    said = idle.say("providers", "confirm-account", "alpha", "--reason", "the key was renewed").text

    assert said == "alpha is the same account as feedc0de: 1 order goes on\n"
    row = idle.ask("providers")[0]
    assert (row["health"], row["elsewhere"]) == ("ok", [])
    assert "no order at alpha waits" in idle.ask("providers", "confirm-account", "alpha", code=1)["error"]


def test_a_meaning_that_lets_orders_go_on_is_said_with_what_follows(desk: Desk, sandboxes: list[Sandbox]) -> None:
    sandboxes[0].set_mode("refuse:Kasa pusta")
    desk.live(hear_no_money)
    text = desk.say("providers", "words", "alpha", "kasa pusta", "--means", "FUNDS").text
    assert "alpha: 'Kasa pusta' means FUNDS from now on" in text
    assert "goes to the next provider" in text
    assert "bought twice" in text


async def wait_for_a_word(_: Panel) -> None:
    """Two orders are unsure for want of it, one of them too young to tell."""
    reseller = await make_reseller()
    for seconds in (400, -400):
        order = await unsure_order(reseller, seconds_ago=seconds)
        kept: dict[Any, Any] = {tables.Attempt.reply: '{"error": "Kasa pusta"}', tables.Attempt.reply_status: 200}
        await tables.Attempt.update(kept).where(tables.Attempt.order_id == order.id)
    await words.note_error("alpha", _unknown("Kasa pusta"))


def _unknown(text: str) -> Unsure:
    error = Unsure(text)
    error.unknown = text
    return error


def test_orders_that_wait_for_a_word_are_told_before_and_go_on(stocked: Desk) -> None:
    stocked.live(wait_for_a_word)
    explain = ("providers", "words", "alpha", "kasa pusta", "--means", "FUNDS")
    found = stocked.ask(*explain, "--check")
    assert (found["orders"], found["later"], sum(found["where"].values())) == (2, 1, 2)
    assert found["charged"] == "6"
    assert len(stocked.ask("orders", "unsure")) == 2
    said = stocked.ask(*explain, "--reason", "asked them")
    assert (said["went_on"], said["goes_on_later"]) == ([1], 1)
    assert "1 order that waited for it, 3, went on: 1." in said["consequence"]
    assert [row["order"] for row in stocked.ask("orders", "unsure")] == [2]
    assert (
        "no order waits"
        in stocked.say("providers", "words", "alpha", "kasa pusta", "--means", "INTERNAL", "--check").text
    )


def test_a_slip_is_answered_with_what_was_meant(idle: Desk) -> None:
    idle.live(hear)
    slips = {
        "did you mean completed": ["alpha", "Gotowe", "--means", "compelted"],
        "did you mean 'Gotowe'": ["alpha", "Gotow", "--means", "completed"],
        "there is no provider zulu": ["zulu"],
    }
    for advice, slip in slips.items():
        assert advice in idle.ask("providers", "words", *slip, code=1)["error"]
    assert idle.say("providers", "words", "alpha", "Gotowe").code == 2


def test_a_provider_in_order_could_sell(desk: Desk, sandboxes: list[Sandbox]) -> None:
    """Key, balance, catalogue and several orders at once were tried; nothing was bought."""
    document = desk.ask("providers", "test", "alpha")
    assert (document["provider"], document["sells"]) == ("alpha", True)
    assert levels(document) == dict.fromkeys(
        ["address", "key", "balance", "catalogue", "types", "statuses", "preset", "latency", "currency"], "ok"
    )
    assert sandboxes[0].orders == []


def test_a_wrong_key_could_not_sell(desk: Desk, sandboxes: list[Sandbox]) -> None:
    desk.write("providers.toml", (desk.config / "providers.toml").read_text().replace("env:SANDBOX_KEY", "wrong-key"))
    document = desk.ask("providers", "test", "alpha", code=1)
    assert (document["sells"], levels(document)["key"]) == (False, "fault")
    assert "wrong-key" not in str(document)
    assert "fault key" in desk.say("providers", "test", "alpha").text


def test_nobody_at_the_address_could_not_sell(idle: Desk) -> None:
    document = idle.ask("providers", "test", "alpha", code=1)
    assert [(finding["level"], finding["topic"]) for finding in document["findings"]] == [("fault", "address")]


def test_a_currency_without_a_rate_could_not_sell(tmp_path: Path) -> None:
    with providers_in_a_thread(Sandbox(currency="EUR"), Sandbox()) as urls:
        desk = make_desk(tmp_path, urls)
        assert levels(desk.ask("providers", "test", "alpha", code=1))["currency"] == "fault"
        desk.write("markup.toml", "[fx]\nEUR = 1.08\n")
        assert levels(desk.ask("providers", "test", "alpha"))["currency"] == "ok"


def test_an_empty_account_could_not_sell(desk: Desk, sandboxes: list[Sandbox]) -> None:
    sandboxes[0].set_balance("0")
    assert levels(desk.ask("providers", "test", "alpha", code=1))["funds"] == "fault"


def test_a_provider_that_is_switched_off_is_tried_all_the_same(desk: Desk) -> None:
    text = (desk.config / "providers.toml").read_text()
    desk.write("providers.toml", text.replace('name = "alpha"', 'name = "alpha"\nenabled = false'))
    document = desk.ask("providers", "test", "alpha")
    assert (document["sells"], levels(document)["enabled"]) == (True, "warn")


def test_another_preset_that_fits_better_is_named(desk: Desk) -> None:
    """Bravo speaks JSON and is configured as if it did not."""
    assert 'looks like preset = "mystic"' in desk.say("providers", "test", "bravo").text


def test_a_panel_is_tried_before_it_is_configured(desk: Desk, sandboxes: list[Sandbox]) -> None:
    """The lines that are printed are read back as a provider that works."""
    url = load(desk.config, {"SANDBOX_KEY": "x"}).providers[1].profile.url
    document = desk.ask("providers", "test", "--url", url, "--key", "env:SANDBOX_KEY")
    assert 'preset = "mystic"' in document["lines"]
    desk.write("providers.toml", document["lines"].replace('"new"', '"fresh"'))
    assert desk.ask("providers", "test", "fresh")["sells"] is True
    assert sandboxes[1].orders == []


def test_a_literal_key_is_not_printed(desk: Desk) -> None:
    url = load(desk.config, {"SANDBOX_KEY": "x"}).providers[0].profile.url
    said = desk.say("providers", "test", "--url", url, "--key", "sandbox", "--preset", "perfectpanel")
    assert said.code == 0, said
    assert 'key = "env:NEW_KEY"' in said.text
    assert '"sandbox"' not in said.text


NOWHERE = "http://127.0.0.1:1"


@pytest.mark.parametrize("options", [[], ["--url", NOWHERE], ["alpha", "--url", NOWHERE, "--key", "k"]])
def test_half_a_question_is_refused(idle: Desk, options: list[str]) -> None:
    assert idle.say("providers", "test", *options).code == 2


def test_a_missing_key_is_told_without_a_call(idle: Desk) -> None:
    document = idle.ask("providers", "test", "--url", "http://127.0.0.1:1", "--key", "env:NOBODY_SETS_THIS", code=1)
    assert "NOBODY_SETS_THIS" in document["error"]


async def lose_money(panel: Panel) -> None:
    """Alpha takes 5.00 that nobody ordered through us, and delivers what it had called off."""
    settings = panel.upstreams.settings("alpha")
    assert settings is not None
    await panel.syncer.sync("alpha")
    lower = balance_store.BalanceLook(funds=Funds(Decimal(995), "USD"), begun=clock.now(), ended=clock.now())
    await balance_store.note("alpha", lower)
    await panel.reconciler.run_once(settings)
    await call_off_store.doubt("alpha")


def test_what_a_balance_lost_and_what_was_called_off_wait_for_somebody_to_look(desk: Desk) -> None:
    desk.live(lose_money)
    row = next(row for row in desk.ask("providers") if row["provider"] == "alpha")
    assert [(one["lost"], one["due"], one["drift"], one["orders"]) for one in row["drifts"]] == [("5", "0", "5", [])]
    assert ("lost 5 USD" in row["drift"], row["call_offs"]) == (True, "doubted")
    assert desk.say("providers", "looked", "alpha", "balance").code == 2
    assert (
        "there is no provider" in desk.ask("providers", "looked", "nobody", "balance", "--reason", "x", code=1)["error"]
    )
    closed = desk.ask("providers", "looked", "alpha", "balance", "--reason", "I bought them myself")
    assert "lost 5 USD" in closed["closed"]
    desk.ask("providers", "looked", "alpha", "call-offs", "--reason", "they apologised")
    row = next(row for row in desk.ask("providers") if row["provider"] == "alpha")
    assert (row["drift"], row["drifts"], row["call_offs"], row["call_offs_doubted"]) == (None, [], "ok", None)
    again = desk.ask("providers", "looked", "alpha", "call-offs", "--reason", "x", code=1)
    assert again["error"] == "nothing about the call-offs of alpha waits for a look"
