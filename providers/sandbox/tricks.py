"""What a dishonest panel does with an order: said for all orders, or in one order's link."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from providers.sandbox.life import Life, path_of
from providers.vocabulary import Phase


class Tricks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Those of one order, or of all that are taken from now on; without any a panel is honest."""

    times: Decimal = Decimal(1)
    """It charges so many times what its list says."""
    states: bool = True
    """Whether the status says what is charged; else it says what the list would make of it."""
    keeps: bool = False
    """Of a cancelled order the status says that it cost nothing, and the money stays."""
    revives: bool = False
    """A cancelled order is delivered one lifetime later, and charged."""
    runs: int | None = None
    """A drip-feed is called off after so many runs."""
    more_posts: int = 0
    """A subscription serves so many posts more than were bought."""
    negative_start: bool = False
    """The count at the start is below zero."""
    busy_cancel: bool = False
    """The first cancel of an order is answered with 429, and does nothing."""
    lost_cancel: bool = False
    """The first cancel of an order is carried out, and its answer never comes."""
    echoes: bool = False
    """Refusals and pages repeat what was sent."""
    foreign_rows: int = 0
    """`orders` lists so many orders of somebody else, which are a month old, beside ours; each row has a date."""

    def __post_init__(self) -> None:
        if not self.times.is_finite() or self.times <= 0:
            raise ValueError(f"times must be above 0: {self.times}")


HONEST = Tricks()
_WORDS: tuple[tuple[str, Callable[..., dict[str, Any]]], ...] = (
    (r"/overcharge/(\d{1,9}(?:\.\d{1,8})?)/", lambda times: {"times": Decimal(times), "states": True}),
    (r"/skim/(\d{1,9}(?:\.\d{1,8})?)/", lambda times: {"times": Decimal(times), "states": False}),
    (r"/keep/", lambda: {"keeps": True}),
    (r"/revive/", lambda: {"revives": True}),
    (r"/dripcancel/(\d{1,9})/", lambda runs: {"runs": int(runs)}),
    (r"/overserve/(\d{1,9})/", lambda posts: {"more_posts": int(posts)}),
    (r"/negative/", lambda: {"negative_start": True}),
    (r"/busycancel/", lambda: {"busy_cancel": True}),
    (r"/lostcancel/", lambda: {"lost_cancel": True}),
    (r"/echo/", lambda: {"echoes": True}),
)


def read_tricks(link: str, usual: Tricks) -> Tricks:
    """The usual ones, and those that a link asks for; a word that makes no sense (`/overcharge/0`) asks for none."""
    path, asked = path_of(link), dict[str, Any]()
    for pattern, trick in _WORDS:
        told = re.search(pattern, path, re.IGNORECASE)
        if told:
            asked |= trick(*told.groups())
    try:
        return replace(usual, **asked)
    except ValueError:
        return usual


def twist(life: Life, tricks: Tricks, *, units: int, runs: int) -> Life:
    """What becomes of an order's fate under these tricks."""
    if tricks.runs is not None and runs > 1:
        left = units - units // runs * min(tricks.runs, runs)
        life = Life(endings=((Phase.CANCELLED, left),), delivers=tricks.runs > 0)
    return revived(life) if tricks.revives else life


def revived(life: Life) -> Life:
    """A life that ends cancelled goes on after that."""
    if not life.endings or life.endings[-1][0] is not Phase.CANCELLED:
        return life
    return Life(endings=(*life.endings, (Phase.COMPLETED, 0)), delivers=life.delivers)
