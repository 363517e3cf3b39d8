"""Reads a panel's catalogue: every row becomes a listing, with the reason when it cannot be sold."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from decimal import Decimal
from typing import TypeAlias

from providers.dialect import Dialect
from providers.reading.cleaning import clean_line, clean_text, is_separator
from providers.reading.json_text import Json
from providers.reading.names import CURRENCY, DESCRIPTION, FLAGS, SERVICE, WRAPPERS
from providers.reading.numbers import read_count, read_currency, read_decimal, read_flag, read_identifier
from providers.reading.shapes import Object, is_nothing, pick
from providers.vocabulary import Listing, ServiceType

Row: TypeAlias = tuple[str | None, Object]
"""A row of a catalogue and the key it stood under."""
Rows: TypeAlias = list[Row]
MOST_ROWS = 200_000
"""Of one catalogue."""
LISTS = ("services", *WRAPPERS, "packages")
UNSUPPORTED = "unsupported type"
"""The last of the flaws: with a type from elsewhere the row can be sold."""
_NO_LIMIT = 2**31 - 1
_BOUNDLESS = ("unlimited", "no limit", "infinite", "infinity", "∞")
_VAST = re.compile(r"[1-9]\d{15,19}")
_NO_PRICE = Decimal(10**12)
"""Above what any price is, in whatever currency; what is less is a placeholder by its worth, which a panel knows."""
_PER = 1000


def normal_type(text: str) -> str:
    """One spelling for "custom_comments", "Custom Comment" and "Custom-Comments"."""
    words = re.sub(r"[_\-\s]+", " ", text.strip().lower()).split(" ")
    return " ".join(word.removesuffix("s") for word in words)


_TYPES = {normal_type(kind.value): kind for kind in ServiceType} | {
    "": ServiceType.DEFAULT,
    "seo2": ServiceType.SEO,
    "mention hastag": ServiceType.MENTIONS_HASHTAG,
}


_NEVER_WORDED = frozenset(
    normal_type(word) for word in ("likes", "views", "followers", "subscribers", "members", "plays", "shares", "saves")
)
"""What is sold, written where the type belongs: nobody ever wants a text of these."""


def read_type(text: str) -> ServiceType | None:
    """A type in any spelling; None for what is none."""
    return _TYPES.get(normal_type(text)) if text.strip() else None


def find_rows(value: Json) -> Rows | None:
    """The rows of a catalogue, each with the key it stood under; None when the reply is no catalogue.

    They may be wrapped, keyed by id, or grouped by category.
    """
    if isinstance(value, list):
        rows = [row for one in value for row in rows_of(one)]
        return rows if rows or not value else None
    if not isinstance(value, dict):
        return None
    for name in LISTS:
        if isinstance(inner := value.get(name), (list, dict)):
            return find_rows(inner)
    keyed = [(key, row) for key, row in value.items() if isinstance(row, dict) and is_row(row)]
    if keyed and len(keyed) == len(value):
        return list(keyed)
    groups = [found for inner in value.values() if (found := find_group(inner))]
    return [row for group in groups for row in group] or None


def rows_of(one: Json) -> Rows:
    """A row, or those of a category that stands in its place."""
    if not isinstance(one, dict):
        return find_group(one)
    group = [] if is_row(one) else [row for name in LISTS for row in find_group(one.get(name))]
    return group or [(None, one)]


def find_group(value: Json) -> Rows:
    if not isinstance(value, list):
        return []
    return [(None, row) for row in value if isinstance(row, dict) and "rate" in row]


def is_row(row: Object) -> bool:
    return "rate" in row or "name" in row


def says_empty(value: Json) -> bool:
    """Whether a reply without rows is a catalogue without services: null, [], or a text where the list would be."""
    if is_nothing(value) or find_rows(value) == []:
        return True
    return isinstance(value, dict) and any(name in value and not isinstance(value[name], dict) for name in LISTS)


def read_listings(rows: Iterable[Row], dialect: Dialect) -> list[Listing]:
    """All rows (PROTOCOL.md, "Catalogue"); of two with one id the later one wins."""
    listings = (_read_listing(row, key, dialect) for key, row in rows)
    return list({listing.service: listing for listing in listings}.values())


def _read_listing(row: Object, key: str | None, dialect: Dialect) -> Listing:
    kind, guessed = _read_type(row.get("type"), dialect)
    name = clean_line(row.get("name"), 500)
    service = next((found for one in SERVICE if (found := read_identifier(row.get(one)))), key or "")
    least, most = _read_limits(row)
    rate = _read_rate(row.get("rate"), kind, dialect)
    return Listing(
        service=service,
        name=name,
        category=sys.intern(clean_line(row.get("category"), 200)),
        type=kind,
        type_word=clean_line(row.get("type"), 100) if guessed or kind is ServiceType.UNSUPPORTED else "",
        rate=rate,
        minimum=least,
        maximum=most,
        refill=_flag(row, "refill"),
        cancel=_flag(row, "cancel"),
        dripfeed=_flag(row, "dripfeed"),
        description=clean_text(next((row[one] for one in DESCRIPTION if row.get(one)), ""), 5_000),
        currency=read_currency(pick(row, *CURRENCY)),
        flaw=_find_flaw(row, service=service, kind=kind, name=name, rate=rate, limits=(least, most)),
    )


def _read_type(value: Json, dialect: Dialect) -> tuple[ServiceType, bool]:
    """The type, the owner's word for theirs first; and whether it is guessed from what is sold."""
    if value is None:
        return ServiceType.DEFAULT, False
    said = normal_type(value) if isinstance(value, str) else "?"
    owned = {normal_type(theirs): ours for theirs, ours in dialect.type_words.items()}
    if said in owned:
        return read_type(owned[said]) or ServiceType.UNSUPPORTED, False
    if said in _NEVER_WORDED:
        return ServiceType.DEFAULT, True
    return _TYPES.get(said, ServiceType.UNSUPPORTED), False


def _read_rate(value: Json, kind: ServiceType, dialect: Dialect) -> Decimal | None:
    rate = read_decimal(value)
    if rate is None or kind.is_package or dialect.price_per == _PER:
        return rate
    return (rate * _PER / dialect.price_per).quantize(Decimal("1E-8"))


def _read_limits(row: Object) -> tuple[int, int | None]:
    """0 and the largest number of 32 bits both mean: not stated."""
    most = read_count(row.get("max"))
    return max(1, read_count(row.get("min")) or 1), None if most is None or not 0 < most != _NO_LIMIT else most


def _is_boundless(value: Json) -> bool:
    """The largest number of 64 bits, or a word for no limit."""
    return isinstance(value, str) and (
        value.strip().lower() in _BOUNDLESS or _VAST.fullmatch(value.strip()) is not None
    )


def _flag(row: Object, name: str) -> bool | None:
    """What the first of its names says that says anything; a null is a no only where nothing else is said."""
    told = [row[one] for one in FLAGS[name] if one in row]
    said = next((one for one in told if one is not None), None)
    return read_flag(said) if told else None


def _find_flaw(
    row: Object, *, service: str, kind: ServiceType, name: str, rate: Decimal | None, limits: tuple[int, int | None]
) -> str | None:
    least, most = limits
    unread = any(
        not is_nothing(row.get(one)) and read_count(row[one]) is None
        for one in ("min", "max")
        if one == "min" or not _is_boundless(row.get(one))
    )
    flaws = {
        "unreadable id": not service,
        "separator": is_separator(name),
        "no price": rate is None or rate <= 0,
        "placeholder price": rate is not None and rate >= _NO_PRICE,
        "unreadable limits": unread,
        "min above max": most is not None and least > most,
        UNSUPPORTED: kind is ServiceType.UNSUPPORTED,
    }
    return next((flaw for flaw, found in flaws.items() if found), None)
