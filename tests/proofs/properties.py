"""The tests of properties with far more examples, drawn by a seed; `make test` tries the same few each time."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from tests import depth

ROOT = Path(__file__).parents[2]
_COUNTED = re.compile(r"(\d+) (passed|failed|errors?|skipped)")
_TOLD = re.compile(r"^(?:(?:FAILED|ERROR) .*|E +(?:Failing|Falsifying) .*(?:\nE .*)*)", re.MULTILINE)


async def try_properties(seed: int, count: int, *files: str) -> tuple[dict[str, int], list[str]]:
    """How the tests ended, each with about so many examples, and those that failed with what they failed on."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        f"--hypothesis-profile={depth.DEEP}",
        f"--hypothesis-seed={seed}",
        *(files or depth.files()),
    ]
    run = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**os.environ, depth.EXAMPLES_VARIABLE: str(count)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await run.communicate())[0].decode(errors="replace")
    summed = _COUNTED.findall(said.rstrip().rpartition("\n")[2])
    counts = {what.removesuffix("s"): int(number) for number, what in summed}
    faults = _TOLD.findall(said) or [said[-300:]]
    return counts, faults if run.returncode else []
