"""Loading a folder: absent files are fine, and one run tells everything that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.settings import ConfigurationError, load


def test_a_missing_folder_is_one_clear_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "nowhere", {})
    (fault,) = caught.value.faults
    assert str(fault) == f"{tmp_path / 'nowhere'}:1: {fault.message}"
    assert "--config" in fault.message


def test_the_faults_of_all_files_are_told_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    (tmp_path / "aggregator.toml").write_text("[panel]\ncurency = 'EUR'\nname = 1\n", encoding="utf-8")
    (tmp_path / "providers.toml").write_text("[[provider]]\nname = 'alpha'\n", encoding="utf-8")
    (tmp_path / "services.toml").write_text("import_rest = 'yes'\n", encoding="utf-8")
    (tmp_path / "markup.toml").write_text("[default]\npercent = x\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {})
    found = [(Path(fault.file).name, fault.line) for fault in caught.value.faults]
    assert found == [
        ("aggregator.toml", 2),
        ("aggregator.toml", 3),
        ("providers.toml", 1),
        ("providers.toml", 1),
        ("services.toml", 1),
        ("markup.toml", 2),
    ]


def test_a_rate_for_the_intended_currency_is_no_fault_while_that_currency_is_misspelt(tmp_path: Path) -> None:
    (tmp_path / "aggregator.toml").write_text("[panel]\ncurrency = 'eur'\n", encoding="utf-8")
    (tmp_path / "markup.toml").write_text("[fx]\nUSD = 0.92\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {})
    assert [Path(fault.file).name for fault in caught.value.faults] == ["aggregator.toml"]


def test_a_file_that_is_not_utf_8_is_one_fault_on_its_line(tmp_path: Path) -> None:
    (tmp_path / "services.toml").write_bytes(b"import_rest = true\n# caf\xe9\n")
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {})
    (fault,) = caught.value.faults
    assert (Path(fault.file).name, fault.line) == ("services.toml", 2)
    assert "save the file as UTF-8" in fault.message


def test_a_folder_in_the_place_of_a_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "markup.toml").mkdir()
    with pytest.raises(ConfigurationError, match=r"markup\.toml:1: cannot be read"):
        load(tmp_path, {})


def test_files_saved_on_windows_read_the_same(tmp_path: Path) -> None:
    (tmp_path / "aggregator.toml").write_bytes(b'\xef\xbb\xbf[panel]\r\nname = "Mine"\r\nfoo = 1\r\n')
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {})
    assert [fault.line for fault in caught.value.faults] == [3]


def test_the_configuration_that_we_ship_loads_without_providers_or_notices() -> None:
    settings = load(Path(__file__).parents[2] / "config", {})
    assert (settings.providers, settings.services.services, settings.notices) == ((), (), ())
    assert settings.markup.book.default.percent == 25


def test_the_examples_in_the_shipped_files_work_once_their_marks_are_taken_away(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "config"
    for file in shipped.glob("*.toml"):
        (tmp_path / file.name).write_text(uncommented(file.read_text(encoding="utf-8")), encoding="utf-8")
    settings = load(tmp_path, {"ALPHA_KEY": "a", "BRAVO_KEY": "b"})
    assert [provider.profile.name for provider in settings.providers] == ["alpha", "bravo"]
    assert [service.id for service in settings.services.services] == [1, 2]
    assert (len(settings.markup.book.rules), list(settings.markup.fx.rates)) == (1, ["EUR"])


def uncommented(text: str) -> str:
    """The text with its commented settings and headers switched on."""
    lines = [line.removeprefix("# ") if is_setting(line) else line for line in text.splitlines()]
    return "\n".join(lines)


def is_setting(line: str) -> bool:
    return line.startswith("# [") or (line.startswith("# ") and line[2:].split(" = ", maxsplit=1)[0].isidentifier())
