"""What the code says of the protocol's page is there, and what the page promises is tried."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from providers.dialect import Dialect
from providers.registry import PRESETS
from tests.house.source import ROOT, modules

PAGE = "providers/PROTOCOL.md"
_NAMED = re.compile(r'PROTOCOL\.md\s*,\s+"([^"]+)"')
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_QUIRK = re.compile(r"^\| (Q\d+) \| (up|down) \|", re.MULTILINE)
_LINK = re.compile(r"\]\(([\w./-]*)#([\w-]+)\)")
_TEST = re.compile(r"^(?:async )?def test_q(\d\d)_", re.MULTILINE)


def page() -> str:
    return (ROOT / PAGE).read_text()


def headings(text: str) -> set[str]:
    return set(_HEADING.findall(text))


def missing(texts: Iterator[tuple[str, str]], present: set[str]) -> list[str]:
    """Every heading that a docstring or comment names and the page lacks, as path: heading."""
    return [f"{path}: {name}" for path, text in texts for name in _NAMED.findall(text) if name not in present]


def anchor(heading: str) -> str:
    """How a heading is linked to."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_heading_that_the_code_names_is_on_the_page() -> None:
    """Whoever follows a docstring arrives."""
    assert missing(modules("aggregator", "providers", "pricing", "tests"), headings(page())) == []


def test_a_heading_that_is_not_there_is_found() -> None:
    """The rule can fail, also where a line ends inside the reference."""
    text = '"""As the page says (PROTOCOL.md,\n    "Magic"), and PROTOCOL.md, "Errors"."""'
    assert missing(iter([("a.py", text)]), {"Errors"}) == ["a.py: Magic"]


@pytest.mark.parametrize("name", ["README.md", "providers/ADDING.md", PAGE, "config/README.md"])
def test_links_to_its_headings_arrive(name: str) -> None:
    """From the page itself and from the others."""
    anchors = {anchor(heading) for heading in headings(page())}
    named = [
        part
        for target, part in _LINK.findall((ROOT / name).read_text())
        if target.endswith("PROTOCOL.md") or not target
    ]
    own = {anchor(heading) for heading in headings((ROOT / name).read_text())}
    assert [part for part in named if part not in anchors | own] == []


def test_every_setting_of_a_panels_spelling_is_explained() -> None:
    """On the page for whoever reads the code, and beside the files for whoever writes them."""
    for name in (PAGE, "config/README.md"):
        told = set(re.findall(r"`(\w+)`", (ROOT / name).read_text()))
        assert set(Dialect.__struct_fields__) - told == set()


def test_every_preset_is_explained() -> None:
    """By what an owner would recognise its family."""
    assert [preset for preset in PRESETS if f"| `{preset}` |" not in page()] == []
    assert [preset for preset in PRESETS if f'`"{preset}"`' not in (ROOT / "config/README.md").read_text()] == []


def test_the_quirks_are_numbered_without_gaps() -> None:
    assert [number for number, _ in _QUIRK.findall(page())] == [f"Q{number}" for number in range(1, 81)]


@pytest.mark.parametrize(("side", "folder"), [("up", "providers"), ("down", "interop")])
def test_every_quirk_has_its_test(side: str, folder: str) -> None:
    """And no test has a number that the page does not know."""
    promised = {int(number[1:]) for number, where in _QUIRK.findall(page()) if where == side}
    files = (ROOT / "tests" / folder).glob("test_quirks*.py")
    tried = {int(number) for file in files for number in _TEST.findall(file.read_text())}
    assert tried == promised


_FILE = re.compile(r"`((?:[\w.-]+/)+[\w.*-]+/?)`")
_HOMES = {
    "README.md": ("",),
    "CONTRIBUTING.md": ("",),
    "docs/architecture.md": ("", "aggregator/"),
    "providers/ADDING.md": ("", "providers/"),
    "providers/PROTOCOL.md": ("", "providers/", "config/"),
}
"""The pages for whoever opens files, and below which folders each of them speaks."""
_OF_AN_OWNER = ("config/", "secrets/", "data/", "providers/strange.py", "aggregator/storage/migrations/mNNNN")
"""What is only there in somebody's own installation, or made by a command."""


def lost_files(text: str, homes: tuple[str, ...]) -> list[str]:
    """The files and folders that are named in backticks and are not there."""
    named = [name for name in _FILE.findall(text) if not name.startswith(_OF_AN_OWNER)]
    return [name for name in named if not any(list(ROOT.glob(home + name.rstrip("/"))) for home in homes)]


@pytest.mark.parametrize("name", _HOMES)
def test_every_file_that_a_page_names_is_there(name: str) -> None:
    """Whoever is led somewhere arrives, also after everything has moved."""
    text = (ROOT / name).read_text()
    assert _FILE.search(text)
    assert lost_files(text, _HOMES[name]) == []


def test_a_file_that_is_gone_is_found() -> None:
    text = "`aggregator/orders/poll.py`, `aggregator/orders/state.py` and `providers/nowhere/`"
    assert lost_files(text, ("",)) == ["aggregator/orders/poll.py", "providers/nowhere/"]
