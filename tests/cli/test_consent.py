"""What cannot be taken back is asked back at a terminal, with the amount; a script is asked nothing."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.cli.terminal import at_terminal
from tests.cli.test_orders import buy

WAYS = {
    "found": (["found", 1, "880001"], "Follow order 1 (2.50 USD of anna) as 880001 of alpha? [y/N]", "active"),
    "absent": (
        ["absent", 1],
        "alpha does not have order 1 (2.50 USD of anna): it is sent to alpha again: nobody else can take it? [y/N]",
        "queued",
    ),
    "write-off": (
        ["write-off", 1],
        "Write off 2.50 USD of order 1 of anna, back to the wallet at your risk? [y/N]",
        "cancelled",
    ),
}


@pytest.fixture
def doubtful(stocked: Desk) -> Desk:
    """Order 1 is unsure, and old enough to be decided."""
    buy(stocked, "lost", until="unsure")
    return stocked


def state(desk: Desk) -> str:
    return str(desk.ask("orders", "show", 1)["state"])


def make_old(desk: Desk) -> None:
    """The deadline of its attempt lies behind."""
    with closing(sqlite3.connect(desk.config.parent / "data" / "aggregator.sqlite")) as database:
        database.execute("update attempts set deadline_at = 0")
        database.commit()


@pytest.mark.parametrize("way", WAYS)
def test_each_way_out_of_doubt_is_asked_back_with_its_amount(doubtful: Desk, way: str) -> None:
    """Anything but yes changes nothing; yes does it."""
    words, question, after = WAYS[way]
    make_old(doubtful)
    for answer in ("\n", "\x03"):
        refused = at_terminal("orders", *words, config=doubtful.config, typed={"[y/N]": answer})
        assert question in refused.text
        assert (refused.code, "nothing was changed" in refused.text) == (1, True), refused
        assert state(doubtful) == "unsure"
    assert at_terminal("orders", *words, config=doubtful.config, typed={"[y/N]": "y\n"}).code == 0
    assert state(doubtful) == after


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("more", ["--yes", "--json"])
def test_who_has_said_yes_or_reads_json_is_not_asked(doubtful: Desk, way: str, more: str) -> None:
    words, _, after = WAYS[way]
    make_old(doubtful)
    done = at_terminal("orders", *words, more, config=doubtful.config, typed={})
    assert (done.code, "[y/N]" in done.text, state(doubtful)) == (0, False, after)


@pytest.mark.parametrize("way", WAYS)
def test_a_script_is_not_asked(doubtful: Desk, way: str) -> None:
    """As ever: its pipes are no terminal."""
    words, _, after = WAYS[way]
    make_old(doubtful)
    done = doubtful.say("orders", *words)
    assert (done.code, "[y/N]" in done.text + done.errors, state(doubtful)) == (0, False, after)


def test_what_cannot_be_decided_is_said_before_anything_is_asked(doubtful: Desk) -> None:
    for words in (["absent", 77], ["write-off", 77], ["found", 77, "1"]):
        said = at_terminal("orders", *words, config=doubtful.config, typed={})
        assert (said.code, "there is no order 77" in said.text, "[y/N]" in said.text) == (1, True, False)


def test_where_another_can_take_it_without_a_loss_the_question_names_it(stocked: Desk) -> None:
    stocked.write("markup.toml", "[default]\npercent = 900\n")
    stocked.ask("sync")
    buy(stocked, "lost", until="unsure")
    make_old(stocked)
    said = at_terminal("orders", "absent", 1, config=stocked.config, typed={"[y/N]": "n\n"})
    assert "it goes to the next provider (bravo)? [y/N]" in said.text


def test_a_fault_in_a_file_that_no_decision_needs_stops_none(doubtful: Desk) -> None:
    make_old(doubtful)
    doubtful.write("markup.toml", "this = is not TOML\n")
    said = at_terminal("orders", "absent", 1, config=doubtful.config, typed={"[y/N]": "y\n"})
    assert re.search(r"order 1 \(2\.50 USD of anna\): it goes to the next provider, or there again", said.text)
    assert said.code == 0


@pytest.mark.parametrize("words", [["init"], ["owners", "add", "olga", "--ask"]])
def test_a_question_is_left_by_ctrl_c(idle: Desk, tmp_path: Path, words: list[str]) -> None:
    """At once, and with nothing begun left behind."""
    config = tmp_path / "new" if words == ["init"] else idle.config
    left = at_terminal(*words, config=config, typed={": ": "\x03"})
    assert left.code == 1
    assert not (tmp_path / "new").exists()
