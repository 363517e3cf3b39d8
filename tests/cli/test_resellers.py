"""resellers and keys: who buys, what they have, what they prove themselves with."""

from __future__ import annotations

import re

import pytest

from tests.cli.desk import Desk

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_new_reseller_gets_a_key_once(idle: Desk) -> None:
    new = idle.ask("resellers", "add", "anna", "--funds", "150", "--tier", "vip")
    assert list(new) == ["reseller", "key", "balance"]
    assert (new["reseller"], new["balance"]) == ("anna", "150.00")
    assert re.fullmatch("agg[0-9a-f]{61}", new["key"])
    assert idle.ask("resellers", "list") == [
        {"reseller": "anna", "balance": "150.00", "tier": "vip", "spelling": "auto", "frozen": False}
    ]
    assert new["key"] not in idle.say("keys", "list", "anna").text


def test_people_are_told_the_key_in_a_sentence(idle: Desk) -> None:
    said = idle.say("resellers", "add", "anna", "--funds", "1.5")
    assert said.code == 0
    assert "balance 1.50 USD" in said.text
    assert re.search("agg[0-9a-f]{61}", said.text)


@pytest.mark.parametrize("funds", ["-1", "1e3", "NaN", "0.000000001", "1,5", "", "99999999999999999999"])
def test_no_reseller_begins_with_money_that_is_none(idle: Desk, funds: str) -> None:
    assert "error" in idle.ask("resellers", "add", "anna", "--funds", funds, code=1)
    assert idle.ask("resellers", "list") == []


def test_a_name_is_given_once(idle: Desk) -> None:
    idle.ask("resellers", "add", "anna", "--funds", "5")
    assert "anna" in idle.ask("resellers", "add", "anna", "--funds", "5", code=1)["error"]
    assert len(idle.ask("resellers", "list")) == 1


def test_a_deposit_moves_money_and_a_reference_is_taken_once(idle: Desk) -> None:
    """Who pays once is credited once, however often the script runs."""
    idle.ask("resellers", "add", "anna")
    assert idle.ask("resellers", "fund", "anna", "10.5")["balance"] == "10.50"
    for _ in range(3):
        funded = idle.ask("resellers", "fund", "anna", "7", "--reference", "bank-17", "--note", "transfer")
        assert funded["balance"] == "17.50"
    assert idle.ask("resellers", "fund", "anna", "10.5")["balance"] == "28.00"


def test_a_reference_that_stands_for_another_deposit_is_refused(idle: Desk) -> None:
    """Nobody hears "nothing moved" who meant another amount, or another reseller."""
    for name in ("anna", "bea"):
        idle.ask("resellers", "add", name)
    idle.ask("resellers", "fund", "anna", "7", "--reference", "bank-17")
    for name, amount in (("anna", "70"), ("bea", "7")):
        refused = idle.ask("resellers", "fund", name, amount, "--reference", "bank-17", code=1)
        assert "bank-17 was used for a deposit of 7.00 to anna" in refused["error"]
    assert [row["balance"] for row in idle.ask("resellers", "list")] == ["7.00", "0.00"]


@pytest.mark.parametrize("amount", ["0", "-5", "-0.01", "five", "1e2", "Infinity"])
def test_a_deposit_is_an_amount_above_nothing(idle: Desk, amount: str) -> None:
    idle.ask("resellers", "add", "anna", "--funds", "1")
    assert list(idle.ask("resellers", "fund", "anna", amount, code=1)) == ["error"]
    assert idle.ask("resellers", "list")[0]["balance"] == "1.00"


@pytest.mark.parametrize(
    ("amount", "balance"), [("-5", "5.00"), ("-0.5", "9.50"), ("-10", "0.00"), ("+5", "15.00"), ("5", "15.00")]
)
def test_a_correction_may_go_down_as_well_as_up(idle: Desk, amount: str, balance: str) -> None:
    """A minus in front is part of the amount, not an option."""
    idle.ask("resellers", "add", "anna", "--funds", "10")
    adjusted = idle.ask("resellers", "adjust", "anna", amount, "--note", "goodwill")
    assert (adjusted["reseller"], adjusted["balance"]) == ("anna", balance)


def test_a_correction_never_goes_below_nothing(idle: Desk) -> None:
    idle.ask("resellers", "add", "anna", "--funds", "10")
    assert list(idle.ask("resellers", "adjust", "anna", "-10.00000001", "--note", "x", code=1)) == ["error"]
    assert idle.ask("resellers", "list")[0]["balance"] == "10.00"
    assert idle.ask("audit")["green"]


@pytest.mark.parametrize("words", [["0", "--note", "x"], ["5", "--note", " "], ["x", "--note", "x"]])
def test_a_correction_says_how_much_and_why(idle: Desk, words: list[str]) -> None:
    idle.ask("resellers", "add", "anna", "--funds", "10")
    assert list(idle.ask("resellers", "adjust", "anna", *words, code=1)) == ["error"]


def test_a_statement_reads_like_one_of_a_bank(idle: Desk) -> None:
    """The newest first, each line with what the wallet held then."""
    idle.ask("resellers", "add", "anna", "--funds", "10")
    idle.ask("resellers", "adjust", "anna", "-2.5", "--note", "mistake")
    idle.ask("resellers", "fund", "anna", "1", "--reference", "r")
    lines = idle.ask("resellers", "statement", "anna")
    assert [(line["amount"], line["balance"], line["note"]) for line in lines] == [
        ("1.00", "8.50", ""),
        ("-2.50", "7.50", "mistake"),
        ("10.00", "10.00", ""),
    ]
    assert all(TIME.fullmatch(line["at"]) for line in lines)
    assert len(idle.ask("resellers", "statement", "anna", "--limit", "1")) == 1
    assert "mistake" in idle.say("resellers", "statement", "anna").text


def test_an_account_is_changed_only_where_it_is_said(idle: Desk) -> None:
    idle.ask("resellers", "add", "anna", "--tier", "vip", "--spelling", "json")
    assert idle.ask("resellers", "set", "anna", "--frozen", "yes") == {
        "reseller": "anna",
        "tier": "vip",
        "spelling": "json",
        "frozen": True,
    }
    changed = idle.ask("resellers", "set", "anna", "--frozen", "no", "--tier", "", "--spelling", "classic")
    assert changed == {"reseller": "anna", "tier": "", "spelling": "classic", "frozen": False}


@pytest.mark.parametrize(
    "words",
    [
        ["resellers", "fund", "nobody", "5"],
        ["resellers", "adjust", "nobody", "5", "--note", "x"],
        ["resellers", "set", "nobody", "--tier", "x"],
        ["resellers", "statement", "nobody"],
        ["keys", "add", "nobody"],
        ["keys", "list", "nobody"],
        ["keys", "revoke", "00000000"],
        ["keys", "set", "00000000", "--label", "x"],
    ],
)
def test_who_is_not_there_is_said_not_to_be(idle: Desk, words: list[str]) -> None:
    assert list(idle.ask(*words, code=1)) == ["error"]
    said = idle.say(*words)
    assert (said.code, said.text) == (1, "")
    assert said.errors


def test_keys_come_and_go(idle: Desk) -> None:
    first = idle.ask("resellers", "add", "anna")["key"]
    second = idle.ask("keys", "add", "anna", "--spelling", "classic", "--rate", "0.5", "--read-only")
    assert (second["reseller"], len(second["key"])) == ("anna", 64)
    rows = idle.ask("keys", "list", "anna")
    assert [(row["prefix"], row["spelling"], row["rate"], row["read_only"]) for row in rows] == [
        (first[:11], None, None, False),
        (second["key"][:11], "classic", "0.5", True),
    ]
    assert [row["revoked"] for row in rows] == [None, None]
    assert idle.ask("keys", "revoke", first[:11]) == {"revoked": first[:11]}
    revoked, live = idle.ask("keys", "list", "anna")
    assert TIME.fullmatch(revoked["revoked"])
    assert live["revoked"] is None
    assert list(idle.ask("keys", "revoke", first[:11], code=1)) == ["error"]


def test_a_key_is_changed_only_where_it_is_said(idle: Desk) -> None:
    idle.ask("resellers", "add", "anna")
    key = idle.ask("keys", "add", "anna", "--rate", "5")["key"]
    changed = idle.ask("keys", "set", key[:11], "--label", "bot", "--read-only", "yes", "--addresses", "203.0.113.0/24")
    assert changed == {
        "prefix": key[:11],
        "label": "bot",
        "addresses": "203.0.113.0/24",
        "spelling": None,
        "rate": "5",
        "read_only": True,
        "same_link": "allow",
        "duplicate_seconds": 0,
    }
    changed = idle.ask("keys", "set", key[:11], "--rate", "", "--read-only", "no", "--addresses", "")
    assert (changed["rate"], changed["read_only"], changed["addresses"], changed["label"]) == (None, False, "", "bot")
    for words in (["--rate", "fast"], ["--addresses", "here"]):
        assert list(idle.ask("keys", "set", key[:11], *words, code=1)) == ["error"]


@pytest.mark.parametrize("rate", ["-1", "fast", "1e1", "NaN", ""])
def test_the_rate_of_a_key_is_a_number(idle: Desk, rate: str) -> None:
    idle.ask("resellers", "add", "anna")
    assert list(idle.ask("keys", "add", "anna", "--rate", rate, code=1)) == ["error"]
    assert len(idle.ask("keys", "list", "anna")) == 1
