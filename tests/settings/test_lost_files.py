"""A file that was emptied or cut off is no edit, and one that cannot be read is a fault, on its line."""

from __future__ import annotations

import os
import socket
import tomllib
from pathlib import Path

import pytest

from aggregator.settings import ConfigurationError, find_loss, load, read_text
from tests.settings.test_loading_files import uncommented

DEFAULT = "# ours\n[default]\npercent = 25\nmin_margin_percent = 5\n"
VIP = '\n[[rule]]  # the best\nmatch = { tier = "vip" }\npercent = 10\n'
ANN = '\n[[rule]]\npercent = 12\n[rule.match]\nreseller = "ann"\n'
FX = "\n[fx]\nEUR = 1.08\n"
WHOLE = DEFAULT + VIP + ANN + FX


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("# ours\n", "has nothing left but comments"),
        ("[default]\n", "has nothing left but comments"),
        (DEFAULT + FX, "has lost every [[rule]]"),
        (DEFAULT, "has lost every [[rule]], [fx]"),
        (DEFAULT + VIP + ANN, "has lost [fx]"),
        (VIP + ANN + FX, "has lost [default]"),
        (DEFAULT + VIP, "has lost [fx]"),
        (DEFAULT.replace("25", "30") + FX, "has lost every [[rule]]"),
    ],
)
def test_what_nobody_takes_out_by_an_edit_is_a_loss(now: str, said: str) -> None:
    assert find_loss(WHOLE, now) == said


def test_a_file_is_cut_off_wherever_it_ends() -> None:
    """All beginnings that are TOML, and hold some of every table."""
    whole = FX + DEFAULT + VIP + ANN
    edit = (FX + DEFAULT + VIP).rstrip()
    beginnings = [whole[:end] for end in range(len(edit), len(whole.rstrip())) if is_toml(whole[:end])]
    assert {find_loss(whole, now) for now in beginnings if now.rstrip() != edit} == {"is cut off"}
    assert find_loss(whole, edit) is None, "the last rule was taken out"


def is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (WHOLE, WHOLE),
        (WHOLE, DEFAULT + VIP + FX),
        (WHOLE, DEFAULT + ANN + FX),
        (FX + DEFAULT + VIP + ANN, FX + DEFAULT + VIP),
        (WHOLE, WHOLE.replace("min_margin_percent = 5\n", "")),
        (WHOLE, WHOLE.replace("\n", "\r\n")),
        (WHOLE + "\n# the end\n", WHOLE),
        (WHOLE, WHOLE + VIP),
        (WHOLE, VIP.replace("10", "11") + ANN + FX),
        (DEFAULT, VIP),
        ("import_rest = false\n[[service]]\nid = 1\n", "[[service]]\nid = 1\n"),
        ("", DEFAULT),
        ("# nothing\n", ""),
        ("not TOML", ""),
        (WHOLE, WHOLE[:20]),
    ],
)
def test_an_edit_is_an_edit(before: str, now: str) -> None:
    assert find_loss(before, now) is None


def test_the_shipped_examples_of_all_files_can_be_lost() -> None:
    for file in (Path(__file__).parents[2] / "config").glob("*.toml"):
        whole = uncommented(file.read_text(encoding="utf-8"))
        assert find_loss(whole, "") == "is empty"


def make_folder(path: Path) -> None:
    path.mkdir()


def make_loop(path: Path) -> None:
    path.symlink_to(path.name)


def make_longer_loop(path: Path) -> None:
    other = path.with_name("other.toml")
    other.symlink_to(path)
    path.symlink_to(other)


def make_dead_end(path: Path) -> None:
    path.symlink_to("nowhere.toml")


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(path))


@pytest.mark.parametrize("file", ["markup.toml", "services.toml", "providers.toml", "aggregator.toml"])
@pytest.mark.parametrize(
    "make", [make_folder, make_loop, make_longer_loop, make_dead_end, make_pipe, make_device, make_socket]
)
def test_what_is_no_file_is_a_fault_and_keeps_nobody_waiting(tmp_path: Path, file: str, make: object) -> None:
    assert callable(make)
    make(tmp_path / file)
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {})
    (fault,) = caught.value.faults
    assert (Path(fault.file).name, fault.line) == (file, 1)
    assert "cannot be read" in fault.message


def test_a_link_to_a_file_is_as_good_as_the_file(tmp_path: Path) -> None:
    (tmp_path / "markup.toml").symlink_to("real.toml")
    (tmp_path / "real.toml").write_text(DEFAULT)
    assert read_text(tmp_path / "markup.toml") == DEFAULT
    assert read_text(tmp_path / "absent.toml") == ""


def test_an_empty_file_is_told_of(tmp_path: Path) -> None:
    """Nothing is wrong with it for a new panel; a running one keeps what it had."""
    for file in ("markup.toml", "services.toml", "providers.toml"):
        (tmp_path / file).write_text("\n")
    notices = load(tmp_path, {}).notices
    assert [Path(notice.file).name for notice in notices] == ["providers.toml", "services.toml", "markup.toml"]
    assert {notice.line for notice in notices} == {1}
