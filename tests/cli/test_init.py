"""init: a configuration that works, by asking or for two sandboxes; what is there already is never lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aggregator.cli.root import root
from aggregator.settings import cross_check, load
from providers.sandbox import Sandbox
from tests.cli.desk import Desk, providers_in_a_thread
from tests.house.source import ROOT


def begin(*words: object, answers: str = "") -> Result:
    return CliRunner().invoke(root, ["init", *map(str, words)], input=answers)


def test_two_sandboxes_need_no_answer_and_pass_every_check(tmp_path: Path) -> None:
    done = begin(tmp_path / "config", "--sandbox")
    assert (done.exit_code, done.stderr) == (0, "")
    settings = load(tmp_path / "config", {})
    assert [(one.profile.name, one.profile.url, one.preset) for one in settings.providers] == [
        ("alpha", "http://127.0.0.1:9001/api/v2", "perfectpanel"),
        ("bravo", "http://127.0.0.1:9002/api/v2", "mystic"),
    ]
    assert [one.profile.key for one in settings.providers] == ["alpha-key", "bravo-key"]
    assert (settings.notices, cross_check(settings).faults) == ((), ())
    for line in ("aggregator sandbox --port 9001 --key alpha-key &", "aggregator serve"):
        assert f"\n  {line}\n" in done.stdout
    assert f"export AGGREGATOR_CONFIG={tmp_path / 'config'}" in done.stdout
    assert "alpha-key" not in (tmp_path / "config" / "providers.toml").read_text()


def test_a_key_lies_in_a_file_for_us_alone(tmp_path: Path) -> None:
    begin(tmp_path / "config", "--sandbox")
    kept = sorted((tmp_path / "config" / "secrets").iterdir())
    assert [path.name for path in kept] == ["alpha", "bravo"]
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}


def test_what_the_files_say_already_stays(tmp_path: Path) -> None:
    """As in a fresh checkout, whose files are full of comments."""
    config = tmp_path / "config"
    config.mkdir()
    before = {path.name: path.read_text() for path in (ROOT / "config").glob("*.toml")}
    for name, text in before.items():
        (config / name).write_text(text)
    assert begin(config, "--sandbox").exit_code == 0
    for name, text in before.items():
        assert (config / name).read_text().startswith(text.rstrip())
    assert len(load(config, {}).services.services) == 1


def test_a_configuration_with_providers_is_left_alone(tmp_path: Path) -> None:
    begin(tmp_path / "config", "--sandbox")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for words in (["--sandbox"], []):
        done = begin(tmp_path / "config", *words)
        assert done.exit_code == 1
        assert "names alpha, bravo already" in done.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_script_reads_what_was_written_and_what_comes_next(tmp_path: Path) -> None:
    document = json.loads(begin(tmp_path / "config", "--sandbox", "--json").stdout)
    assert {Path(name).name for name in document["files"]} >= {"providers.toml", "services.toml"}
    assert document["next"][-1] == "aggregator serve"


def test_step_by_step_a_provider_is_tried_and_taken_in(tmp_path: Path) -> None:
    """In another currency than ours: its rate is asked for, and the whole passes the check."""
    config = tmp_path / "config"
    with providers_in_a_thread(Sandbox(currency="EUR")) as (host,):
        url = f"{host}/api/v2"
        done = begin(config, answers=f"Anna's\nusd\nUSD\n12.5\n{url}\nsandbox\nannas\n1.08\n\n")
        assert done.exit_code == 0, done.output
        settings = load(config, {})
        assert settings.panel.name == "Anna's"
        assert [(one.profile.name, one.profile.url, one.profile.key) for one in settings.providers] == [
            ("annas", url, "sandbox")
        ]
        assert (cross_check(settings).faults, cross_check(settings).notices) == ((), ())
        said = Desk(config).ask("sync")["providers"][0]
    assert said["services"] > 0
    assert said["error"] is None
    assert 'key = "sandbox"' not in (config / "providers.toml").read_text()


def test_nobody_at_the_address_is_told_and_left_out_unless_it_is_wanted(tmp_path: Path) -> None:
    answers = "\n\n\nhttp://127.0.0.1:1/api/v2\nhush\n{}\n"
    assert begin(tmp_path / "a", answers=answers.format("n\n")).exit_code == 0
    assert load(tmp_path / "a", {}).providers == ()
    done = begin(tmp_path / "b", answers=answers.format("y\nlater\nEUR\n1.1\n"))
    assert done.exit_code == 0, done.output
    assert [one.profile.name for one in load(tmp_path / "b", {}).providers] == ["later"]
    assert "hush" not in done.output


@pytest.mark.parametrize("words", [[], ["--sandbox"]])
def test_a_file_that_cannot_be_read_stops_it_before_anything_is_written(tmp_path: Path, words: list[str]) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "markup.toml").write_text("this = is not TOML\n")
    assert begin(config, *words).exit_code == 1
    assert [path.name for path in config.iterdir()] == ["markup.toml"]
