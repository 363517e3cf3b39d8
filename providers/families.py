"""Tells a panel's family by what it answers; only reading, never an order (PROTOCOL.md, "Families")."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from providers.reading.json_text import Json, Number
from providers.reading.shapes import Object, is_text

LOOKED_AT = 50
"""Rows of a catalogue that say enough."""
_NUMBERED_ERRORS = range(102, 116)
_LISTED = ("order", "service", "quantity", "link", "request_id", "status")
"""What a panel of ours tells of each order in its list."""
_SOLD = frozenset(("service", "name", "type", "category", "rate", "min", "max", "refill", "cancel", "dripfeed"))
_SOLD_BESIDES = frozenset(("currency", "description"))
"""What it tells of each service: that and nothing else."""


class Facts(Struct, frozen=True, kw_only=True):
    """What a panel answered, as it came; None for what was not asked or not read."""

    url: str
    rows: Sequence[Object] = ()
    """Of its catalogue."""
    balance: Json = None
    unknown: Json = None
    """To the status of orders that do not exist."""
    orders: Json = None
    """To the list of our orders."""
    nonsense: Json = None
    """To an action that nobody has."""


def recognise(facts: Facts) -> str | None:
    """The preset of the family that answers so; None where nothing tells."""
    return next((family for family, answers in _FAMILIES if answers(facts)), None)


def _every(facts: Facts, is_so: Callable[[Object], bool]) -> bool:
    rows = facts.rows[:LOOKED_AT]
    return bool(rows) and all(is_so(row) for row in rows)


def _has(value: Json, *names: str) -> bool:
    return isinstance(value, dict) and all(name in value for name in names)


def _is_aggregator(facts: Facts) -> bool:
    """It lists our orders, each with the id that we gave it; a list without any must not be its answer to anything."""
    if not isinstance(facts.orders, list) or isinstance(facts.nonsense, list):
        return False
    told = all(_has(row, *_LISTED) for row in facts.orders)
    return told and (bool(facts.orders) or _every(facts, lambda row: _SOLD <= row.keys() <= _SOLD | _SOLD_BESIDES))


def _is_cmsnt_laravel(facts: Facts) -> bool:
    return _has(facts.balance, "balancef")


def _is_cmsnt2(facts: Facts) -> bool:
    return _has(facts.unknown, "msg", "error") or _has(facts.balance, "msg", "error")


def _is_glycon(facts: Facts) -> bool:
    if not isinstance(facts.unknown, dict) or "error" not in facts.unknown:
        return False
    status = facts.unknown.get("status")
    return isinstance(status, str) and status.isascii() and status.isdigit() and int(status[:4]) in _NUMBERED_ERRORS


def _is_smartpanel(facts: Facts) -> bool:
    said = isinstance(facts.balance, dict) and facts.balance.get("status") == "success"
    return said or _every(facts, lambda row: "desc" in row and row.get("dripfeed") in ("0", "1"))


def _is_mystic(facts: Facts) -> bool:
    return _every(facts, lambda row: "currency" in row and isinstance(row.get("rate"), Number))


def _is_rental(facts: Facts) -> bool:
    return _every(facts, lambda row: "subscription" in row and isinstance(row.get("rate"), Number))


def _is_smmraja(facts: Facts) -> bool:
    return _is_rental(facts) and "/v3" in facts.url


def _is_classic(facts: Facts) -> bool:
    return _every(facts, lambda row: is_text(row.get("rate")) and is_text(row.get("min")))


def _is_perfectpanel(facts: Facts) -> bool:
    return _is_classic(facts) and _every(facts, lambda row: isinstance(row.get("refill", row.get("cancel")), bool))


def _is_perfectpanel_old(facts: Facts) -> bool:
    return _is_classic(facts) and _every(facts, lambda row: "refill" not in row and "cancel" not in row)


_FAMILIES: tuple[tuple[str, Callable[[Facts], bool]], ...] = (
    ("aggregator", _is_aggregator),
    ("cmsnt_laravel", _is_cmsnt_laravel),
    ("cmsnt2", _is_cmsnt2),
    ("glycon", _is_glycon),
    ("smartpanel", _is_smartpanel),
    ("mystic", _is_mystic),
    ("smmraja", _is_smmraja),
    ("rental", _is_rental),
    ("perfectpanel", _is_perfectpanel),
    ("perfectpanel_old", _is_perfectpanel_old),
)
"""From the most telling mark to the least."""
