"""What each type of order takes, and how many units it bills: an `add` read by its service's type."""

from __future__ import annotations

import re
from datetime import date
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct

from aggregator.errors import BadLink, IncorrectRequest, MissingField
from aggregator.orders.intake.lines import BLANKS, split_lines, split_names
from aggregator.orders.intake.links import SLIPS, is_slip
from aggregator.orders.intake.numbers import read_integer
from providers.vocabulary import Fields, ServiceType

Value: TypeAlias = str | list[str]
"""A field as it was sent: a text, numbers as their literals; or a list of such texts."""

IDS = frozenset({"order", "orders", "refill", "refills"})
"""Fields by which a request names orders and refills."""
LINES = frozenset({"comments", "usernames", "hashtags", "keywords", "groups"})
"""Fields of one entry a line."""
DRIP_FEED = frozenset({"runs", "interval"})
LONGEST_LINK = 2000
"""Characters, as of every other text of one line."""
LONGEST_INTERVAL = 525_600
"""Minutes: a year."""
DELAYS = frozenset(
    {0, 5, 10, 15, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 360, 420, 480, 540, 600}
)  # minutes, the ones that panels offer

_REQUIRED: MappingProxyType[ServiceType, tuple[str, ...]] = MappingProxyType(
    {
        ServiceType.SEO: ("keywords",),
        ServiceType.CUSTOM_COMMENTS: ("comments",),
        ServiceType.CUSTOM_COMMENTS_PACKAGE: ("comments",),
        ServiceType.MENTIONS: ("usernames",),
        ServiceType.MENTIONS_WITH_HASHTAGS: ("usernames", "hashtags"),
        ServiceType.MENTIONS_CUSTOM_LIST: ("usernames",),
        ServiceType.MENTIONS_HASHTAG: ("hashtag",),
        ServiceType.MENTIONS_USER_FOLLOWERS: ("username",),
        ServiceType.MENTIONS_MEDIA_LIKERS: ("media",),
        ServiceType.COMMENT_LIKES: ("username",),
        ServiceType.COMMENT_REPLIES: ("username", "comments"),
        ServiceType.POLL: ("answer_number",),
        ServiceType.INVITES_FROM_GROUPS: ("groups",),
        ServiceType.WEB_TRAFFIC: ("country", "device", "type_of_traffic"),
    }
)
_BILLED_BY = MappingProxyType(
    {
        ServiceType.CUSTOM_COMMENTS: "comments",
        ServiceType.COMMENT_REPLIES: "comments",
        ServiceType.MENTIONS_CUSTOM_LIST: "usernames",
    }
)
BILLED_BY_LINE = frozenset(_BILLED_BY)
"""Types of which every line is a unit."""
_BY_TRAFFIC = MappingProxyType({"1": ("google_keyword",), "2": ("referring_url",)})
_NAMES = frozenset({"usernames", "hashtags", "keywords"})
_ANY_FIELDS = frozenset({ServiceType.SPECIAL, ServiceType.UNSUPPORTED})
_OURS = DRIP_FEED | IDS | {"key", "action", "service", "link", "quantity", "request_id", "custom_id"}
_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/(2[0-9]{3})")
_DECEMBER = 12
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DRIPPED = frozenset({ServiceType.DEFAULT, ServiceType.WEB_TRAFFIC})


class Ask(Struct, frozen=True, kw_only=True):
    """An order as its reseller asks for it, before the type of its service is known."""

    service: int
    link: str = ""
    """Trimmed, otherwise as sent; "" if there is none, which subscriptions may do."""
    quantity: str | None = None
    """As sent: types billed by lines or by packages ignore it."""
    request_id: str | None = None
    """Byte for byte; an order of this reseller that bears it answers, whatever it asks for."""
    custom_id: str | None = None
    """The same, where that order asks for the same."""
    extras: Fields = {}
    """Every other field by its standard name, as sent."""


class OrderTerms(Struct, frozen=True, kw_only=True):
    """An order as it is to be checked against its service's limits, priced and placed."""

    link: str
    quantity: int
    """What the limits apply to: units of one run, lines, 1 for packages, `max` of one post for subscriptions."""
    runs: int = 1
    interval: int = 0
    """Minutes between the runs of a drip-feed order."""
    fields: Fields = {}
    """What the type takes besides, by standard names, as providers understand it."""


class TypeFields(Struct, frozen=True):
    """The names of the fields that a request of some kind takes."""

    needed: tuple[str, ...]
    optional: tuple[str, ...]


def taken_by(kind: ServiceType) -> TypeFields:
    """What an order of this type takes besides its service."""
    if kind is ServiceType.SUBSCRIPTIONS:
        return TypeFields(("username", "min", "max", "delay"), ("posts", "old_posts", "expiry", "link"))
    counted = () if kind.is_package or kind in _BILLED_BY else ("quantity",)
    drip_feed = ("runs", "interval") if kind in _DRIPPED else ()
    by_traffic = tuple(name for names in _BY_TRAFFIC.values() for name in names)
    return TypeFields(
        ("link", *counted, *_REQUIRED.get(kind, ())),
        (*(by_traffic if kind is ServiceType.WEB_TRAFFIC else ()), *drip_feed),
    )


def read_terms(kind: ServiceType, ask: Ask) -> OrderTerms:
    """The order in `ask`. Raises MissingField, BadLink or IncorrectRequest (PROTOCOL.md, "Order types")."""
    if kind is ServiceType.SUBSCRIPTIONS:
        return _read_subscription(ask)
    if not ask.link:
        raise BadLink("link is required")
    if is_slip(ask.link):
        raise BadLink(f"{ask.link!r} is no link")
    runs, interval = _read_drip_feed(kind, ask)
    fields = _read_fields(kind, ask)
    quantity = _read_quantity(kind, ask, fields)
    return OrderTerms(link=ask.link, quantity=quantity, runs=runs, interval=interval, fields=fields)


def _read_quantity(kind: ServiceType, ask: Ask, fields: Fields) -> int:
    if kind.is_package:
        return 1
    if kind in _BILLED_BY:
        return len(fields[_BILLED_BY[kind]])
    if ask.quantity is None:
        raise MissingField("quantity")
    return _integer("quantity", ask.quantity)


def _read_fields(kind: ServiceType, ask: Ask) -> Fields:
    if kind in _ANY_FIELDS:
        return {name: _read_field(name, value) for name, value in ask.extras.items() if _may_pass(name)}
    fields = {name: _required(ask, name) for name in _REQUIRED.get(kind, ())}
    if kind is ServiceType.WEB_TRAFFIC:
        fields |= {name: _required(ask, name) for name in _BY_TRAFFIC.get(str(fields["type_of_traffic"]), ())}
    return fields


def _may_pass(name: str) -> bool:
    """PHP panels read " runs" and "runs[]" as `runs`, others "Runs": none may reach a provider beside what we bill."""
    return _PLAIN_NAME.fullmatch(name) is not None and name.lower() not in _OURS


def _required(ask: Ask, name: str) -> Value:
    value = _read_field(name, ask.extras.get(name, ""))
    if not value:
        raise MissingField(name)
    return value


def _read_field(name: str, value: Value) -> Value:
    if name in LINES:
        return split_names(value) if name in _NAMES else split_lines(value)
    if isinstance(value, list):
        raise IncorrectRequest(name, "must be one value, not a list")
    text = value.strip(BLANKS)
    if len(text) > LONGEST_LINK:
        raise IncorrectRequest(name, f"must be at most {LONGEST_LINK} characters")
    return text


def _read_drip_feed(kind: ServiceType, ask: Ask) -> tuple[int, int]:
    """Runs and interval; no runs, 0 or 1 is a plain order, whatever interval came along."""
    runs = _count(ask, "runs") or 1
    if runs == 1:
        return 1, 0
    if kind not in _DRIPPED:
        raise IncorrectRequest("runs", "is not possible for this type of service")
    if "interval" not in ask.extras:
        raise MissingField("interval")
    interval = _integer("interval", ask.extras["interval"])
    if not 1 <= interval <= LONGEST_INTERVAL:
        raise IncorrectRequest("interval", f"must be between 1 and {LONGEST_INTERVAL} minutes")
    return runs, interval


def _read_subscription(ask: Ask) -> OrderTerms:
    """Old clients put the account's name into `link`."""
    username = _read_field("username", ask.extras.get("username", ask.link))
    if not username:
        raise MissingField("username")
    if str(username).casefold() in SLIPS:
        raise IncorrectRequest("username", "is no user name")
    least, most = (_integer(name, _required(ask, name)) for name in ("min", "max"))
    if least > most:
        raise IncorrectRequest("min", "must not be above max")
    if _integer("delay", _required(ask, "delay")) not in DELAYS:
        raise IncorrectRequest("delay", f"must be one of {', '.join(map(str, sorted(DELAYS)))}")
    return OrderTerms(link=ask.link, quantity=most, fields={"username": username, **_read_schedule(ask)})


def _read_schedule(ask: Ask) -> Fields:
    counts = {name: _count(ask, name) for name in ("min", "max", "posts", "old_posts", "delay")}
    schedule: Fields = {name: str(count) for name, count in counts.items() if count is not None}
    if "expiry" in ask.extras:
        schedule["expiry"] = f"{read_expiry(_required(ask, 'expiry')):%d/%m/%Y}"
    return schedule


def read_expiry(value: Value) -> date:
    """A date as d/m/Y; month first only where the day leaves no doubt."""
    parts = _DATE.fullmatch(value.strip(BLANKS)) if isinstance(value, str) else None
    try:
        day, month, year = (int(part) for part in parts.groups()) if parts else (0, 0, 0)
        return date(year, day, month) if month > _DECEMBER else date(year, month, day)
    except ValueError as error:
        raise IncorrectRequest("expiry", "must be a date such as 31/12/2030") from error


def _count(ask: Ask, name: str) -> int | None:
    if name not in ask.extras:
        return None
    count = _integer(name, ask.extras[name])
    if count < 0:
        raise IncorrectRequest(name, "must not be negative")
    return count


def _integer(name: str, value: Value) -> int:
    number = read_integer(value) if isinstance(value, str) else None
    if number is None:
        raise IncorrectRequest(name, "must be a whole number")
    return number
