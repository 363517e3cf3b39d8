"""`python -m tests.soak`: a panel under everyday trouble; a line for each figure, exit code 1 where one is a fault."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.chaos.processes import run_to_the_end
from tests.soak.report import faults, lines
from tests.soak.run import Wanted, soak

LONG_MINUTES = 3
SHORT, LONG = 1_500, 6_000
"""Rows of a provider: in a short soak, and as many as large panels have."""


def main() -> int:
    """Exit code 1 where anything was as it must not be."""
    wanted = _read(sys.argv[1:])
    return run_to_the_end(_soak(wanted))


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1, help="under load; starting and stopping come on top [1]")
    parser.add_argument("--seed", type=int, default=1, help="of the catalogues and of what resellers ask [1]")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql", help="[postgresql]")
    parser.add_argument("--rows", type=int, help=f"of a provider [{SHORT}, from {LONG_MINUTES} minutes on {LONG}]")
    parser.add_argument("--json", type=Path, help="write all figures there, too")
    parser.add_argument("--log", type=Path, help="write there what the panel logged")
    return parser.parse_args(arguments)


async def _soak(wanted: argparse.Namespace) -> bool:
    rows = wanted.rows or (LONG if wanted.minutes >= LONG_MINUTES else SHORT)
    _say(f"soak seed={wanted.seed} db={wanted.database} minutes={wanted.minutes:g} rows={rows} begins")
    report = await soak(Wanted(wanted.seed, wanted.minutes, wanted.database, rows), keep=wanted.log)
    for line in lines(report):
        _say(line)
    found = faults(report)
    for fault in found:
        _say(f"FAULT: {fault}")
    if wanted.json:
        document = {"report": report, "faults": found}
        wanted.json.parent.mkdir(parents=True, exist_ok=True)
        wanted.json.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2))
    return not found


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
