"""The charges that a provider has stated for one order, how often each, and which of them is believed for what.

A panel may state anything once: a cron that has not run, a cache, a slip. See providers/PROTOCOL.md, "Money".
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct

ENOUGH = 2
"""Readings that state a charge before it is believed, whatever it is."""
MOST = 8
"""Different charges that are remembered of one order."""
LEAST_SHARE, HIGHEST_SHARE = Decimal("0.5"), Decimal("1.5")
"""Between these parts of the expected cost a charge is one that can be."""


class Stated(Struct, frozen=True, array_like=True):
    """A charge above zero, in the provider's currency; readings are counted up to `ENOUGH`."""

    charge: Decimal
    opened: int
    """Readings of the open order that stated it."""
    times: int
    """All readings that did."""


Charges = tuple[Stated, ...]


def decode(text: str | None) -> Charges:
    """As kept on an attempt; the newest last."""
    return msgspec.json.decode(text, type=Charges) if text else ()


def encode(charges: Charges) -> str | None:
    return msgspec.json.encode(charges).decode() if charges else None


def hear(charges: Charges, charge: Decimal | None, *, opened: bool, surely: bool = False) -> Charges:
    """With one more reading; `surely` = the ending in which it stands is believed, and so is the charge."""
    if charge is None or charge <= 0:
        return charges
    known = next((one for one in charges if one.charge == charge), Stated(charge, 0, 0))
    times = ENOUGH if surely else min(known.times + 1, ENOUGH)
    heard = Stated(known.charge, min(known.opened + opened, ENOUGH), times)
    return charges if heard == known else _forget((*(one for one in charges if one.charge != charge), heard))


def _forget(charges: Charges) -> Charges:
    """Only so many: of the older ones that which was stated least."""
    if len(charges) <= MOST:
        return charges
    least = min(charges[:-1], key=lambda one: one.times)
    return tuple(one for one in charges if one is not least)


def refund_base(charges: Sequence[Stated], expected: Decimal) -> Decimal | None:
    """The charge of the whole order that an undelivered part may be told from; None = none can be believed.

    It was stated in two readings of the open order. One that cannot be, by what the order should cost, counts only
    where the open order never stated another.
    """
    opened = [one for one in charges if one.opened]
    believed = [
        one.charge
        for one in opened
        if one.opened >= ENOUGH
        and (expected * LEAST_SHARE <= one.charge <= expected * HIGHEST_SHARE or len(opened) == 1)
    ]
    return max(believed, default=None)


def highest(charges: Sequence[Stated], expected: Decimal) -> Decimal | None:
    """The highest charge that is plausible: one that can be, or that was stated twice, or by a believed ending."""
    return max(
        (one.charge for one in charges if one.times >= ENOUGH or one.charge <= expected * HIGHEST_SHARE), default=None
    )
