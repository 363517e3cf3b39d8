"""How many units an `add` asks for, by the type of its service, and whether the service sells so many."""

from __future__ import annotations

from providers.sandbox import refusals
from providers.sandbox.amounts import read_count
from providers.sandbox.catalogue import Service
from providers.sandbox.request import Params

LINES = {"custom comment": "comments", "comment replie": "comments", "mention custom list": "usernames"}
"""Types that are billed by the line, and the parameter that holds the lines."""

NO_LIMIT = 2**31 - 1


def read_units(service: Service, params: Params) -> int:
    """The units to bill (PROTOCOL.md, "Order types"); raises `Refusal` when they are missing or out of range."""
    if service.is_package:
        return 1
    if service.kind == "subscription":
        return _within(service, read_count(params.text("max")) or 0) * _posts(params)
    if service.kind in LINES:
        return _within(service, _lines(params, LINES[service.kind]))
    each = _within(service, read_count(params.text("quantity")) or 0)
    return _within(service, each * _runs(params))


def _within(service: Service, units: int) -> int:
    maximum = NO_LIMIT if service.maximum is None else service.maximum
    minimum = max(service.minimum, 1)
    if units < minimum:
        raise refusals.too_few(minimum, maximum)
    if units > maximum:
        raise refusals.too_many(minimum, maximum)
    return units


def _lines(params: Params, name: str) -> int:
    count = len(params.lines(name))
    if not count:
        raise refusals.missing(name)
    return count


def _runs(params: Params) -> int:
    runs = read_count(params.text("runs")) or 1
    if runs > 1 and not read_count(params.text("interval")):
        raise refusals.missing("interval")
    return runs


def read_runs(service: Service, params: Params) -> int:
    """How many runs, or posts, an `add` asks for."""
    return _posts(params) if service.kind == "subscription" else _runs(params)


def _posts(params: Params) -> int:
    return (read_count(params.text("posts")) or 0) + (read_count(params.text("old_posts")) or 0) or 1
