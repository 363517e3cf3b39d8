"""What the watchdog wrote into a panel's log, and what else in it nobody should have to read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

_STALL = re.compile(r"loop\.stood_still ms=(\d+) held_by=(?:'([^']*)'|(\S+))")
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)|\berror\b.* exception=")


class Stall(Struct, frozen=True):
    """One stand-still of the event loop."""

    ms: int
    held_by: str


class Held(Struct, frozen=True):
    """All that one place did."""

    by: str
    """The innermost call of ours; what called it is in `path`."""
    path: str
    times: int
    longest: int  # ms


def stalls(log: str) -> list[Stall]:
    """As they came."""
    return [Stall(int(ms), quoted or bare) for ms, quoted, bare in _STALL.findall(log)]


def by_place(found: Sequence[Stall]) -> list[Held]:
    """Those that held the loop, the longest first; lines of one function count together."""
    places: dict[str, list[Stall]] = {}
    for stall in found:
        places.setdefault(_place(stall.held_by), []).append(stall)
    held = [_held(place, all_of) for place, all_of in places.items()]
    return sorted(held, key=lambda one: -one.longest)


def tracebacks(log: str) -> list[str]:
    """Lines of the log that hold one: a log says in a sentence what is wrong."""
    return [line[:400] for line in log.splitlines() if _TRACEBACK.search(line)]


def _place(held_by: str) -> str:
    innermost = held_by.partition(" < ")[0]
    return re.sub(r"(\.py):\d+ ", r"\1 ", innermost)


def _held(place: str, found: Sequence[Stall]) -> Held:
    longest = max(found, key=lambda one: one.ms)
    return Held(place, longest.held_by, len(found), longest.ms)
