"""Moving windows of calls in this process: a call costs the same, however many callers are live."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from msgspec import Struct

_AT_A_TIME = 2
"""Callers that have gone and are forgotten at a call: more than can come at one."""


class Window(Struct, frozen=True):
    """So many calls in any `seconds`."""

    amount: int
    seconds: float

    def get_expiry(self) -> float:
        """Seconds after which nothing of a call is left."""
        return self.seconds


class Windows:
    """Counts calls by name, on a clock that never runs back; forgets whoever has not called for a window's time."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds."""
        self._clock = clock
        self._calls: dict[Window, OrderedDict[str, deque[float]]] = {}
        """The moments of the last calls of each name, whoever has been away the longest first."""

    def __len__(self) -> int:
        """How many names are remembered."""
        return sum(map(len, self._calls.values()))

    def hit(self, item: Window, name: str) -> float:
        """0 when the call may go, and counts; else the seconds until the next may."""
        now, names = self._clock(), self._calls.setdefault(item, OrderedDict())
        calls = names.get(name)
        if calls is None:
            calls = names[name] = deque(maxlen=item.amount)
        if len(calls) == item.amount and (wait := calls[0] + item.seconds - now) > 0:
            return wait
        calls.append(now)
        names.move_to_end(name)
        self._forget(names, now - item.seconds)
        return 0.0

    def _forget(self, names: OrderedDict[str, deque[float]], before: float) -> None:
        for _ in range(_AT_A_TIME):
            name, calls = next(iter(names.items()))
            if calls[-1] > before:
                return
            del names[name]
