"""What a process holds, looked at all the time: memory, threads, open files, and the log of its database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median

from msgspec import Struct

from tests.bench.stage import memory_mib
from tests.chaos.stage import Stage

LOOK_SECONDS = 0.5


class Sample(Struct, frozen=True):
    """At one moment."""

    at: float  # seconds
    memory: float  # MiB
    threads: int
    files: int
    wal: float  # MiB


class Bound(Struct, frozen=True):
    """So much may be had: a growth beyond `share` of the first third and `more` is without end."""

    unit: str
    more: float
    share: float = 0.0


BOUNDS = {
    "memory": Bound("MiB", 128, share=0.5),
    "threads": Bound("", 24),
    "files": Bound("", 48),
    "wal": Bound("MiB", 64, share=0.25),
}
FREE = {"postgresql": {"wal": 1_200.0}, "sqlite": dict[str, float]()}
"""Below this nothing is called growth: PostgreSQL keeps up to `max_wal_size`, a gibibyte, before it empties its log."""


class Growth(Struct, frozen=True):
    """Of one figure, from the first third of a time to the last: the medians of both."""

    name: str
    first: float
    last: float
    most: float
    """What the last may be."""

    @property
    def endless(self) -> bool:
        return self.last > self.most


def growth(samples: Sequence[Sample], database: str) -> list[Growth]:
    """How each figure went; nothing where there was no time to look."""
    third = len(samples) // 3
    if not third:
        return []
    free = FREE[database]
    return [_growth(name, samples[:third], samples[-third:], free.get(name, 0.0)) for name in BOUNDS]


def _growth(name: str, first: Sequence[Sample], last: Sequence[Sample], free: float) -> Growth:
    before, after = (median(getattr(one, name) for one in part) for part in (first, last))
    bound = BOUNDS[name]
    return Growth(name, before, after, max(free, before * (1 + bound.share) + bound.more))


class Sampler:
    """Looks until it is cancelled."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._wal = _wal_of(stage)
        self.samples: list[Sample] = []

    async def run(self) -> None:
        while True:
            for pid in self._stage.pids:
                with suppress(OSError):  # it ends just now
                    self.samples.append(self._look(pid))
            await asyncio.sleep(LOOK_SECONDS)

    def since(self, moment: float) -> list[Sample]:
        return [one for one in self.samples if one.at >= moment]

    def _look(self, pid: int) -> Sample:
        process = Path(f"/proc/{pid}")
        threads, files = (len(list((process / folder).iterdir())) for folder in ("task", "fd"))
        return Sample(time.monotonic(), memory_mib(pid), threads, files, self._wal())


def _wal_of(stage: Stage) -> Callable[[], float]:
    if stage.postgres is not None:
        folder = stage.postgres.folder / "data" / "pg_wal"
        return lambda: sum(map(_mib, folder.iterdir()))
    return lambda: sum(map(_mib, stage.disk.folder.glob("*-wal")))


def _mib(path: Path) -> float:
    try:
        return path.stat().st_size / 2**20
    except FileNotFoundError:
        return 0.0
