"""What the repository holds: only what belongs there, of a size that can be read, tied to nobody's machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.house.source import ROOT, tracked_files

TOP_LEVEL = {
    *("aggregator", "providers", "pricing", "tests", "config", "docs"),
    *("pyproject.toml", "requirements.lock", "Makefile", "Dockerfile", "compose.yaml"),
    *("piccolo_conf.py", "CONTRIBUTING.md"),
    *("README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"),
}
LONGEST = 400
"""Lines of a Python file that an eye can still hold."""
LONGER = {"aggregator/storage/tables.py": "every table stands on this one page"}
"""Which file may have more, and why."""

_HOSTS = [r"pypi\.org", r"pythonhosted\.org", r"registry\.npmjs", r"deb\.debian\.org", r"crates\.io"]
_HOME = r"(?<![\w.*~-])/(?:work|farm|home|root|Users)/"
_TIED = re.compile("|".join([*_HOSTS, _HOME]))
_VENDORED = re.compile(r"\.min\.(?:js|css)$|(?:^|/)(?:vendor|node_modules)/")
_MAKE = re.compile(r"(?:^|`|\$ )make ([a-z]\w*)", re.MULTILINE)


def strangers(names: list[str]) -> set[str]:
    """Top-level entries that are neither in the table nor dot files."""
    return {top for name in names if (top := name.split("/")[0]) not in TOP_LEVEL and not top.startswith(".")}


def ties(text: str) -> Iterator[str]:
    """Hosts of package registries and paths of somebody's machine."""
    return (match.group() for match in _TIED.finditer(text))


def missing_targets(readme: str, makefile: str) -> set[str]:
    """Targets that a reader is told to make and cannot."""
    return set(_MAKE.findall(readme)) - set(re.findall(r"^(\w+):", makefile, re.MULTILINE))


def test_nothing_else_stands_at_the_top() -> None:
    """A newcomer knows every entry after one look."""
    names = tracked_files()
    assert names
    assert strangers(names) == set()


def test_no_file_is_tied_to_a_machine_or_a_registry() -> None:
    """A clone builds anywhere, from whichever mirror its owner uses."""
    found = [(name, tie) for name in tracked_files() for tie in ties((ROOT / name).read_text(errors="replace"))]
    assert found == []


def test_nothing_is_vendored() -> None:
    """Other people's code comes from their packages, with their corrections."""
    assert [name for name in tracked_files() if _VENDORED.search(name)] == []


def test_every_file_can_be_read_in_one_sitting() -> None:
    """A file holds one idea, place or deed."""
    sizes = {name: len((ROOT / name).read_text().splitlines()) for name in tracked_files() if name.endswith(".py")}
    assert sizes
    assert {name: size for name, size in sizes.items() if size > LONGEST and name not in LONGER} == {}


def test_every_make_target_that_a_reader_is_told_exists() -> None:
    """The first command somebody types works."""
    pages = "\n".join((ROOT / name).read_text() for name in tracked_files() if name.endswith(".md"))
    assert missing_targets(pages, (ROOT / "Makefile").read_text()) == set()


def test_a_stranger_at_the_top_is_found() -> None:
    """The rule can fail."""
    assert strangers(["aggregator/app.py", ".ci/run", "utils/x.py", "notes.txt"]) == {"utils", "notes.txt"}


@pytest.mark.parametrize("text", ["--index-url https://py%spi.org/simple", "cd /%swork/main", "open('/%sroot/x')"])
def test_a_tie_is_found(text: str) -> None:
    """The rule can fail; the examples are split so that this file names no such thing itself."""
    assert len(list(ties(text % ""))) == 1


@pytest.mark.parametrize("text", ["https://panel.example/home/orders", "pip install aggregator"])
def test_an_address_of_the_world_is_no_tie(text: str) -> None:
    """The rule does not cry wolf."""
    assert list(ties(text)) == []


@pytest.mark.parametrize("name", ["aggregator/web/htmx.min.js", "tests/vendor/x.py", "a/style.min.css"])
def test_a_vendored_file_is_found(name: str) -> None:
    """The rule can fail."""
    assert _VENDORED.search(name)


def test_a_target_that_does_not_exist_is_found() -> None:
    """The rule can fail, for commands in blocks and in sentences; `make sure` in prose is no command."""
    readme = "```\nmake demo\nmake fly\n```\nRun `make swim` and make sure of it."
    assert missing_targets(readme, "demo: env\n\ttrue\n") == {"fly", "swim"}
