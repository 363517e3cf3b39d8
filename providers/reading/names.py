"""The names of the fields of other panels' replies: every one that is understood, on one page."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

WRAPPERS = ("data", "result", "response")
ORDER = ("order", "order_id", "id")
REFILL = ("refill", "refill_id", "id")
SERVICE = ("service", "service_id", "id")
STATUS = ("order_status", "status", "status_text", "status_name", "order_state", "state")
REFILL_STATUS = ("refill_status", "status")
REMAINS = ("remains", "remain", "remaining", "remaining_amount", "count_remain")
CHARGE = ("charge", "price", "order_price", "cost")
START = ("start_count", "start_counter", "count_start", "start_number")
CURRENCY = ("currency", "currency_code")
DESCRIPTION = ("description", "desc", "details", "note", "package_description")
_ABLE = (
    "{0}",
    "{0}_available",
    "{0}_is_available",
    "{0}_allowed",
    "{0}_enabled",
    "is_{0}",
    "has_{0}",
    "can_{0}",
    "allow_{0}",
)


def _flag(*words: str) -> tuple[str, ...]:
    """Every way in which panels ask whether a service has something, the plainest first."""
    return tuple(dict.fromkeys(name.format(word) for name in _ABLE for word in words))


REFILL_FLAG = _flag("refill", "refilling", "refillable")
CANCEL_FLAG = _flag("cancel", "canceling", "cancelling", "cancelable", "cancellable", "cancellation", "cancelation")
DRIPFEED_FLAG = _flag("dripfeed", "drip_feed", "drip")
FLAGS = {"refill": REFILL_FLAG, "cancel": CANCEL_FLAG, "dripfeed": DRIPFEED_FLAG}
LOUD_ERRORS = ("error", "errors", "err")
"""What stands here is an error, whatever else the reply says."""
FIRST_TEXTS = ("message", "msg", "error_message", "error_msg")
LAST_TEXTS = ("reason", "detail", "error_description", "name", "code")
"""Looked at where nothing was said before, in the wrappers neither."""

_OTHERS = (
    "services",
    "packages",
    "orders",
    "refills",
    "cancel",
    "balance",
    "type",
    "category",
    "rate",
    "min",
    "max",
    "dripfeed",
    "average_time",
    "runs",
    "posts",
    "expiry",
    "success",
    "ok",
    "text",
    "quantity",
    "link",
    "url",
)
_ALL = (
    WRAPPERS,
    ORDER,
    REFILL,
    SERVICE,
    STATUS,
    REFILL_STATUS,
    REMAINS,
    CHARGE,
    START,
    CURRENCY,
    DESCRIPTION,
    LOUD_ERRORS,
    FIRST_TEXTS,
    LAST_TEXTS,
    _OTHERS,
    *FLAGS.values(),
)


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()


_STANDARD = {_bare(name): name for names in reversed(_ALL) for name in reversed(names)}
"""Of two names that differ in nothing else, the first on this page."""


@lru_cache(maxsize=2048)
def standard_name(name: str) -> str:
    """The name as this page spells it, for "orderID", "Order-Id" and "ORDER_ID"; any other name as it is."""
    return _STANDARD.get(_bare(name), name) if len(name) <= _LONGEST else name


def standard_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object under the names of this page; where the right name stands beside a variant, the variant stays."""
    return dict(_renamed(dict(pairs)))


def _renamed(given: dict[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in given.items():
        standard = standard_name(name)
        yield (name if standard in given else standard), value


_LONGEST = max(map(len, _STANDARD)) + 4
