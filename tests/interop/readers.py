"""What panels that resell us do with our classic replies: how far they follow an order, what they pay their customer.

Each is written from what is known of that family's code, its habits and its faults alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

CENT = Decimal("1e-8")


class Sale(Struct, frozen=True):
    """What such a panel sold: for how much, how many units, in how many runs of a drip-feed or posts."""

    charge: Decimal
    quantity: int
    """Units of all runs or posts."""
    runs: int = 1
    posts: int = 0
    """Of a subscription; 0 = it is none."""


class Follow(StrEnum):
    OPEN = "open"
    """It will ask again."""
    ENDED = "ended"
    FAILED = "failed"
    """Given up: it tells its customer that the order failed, and never asks again."""


class Verdict(Struct, frozen=True):
    """What it makes of a status."""

    follow: Follow
    back: Decimal = Decimal(0)
    """What it pays back to its own customer."""


Reader = Callable[[Any, Sale], Verdict]
GO_ON = Verdict(Follow.OPEN)
FAILED = Verdict(Follow.FAILED)


def ended(back: Decimal | int = 0) -> Verdict:
    return Verdict(Follow.ENDED, Decimal(back))


def share(sale: Sale, undelivered: int) -> Decimal:
    return sale.charge * undelivered / sale.quantity


def sp4(reply: Any, sale: Sale) -> Verdict:
    """SmartPanel 4: compares words by case, reads both counts unguarded, never clamps, counts whole runs and posts."""
    if isset(reply, "error"):
        return FAILED
    status, remains, _ = reply["status"], php_int(reply["remains"]), reply["start_count"]
    if sale.posts:
        return _sp4_subscription(reply, sale)
    if sale.runs > 1:
        done = reply.get("runs", sale.runs if status == "Completed" else 0)
        remains = sale.quantity - php_int(done) * (sale.quantity // sale.runs)
    match status:
        case "Completed":
            return ended()
        case "Partial":
            return ended(sale.charge - sale.charge * (1 - Decimal(remains) / sale.quantity))
        case "Canceled" | "Refunded":
            return ended(sale.charge)
        case _:
            return GO_ON


def _sp4_subscription(reply: Any, sale: Sale) -> Verdict:
    match reply["status"]:
        case "Completed":
            return ended()
        case "Expired" | "Paused":
            return ended(sale.charge * (1 - Decimal(php_int(reply["posts"])) / sale.posts))
        case "Canceled":
            return ended(sale.charge)
        case _:
            return GO_ON


def sp4_fork(reply: Any, sale: Sale) -> Verdict:
    """A fork that never pays back more than it took."""
    verdict = sp4(reply, sale)
    return Verdict(verdict.follow, min(max(verdict.back, Decimal(0)), sale.charge))


def glycon(reply: Any, sale: Sale) -> Verdict:
    """OSP and Glycon: ignores an error; "cancelled", "refunded" and "error" are no words, the order hangs for ever."""
    match "".join(str(reply.get("status", "")).lower().split()):
        case "completed" | "complete":
            return ended()
        case "partial":
            return ended(share(sale, min(php_int(reply["remains"]), sale.quantity)))
        case "canceled" | "cancel":
            return ended(sale.charge)
        case _:
            return GO_ON


def cmsnt1(reply: Any, sale: Sale) -> Verdict:
    """The Laravel one: pays by remains also for cancelled orders, and nothing where none are said to remain."""
    if isset(reply, "error") or "status" not in reply:
        return FAILED
    remains = php_int(reply.get("remains", 1))
    match reply["status"].lower():
        case "completed":
            return ended()
        case "partial" | "canceled" | "canelled":
            return ended(share(sale, remains))
        case _:
            return GO_ON


def tz(reply: Any, sale: Sale) -> Verdict:
    """Knows both spellings, and takes every word of failure for a cancelled order."""
    match "".join(str(reply.get("status", "")).lower().split()):
        case "completed":
            return ended()
        case "partial":
            remains = min(max(php_int(reply["remains"]), 0), sale.quantity)
            return ended(share(sale, remains).quantize(CENT, ROUND_DOWN))
        case "canceled" | "cancelled":
            return ended(sale.charge)
        case "error" | "fail" | "failed":
            return FAILED
        case _:
            return GO_ON


def splan(reply: Any, sale: Sale) -> Verdict:
    """Takes a text in place of an order for its failure; an object without a status throws (KeyError here)."""
    if isinstance(reply, str):
        return FAILED
    match reply["status"].upper():
        case "COMPLETED":
            return ended()
        case "PARTIAL":
            return ended(share(sale, int(reply["remains"])))
        case "CANCELED":
            return ended(sale.charge)
        case _:
            return GO_ON


def doc(reply: Any, sale: Sale) -> Verdict:
    """The Next.js panel: makes BigInts of the counts, and pays nothing back for a part, but takes over our charge."""
    bigint(reply["start_count"])
    bigint(reply["remains"])
    charge = Decimal(reply["charge"])
    match reply["status"].lower():
        case "completed" | "partial":
            return ended(sale.charge - charge)
        case "canceled":
            return ended(sale.charge)
        case _:
            return GO_ON


class Typed(Struct, frozen=True):
    """A status as clients in Kotlin, Go, TypeScript and Pydantic declare it."""

    charge: Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]*)(\.[0-9]{1,8})?$")]
    start_count: Annotated[str, Meta(pattern="^[0-9]+$")]
    status: Literal[
        "Pending",
        "Processing",
        "In progress",
        "Completed",
        "Partial",
        "Canceled",
        "Active",
        "Expired",
    ]
    remains: Annotated[str, Meta(pattern="^[0-9]+$")]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


def typed(reply: Any, sale: Sale) -> Verdict:
    """Fails on any field of another type than it has declared; it believes the charge."""
    assert "error" not in reply, "not even as null"
    told = msgspec.convert(reply, Typed, strict=True)
    if told.status in ("Completed", "Partial", "Canceled", "Expired"):
        return ended(sale.charge - Decimal(told.charge))
    return GO_ON


EVERYBODY: dict[str, Reader] = {
    "SP4": sp4,
    "SP4 fork": sp4_fork,
    "GLY": glycon,
    "CMSNT1": cmsnt1,
    "TZ": tz,
    "SPLAN": splan,
    "DOC": doc,
    "typed client": typed,
}
BUYERS_OF_SUBSCRIPTIONS = ("SP4", "SP4 fork", "typed client")
"""The others know no word for them."""
RUNS_THEIR_OWN_DRIP_FEED = ("GLY",)
"""It buys one plain order for each run."""


def read_new_order(reader: str, reply: Any) -> int | None:
    """The id that a panel keeps of a new order; None where it takes the order for refused."""
    match reader:
        case "SP4" | "SP4 fork":
            return None if isset(reply, "error") else php_int(reply["order"])
        case "CMSNT1":
            return php_int(reply.get("order") or reply.get("order_id") or -3)
        case "typed client":
            return msgspec.convert(reply, dict[Literal["order"], Annotated[int, Meta(gt=0, lt=2**31)]])["order"]
        case _:
            return reply.get("order") or None


def isset(reply: Any, name: str) -> bool:
    """As PHP means it: there, and not null."""
    return reply.get(name) is not None


def php_int(value: Any) -> int:
    """PHP's cast: the digits at the beginning, else 0."""
    found = re.match(r"\s*[+-]?\d+", str(value))
    return int(found[0]) if found else 0


def bigint(value: Any) -> int:
    """JavaScript's BigInt of a text: it throws at anything but digits."""
    assert re.fullmatch("[0-9]+", value), f"{value!r} crashes the sync"
    return int(value)
