"""The first `make` installs without a word of pip's own, and shows the end of its log where it fails."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIP = """#!/bin/sh
for package in one two three; do echo "Collecting $package"; done
echo "WARNING: Location 'file:///somewhere' is ignored" >&2
[ {code} = 0 ] || echo "ERROR: No matching distribution found for three" >&2
exit {code}
"""


def install(folder: Path, code: int) -> subprocess.CompletedProcess[str]:
    """With a pip in place of the real one that warns, and ends so."""
    python = folder / "bin" / "python"
    python.parent.mkdir()
    python.write_text(PIP.format(code=code))
    python.chmod(0o755)
    return subprocess.run(
        [ROOT / ".ci" / "install", python, "-r", "some.lock"], capture_output=True, text=True, check=False, timeout=60
    )


def test_what_goes_well_is_not_told(tmp_path: Path) -> None:
    done = install(tmp_path, 0)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("code", [1, 2])
def test_what_fails_shows_why_and_where_all_of_it_is(tmp_path: Path, code: int) -> None:
    done = install(tmp_path, code)
    assert done.returncode == 1
    assert "No matching distribution found for three" in done.stderr
    log = Path(done.stderr.splitlines()[-1].rpartition(" is in ")[2])
    assert "is ignored" in log.read_text()


def test_make_uses_it() -> None:
    planned = subprocess.run(
        ["make", "--dry-run", "--always-make", "env"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert planned.count(".ci/install") == 2
    assert "pip install" not in planned
