"""The examples of a run are the same ones each time, or follow from a seed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import depth
from tests.proofs.properties import ROOT, try_properties

PROPERTY = """
from hypothesis import given
from hypothesis import strategies as st

@given(st.integers())
def test_anything(number):
    with open({log!r}, "a") as log:
        log.write(f"{{number}}\\n")
    {more}
"""
FAILS = "assert abs(number) < 10**6"


ALONE = ("-n0", "-c", "pyproject.toml", "--rootdir", ".", "-p", "tests.conftest")
"""How a test that lies elsewhere is run as one of ours."""


def written(folder: Path, more: str = "pass") -> tuple[str, Path]:
    """A test that notes its examples, and its notes."""
    test, log = folder / "test_made.py", folder / "examples"
    test.write_text(PROPERTY.format(log=str(log), more=more))
    return str(test), log


def taken(log: Path) -> list[str]:
    """The examples of the last run."""
    seen = log.read_text().split()
    log.unlink()
    return seen


def test_two_runs_try_the_same_examples(tmp_path: Path) -> None:
    """Also beside other tests, for which modules of ours are loaded whose constants are tried then."""
    test, log = written(tmp_path)
    other = tmp_path / "test_another.py"
    other.write_text("import aggregator.web.site\ndef test_another(): pass\n")
    seen = []
    for beside in ([], [str(other)]):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *ALONE, *beside, test]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        seen.append(taken(log))
    assert seen[0] == seen[1]
    assert len(seen[0]) == depth.USUAL


async def test_a_seed_decides_far_more_examples(tmp_path: Path) -> None:
    test, log = written(tmp_path)
    seen = []
    for seed in (1, 1, 2):
        assert await try_properties(seed, 300, *ALONE, test) == ({"passed": 1}, [])
        seen.append(taken(log))
    assert seen[0] == seen[1] != seen[2]
    assert len(seen[0]) == 300


async def test_what_a_property_fails_on_is_told(tmp_path: Path) -> None:
    test, _ = written(tmp_path, FAILS)
    counts, faults = await try_properties(1, 300, *ALONE, test)
    assert counts == {"failed": 1}
    assert "number=1000000" in faults[0]
    assert "test_anything" in faults[1]


@pytest.mark.parametrize("file", ["tests/interop/test_any_replies.py", "tests/pricing/test_money.py"])
def test_the_files_with_properties_are_found(file: str) -> None:
    assert file in depth.files()
