"""What all commands share: where the configuration is, wrong usage, exit codes, and output for people and scripts."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import rich_click as click
from click.testing import CliRunner

from aggregator.cli.later import Later
from aggregator.cli.root import root
from tests.cli.desk import AGGREGATOR, Desk


@pytest.mark.parametrize(
    "words",
    [
        ["fly"],
        ["resellers"],
        ["resellers", "add"],
        ["resellers", "adjust", "anna", "5"],
        ["resellers", "adjust", "anna", "5", "--note", "x", "--wings"],
        ["resellers", "add", "anna", "--spelling", "loud"],
        ["orders", "show", "one"],
        ["orders", "list", "--state", "lost"],
        ["orders", "list", "--limit", "0"],
        ["orders", "settle", "1"],
        ["serve", "--port", "70000"],
        ["serve", "--role", "boss"],
        ["sandbox"],
        ["prices", "explain", "first"],
    ],
)
def test_wrong_usage_is_told_apart_from_a_refusal(idle: Desk, words: list[str]) -> None:
    """A script that was typed wrongly must not look like an order that was refused."""
    assert idle.say(*words).code == 2


@pytest.mark.parametrize("command", ["serve", "demo", "sandbox", "check", "migrate", "sync", "providers", "services"])
def test_every_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(root, [command, "--help"])
    assert done.exit_code == 0
    assert "--json" in done.stdout
    assert "--config" in done.stdout


@pytest.mark.parametrize(
    "words", [["providers"], ["services"], ["resellers", "list"], ["orders", "list"], ["orders", "list", "--held"]]
)
def test_lists_of_nothing_are_lists(idle: Desk, words: list[str]) -> None:
    assert isinstance(idle.ask(*words), list)
    assert idle.say(*words).code == 0


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    missing = Desk(tmp_path / "nowhere")
    assert "nowhere" in missing.ask("resellers", "list", code=1)["error"]


@pytest.mark.parametrize("broken", ["markup.toml", "services.toml", "providers.toml"])
def test_a_fault_in_one_file_stops_only_the_commands_that_read_it(idle: Desk, broken: str) -> None:
    """While the panel serves at its last good prices, its owner can still look after orders and resellers."""
    idle.write(broken, "this = is not TOML\n")
    for words in (["audit"], ["orders", "list"], ["resellers", "add", "anna"], ["keys", "list", "anna"], ["migrate"]):
        assert idle.say(*words).code == 0, words
    for words in (["check"], ["prices", "explain", "1"]):
        assert broken in idle.say(*words).errors + idle.say(*words).text, words
    assert idle.say("providers").code == (1 if broken == "providers.toml" else 0)


def test_a_database_that_is_not_there_is_told_in_a_sentence(idle: Desk) -> None:
    idle.write("aggregator.toml", '[database]\nurl = "postgresql://nobody:hidden@127.0.0.1:1/nothing"\n')
    said = idle.say("resellers", "list")
    assert said.code == 1
    assert "database" in said.errors
    assert "hidden" not in said.errors + said.text
    assert "Traceback" not in said.errors


def test_the_folder_is_found_by_its_variable_and_paths_start_beside_it(idle: Desk) -> None:
    """As a process of its own: the database stands next to the folder of the configuration, wherever one is."""
    environment = {**os.environ, "AGGREGATOR_CONFIG": str(idle.config), "SANDBOX_KEY": "sandbox"}
    done = subprocess.run(
        [*AGGREGATOR, "resellers", "add", "anna", "--json"], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["reseller"] == "anna"
    assert done.stderr == ""
    assert (idle.config.parent / "data" / "aggregator.sqlite").exists()
    assert [row["reseller"] for row in idle.ask("resellers", "list")] == ["anna"]


def test_migrating_twice_is_migrating_once(idle: Desk) -> None:
    assert idle.ask("migrate") == {"migrated": True}
    assert idle.ask("migrate") == {"migrated": True}


def test_the_books_of_an_empty_panel_hold(idle: Desk) -> None:
    document = idle.ask("audit")
    assert document["green"]
    assert document["promises"]
    assert idle.say("audit").code == 0


def test_an_audit_that_cannot_look_at_everything_is_red_and_says_why(idle: Desk) -> None:
    idle.ask("migrate")
    with closing(sqlite3.connect(idle.config.parent / "data" / "aggregator.sqlite")) as database:
        database.execute("alter table refills rename to renamed")
        document = idle.ask("audit", code=1)
        assert (document["green"], "refills" in document["failure"]) == (False, True)
        assert "could not be looked at" in idle.say("audit").errors
        assert "one-refill-at-a-time" in idle.ask("audit", "--runs", 1)[0]["failure"]
        database.execute("alter table renamed rename to refills")
    assert idle.ask("audit")["green"]


def loaded_by(*words: str) -> set[str]:
    """Every module that a command loads, in a process of its own."""
    told = "import sys; from aggregator.cli import main\ntry: main()\nfinally: print('', *sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", told, *words], capture_output=True, text=True, check=False)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "least"),
    [
        (["--version"], {"litestar", "piccolo", "aiohttp", "redis", "uvicorn", "structlog"}),
        (["--help"], {"litestar", "piccolo", "aiohttp", "redis", "uvicorn", "structlog"}),
        (["init", "--help"], {"litestar", "piccolo", "aiohttp", "uvicorn"}),
        (["services", "--help"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["check"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["migrate"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["orders", "list"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["orders", "show", "1"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["orders", "absent", "1"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["orders", "cancel", "1"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["owners", "list"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["keys", "list", "anna"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["services", "changes"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["resellers", "list"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["providers"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["providers", "words"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["services", "learned"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["services", "held"], {"litestar", "aiohttp", "redis", "uvicorn"}),
        (["audit"], {"litestar", "aiohttp", "redis", "uvicorn"}),
    ],
)
def test_a_command_loads_no_more_than_it_needs(idle: Desk, words: list[str], least: set[str]) -> None:
    """The web framework, an HTTP client and a server take longer to load than most commands to run."""
    more = [] if words[-1].startswith("--") else ["--config", str(idle.config)]
    loaded = loaded_by(*words, *more)
    assert "aggregator.cli.root" in loaded
    assert least & loaded == set()


def groups(group: Later, *names: str) -> list[tuple[list[str], Later]]:
    """Every group of commands that loads some later."""
    found = [([*names], group)] if group.later else []
    context = click.Context(group)
    for name in group.list_commands(context):
        under = group.get_command(context, name)
        if isinstance(under, Later):
            found += groups(under, *names, name)
    return found


def test_the_list_of_commands_says_of_each_what_it_says_of_itself() -> None:
    """Without loading it: so each has its line in two places, which must agree."""
    told = 0
    for names, group in groups(root):
        context = click.Context(group)
        for name, (_, line) in group.later.items():
            command = group.get_command(context, name)
            assert command is not None, (names, name)
            assert (command.help or "").split("\n\n")[0].split() == line.split(), (names, name)
            told += 1
    assert told > 15


def test_the_list_of_commands_is_whole() -> None:
    shown = CliRunner().invoke(root, ["--help"]).stdout
    for name in ("audit", "check", "demo", "init", "orders", "sandbox", "serve", "sync"):
        assert f" {name} " in shown
    assert " test " in CliRunner().invoke(root, ["providers", "--help"]).stdout


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_form_of_the_log_is_said_to_any_command(idle: Desk, form: str) -> None:
    assert idle.say("orders", "list", "--log", form).code == 0
    assert idle.say("orders", "list", "--log", "loud").code == 2


def _aggregator(idle: Desk, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [*AGGREGATOR, *words, "--config", str(idle.config)]
    return subprocess.run(
        command,
        capture_output=True,
        check=False,
        env={**os.environ, "SANDBOX_KEY": "sandbox", **environment},
        timeout=60,
    )


def test_a_file_that_is_no_database_is_told_in_a_sentence(idle: Desk) -> None:
    file = idle.config.parent / "data" / "aggregator.sqlite"
    file.parent.mkdir(exist_ok=True)
    file.write_text("no database at all " * 100)
    for words in (["resellers", "list"], ["serve", "--port", "0"]):
        done = _aggregator(idle, *words)
        assert done.returncode == 1
        assert b"not a database" in done.stderr
        assert b"Traceback" not in done.stderr


def test_an_empty_host_is_no_host(idle: Desk) -> None:
    done = _aggregator(idle, "serve", "--host", "", "--port", "0")
    assert done.returncode == 1
    assert b"names no host" in done.stderr


def test_no_letter_of_a_name_stops_a_command(idle: Desk) -> None:
    """Where a terminal knows only ASCII."""
    assert idle.say("resellers", "add", "anna").code == 0
    plain = {"PYTHONUTF8": "0", "LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = _aggregator(idle, "resellers", "fund", "anna", "5", "--reference", "Zürich ♥", "--json", **plain)
    assert done.returncode == 0, done.stderr
    done = _aggregator(idle, "resellers", "fund", "nobödy ♥", "5", "--reference", "x", **plain)
    assert b"Traceback" not in done.stderr
    assert b"nob" in done.stderr
