"""`python -m tests.chaos`: one seed after the other, each on both databases, a line for each run and one for all."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.plan import Plan, draw
from tests.chaos.processes import Ended, Stalled, run_to_the_end
from tests.chaos.storm import Report, rage, stalled

LOG = Path(__file__).with_name("LOG.md")
LONG_MINUTES = 5
"""From here on a run is worth a line in the log."""
LEAST = {"orders": 600, "kills": 40}
"""What a whole run must have seen to mean anything; one that was asked for less is held to most of it."""
DATABASES = {"sqlite": ["sqlite"], "postgresql": ["postgresql"], "both": ["sqlite", "postgresql"]}
ADDED = (
    "kills",
    "blows",
    "deploys",
    "orders",
    "adds",
    "lost",
    "charged_not_once",
    "bought_twice",
    "refund_errors",
    "forbidden",
    "overspent",
    "denied",
    "crashed",
    "stalled",
    "audits",
    "red",
    "unsure",
    "dishonest",
    "settled",
    "deceived",
)
"""What is counted over several runs."""


def main() -> int:
    """Exit code 1 where any order or cent went wrong."""
    wanted = _read(sys.argv[1:])
    return run_to_the_end(_storm(wanted))


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the next runs count up [1]")
    parser.add_argument("--minutes", type=float, default=0, help="go on with further seeds for so long [one seed]")
    parser.add_argument("--database", choices=DATABASES, default="both")
    parser.add_argument(
        "--orders", type=int, default=400, help="wanted, for each seed and database; some cannot be paid [400]"
    )
    parser.add_argument("--kills", type=int, default=20, help="planned, for each seed and database [20]")
    parser.add_argument(
        "--strict", action="store_true", help="hold the panel to every comparison about the dishonest provider"
    )
    return parser.parse_args(arguments)


async def _storm(wanted: argparse.Namespace) -> bool:
    begun, reports, seed = time.monotonic(), list[Report](), wanted.seed
    while not reports or time.monotonic() - begun < wanted.minutes * 60:
        _say(f"seed={seed} db={wanted.database} orders={wanted.orders} kills={wanted.kills} begins")
        plans = [draw(seed, name, orders=wanted.orders, kills=wanted.kills) for name in DATABASES[wanted.database]]
        for report in await asyncio.gather(*(_one(plan, strict=wanted.strict) for plan in plans)):
            _tell(report)
            reports.append(report)
        seed += 1
    line = _sum(reports, wanted.seed, round(time.monotonic() - begun))
    _say(line)
    if wanted.minutes >= LONG_MINUTES:
        with LOG.open("a") as log:
            log.write(f"- {datetime.now(UTC):%Y-%m-%d} `{line}`\n")
    short = _short_of(wanted, reports)
    for fault in short:
        _say(f"  {fault}")
    return not short and not any(report.faults for report in reports)


def _short_of(wanted: argparse.Namespace, reports: Sequence[Report]) -> list[str]:
    """What a run did not see enough of to mean anything: `LEAST`, or four fifths of what it was asked for if less."""
    asked = {name: getattr(wanted, name) * len(reports) for name in LEAST}
    seen = {name: sum(getattr(report, name) for report in reports) for name in LEAST}
    least = {name: LEAST[name] if asked[name] >= LEAST[name] else asked[name] * 4 // 5 for name in LEAST}
    return [f"only {seen[name]} {name}, not {least[name]}" for name in LEAST if seen[name] < least[name]]


async def _one(plan: Plan, *, strict: bool) -> Report:
    """A run that cannot come to its end is a fault of its own; the next seed may say more."""
    try:
        return await rage(plan, strict=strict)
    except (Stalled, Ended) as error:
        return stalled(plan, str(error))


def _tell(report: Report) -> None:
    _say(report.line)
    for fault in report.faults:
        sys.stderr.write(f"  {fault}\n")


def _sum(reports: Sequence[Report], seed: int, secs: int) -> str:
    databases = ",".join(dict.fromkeys(report.db for report in reports))
    counts = " ".join(f"{name}={sum(getattr(report, name) for report in reports)}" for name in ADDED)
    return f"seeds={seed}..{max(report.seed for report in reports)} db={databases} {counts} secs={secs}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
