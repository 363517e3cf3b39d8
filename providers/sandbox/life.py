"""What a link tells the sandbox to do with an order, and how the order stands at any age."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from urllib.parse import unquote, unquote_plus

from msgspec import Struct

from providers.vocabulary import Phase

FIRST_MOVE = 0.25
"""The part of a lifetime that passes before delivery begins."""


class Conduct(StrEnum):
    """How an `add` is met, whatever becomes of the order."""

    ANSWER = "answer"
    REFUSE = "refuse"
    LOST = "lost"
    LOSTNO = "lostno"
    DROP = "drop"
    ERROR500 = "error500"


class Reading(Struct, frozen=True):
    """How an order stands: a phase, or a word that belongs to none."""

    phase: Phase
    remains: int
    word: str = ""
    runs: int | None = None
    """Of a drip-feed, where the panel counts them."""
    posts: int | None = None
    """Of a subscription, likewise."""


class Life(Struct, frozen=True, kw_only=True):
    """An order's fate: what it says at the end of each lifetime, and what before the first."""

    endings: tuple[tuple[Phase, int | None], ...] = ((Phase.COMPLETED, 0),)
    """Phase and units that remain at the end of the first, second, ... lifetime; None = all of them."""
    delivers: bool = True
    word: str = ""
    """Said for ever, in place of a phase."""

    def read(self, quantity: int, age: float) -> Reading:
        """How an order of so many units stands at this age, in lifetimes."""
        if self.word:
            return Reading(Phase.UNKNOWN, quantity, self.word)
        if not self.endings:
            return self._linger(quantity, age)
        if age >= 1:
            return self._end(quantity, min(int(age), len(self.endings)))
        return self._progress(quantity, age)

    def is_over(self, age: float) -> bool:
        """Whether nothing changes any more by itself."""
        return bool(self.endings) and age >= len(self.endings)

    def _end(self, quantity: int, lifetimes: int) -> Reading:
        phase, remains = self.endings[lifetimes - 1]
        return Reading(phase, quantity if remains is None else min(remains, quantity))

    def _progress(self, quantity: int, age: float) -> Reading:
        if age < FIRST_MOVE or not self.delivers:
            return Reading(Phase.PENDING, quantity)
        coming = quantity - self._end(quantity, 1).remains
        done = int(coming * (age - FIRST_MOVE) / (1 - FIRST_MOVE))
        return Reading(Phase.IN_PROGRESS, quantity - min(done, max(coming - 1, 0)))

    def _linger(self, quantity: int, age: float) -> Reading:
        if not self.delivers:
            return Reading(Phase.PENDING, quantity)
        return Reading(Phase.IN_PROGRESS, max(quantity - int(age), min(quantity, 1)))


class Instruction(Struct, frozen=True, kw_only=True):
    """What the words of one link amount to."""

    conduct: Conduct = Conduct.ANSWER
    refusal: str = ""
    life: Life = Life()


FATES: tuple[tuple[str, Callable[..., Life]], ...] = (
    (r"/unknownword/([^/]+)/", lambda word: Life(word=unquote_plus(word))),
    (r"/partial/(\d{1,18})/", lambda units: Life(endings=((Phase.PARTIAL, int(units)),))),
    (r"/cancel/(\d{1,18})/", lambda units: Life(endings=((Phase.CANCELLED, int(units)),))),
    (r"/cancel/", lambda: Life(endings=((Phase.CANCELLED, None),), delivers=False)),
    (r"/late/(\d{1,18})/", lambda units: Life(endings=((Phase.COMPLETED, 0), (Phase.PARTIAL, int(units))))),
    (r"/grow/(\d{1,18})/(\d{1,18})/", lambda a, b: Life(endings=((Phase.PARTIAL, int(a)), (Phase.PARTIAL, int(b))))),
    (r"/slow/", lambda: Life(endings=())),
    (r"/pending/", lambda: Life(endings=(), delivers=False)),
)


def read_link(link: str) -> Instruction:
    """What a link tells us to do; a link without any of the words lets the order complete."""
    path = path_of(link)
    refusal = re.search(r"/refuse/([^/]+)/", path, re.IGNORECASE)
    if refusal:
        return Instruction(conduct=Conduct.REFUSE, refusal=read_text(refusal.group(1)))
    return Instruction(conduct=_conduct_in(path), life=_life_in(path))


def read_text(segment: str) -> str:
    """The text that a path segment stands for: blanks may be written `%20`, `+` or `-`."""
    return unquote(segment.replace("+", " ").replace("-", " ")).strip()


def path_of(link: str) -> str:
    """The path of a link, with a slash at both ends."""
    address = re.split(r"[?#]", link, maxsplit=1)[0].strip()
    host, separator, rest = address.partition("://")
    path = rest.partition("/")[2] if separator else host
    return f"/{path}/"


def _conduct_in(path: str) -> Conduct:
    word = re.search(r"/(lostno|lost|drop|error500)/", path, re.IGNORECASE)
    return Conduct(word.group(1).lower()) if word else Conduct.ANSWER


def _life_in(path: str) -> Life:
    for pattern, fate in FATES:
        told = re.search(pattern, path, re.IGNORECASE)
        if told:
            return fate(*told.groups())
    return Life()
