"""`python -m tests.bench [WORD...]`: the table, and the same as JSON; with words only the rows that hold one."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tests.bench import dispatch, growth, hot, memory, outgoing, sync
from tests.bench.rows import HEAD, ROUNDS, Result, Row, chosen, compare, line
from tests.bench.stage import Servers

MEMORY = "memory"


def main() -> int:
    """Exit code 0 whatever the figures are: a busy machine is no fault."""
    wanted = _read(sys.argv[1:])
    begun = time.monotonic()
    _say(f"{_machine()}\n{HEAD}")
    with tempfile.TemporaryDirectory(prefix="aggregator-bench-") as name:
        results = _measure(Path(name), wanted)
    told = memory.tell() if not wanted.words or MEMORY in wanted.words else None
    if told:
        _say(told.line)
    document = {"machine": _machine(), "rows": results, "memory": told, "seconds": round(time.monotonic() - begun)}
    if wanted.json:
        wanted.json.parent.mkdir(parents=True, exist_ok=True)
        wanted.json.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2))
    return 0


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("words", nargs="*", help="of the rows wanted, as balance, add, embedded, memory [all]")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of each row [{ROUNDS}]")
    parser.add_argument("--json", type=Path, default=Path("data/bench.json"), help="[data/bench.json]")
    return parser.parse_args(arguments)


def _measure(folder: Path, wanted: argparse.Namespace) -> list[Result]:
    if wanted.words == [MEMORY]:
        return []
    with Servers() as servers:
        if growth.WORD in wanted.words:
            engines = [name for name in growth.ENGINES if name in wanted.words] or growth.ENGINES
            with growth.rows(folder, servers, engines) as (rows, audits):
                for audited in audits:
                    _say(audited.line)
                return _all(chosen(rows, [word for word in wanted.words if word != growth.WORD]), wanted.rounds)
        with hot.rows(folder, servers) as rows, outgoing.rows(folder) as calls:
            return _all(
                chosen([*rows, *calls, *sync.rows(folder, servers), *dispatch.rows(folder, servers)], wanted.words),
                wanted.rounds,
            )


def _all(rows: Iterable[Row], rounds: int) -> list[Result]:
    results = []
    for row in rows:
        results.append(compare(row, rounds))
        _say(line(results[-1]))
    return results


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _machine() -> str:
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    name = models[0].partition(": ")[2] if models else platform.machine()
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} x {name}, Python {platform.python_version()}, load before {load:.1f}, {_syncs()} fdatasync/s"
    )


def _syncs() -> int:
    """How often in a second this disk makes a small write durable: no commit can be faster."""
    with tempfile.NamedTemporaryFile() as file:
        begun, times = time.perf_counter(), 0
        while time.perf_counter() - begun < 1:
            os.pwrite(file.fileno(), b"x" * 4096, 4096 * times)
            os.fdatasync(file.fileno())
            times += 1
    return times


if __name__ == "__main__":
    sys.exit(main())
