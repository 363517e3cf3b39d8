"""Reads what a panel says of one order, whichever names it has for the fields."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from providers.complaints import is_loud
from providers.dialect import Dialect
from providers.json_text import Json, Number
from providers.masking import Mask
from providers.numbers import read_count, read_currency, read_decimal, read_identifier
from providers.reply import Reply
from providers.shapes import FLAG_WORDS, Object, flag_word, pick
from providers.vocabulary import Phase, Progress
from providers.words import is_refilling, is_refunded, phase_of, standard_word

T = TypeVar("T")
ORDER_NAMES = ("order", "order_id", "orderID", "orderId", "id")
_STATUS_NAMES = ("order_status", "orderStatus", "status")
_REMAINS_NAMES = ("remains", "remain", "remaining", "remaining_amount", "count_remain")
_CHARGE_NAMES = ("charge", "price", "orderPrice", "cost")
_START_NAMES = ("start_count", "start_counter", "startCount", "count_start", "start_number")
_NUMBER_NAMES = (*_REMAINS_NAMES, *_CHARGE_NAMES, *_START_NAMES, "runs", "posts")
_WORD_LIMIT = 100


def is_about_an_order(row: Object, dialect: Dialect) -> bool:
    """Whether this object says how an order stands, rather than how the call went."""
    if is_loud({key: value for key, value in row.items() if key != "status"}) or _is_error_code(row):
        return phase_of(_standard(_word(row), dialect)) not in (Phase.UNKNOWN, Phase.ERROR)
    if any(name in row for name in _NUMBER_NAMES):
        return True
    said = [row[name] for name in _STATUS_NAMES if isinstance(row.get(name), str)]
    return any(flag_word(word) not in FLAG_WORDS for word in said)


def _is_error_code(row: Object) -> bool:
    return isinstance(row.get("status"), Number) and bool(row.get("error"))


def read_progress(row: Object, dialect: Dialect, *, after_add: bool = False) -> Progress:
    """One order's progress (PROTOCOL.md, "Statuses"); what cannot be read is None, an unheard-of word UNKNOWN.

    Beside the id of a new order "success" is a result flag, not the order's status.
    """
    theirs = _word(row)
    word = "" if after_add and flag_word(theirs) in FLAG_WORDS else _standard(theirs, dialect)
    return Progress(
        phase=phase_of(word),
        word="" if not isinstance(theirs, str) else theirs.strip()[:_WORD_LIMIT],
        remains=read_count(pick(row, *_REMAINS_NAMES)),
        charge=read_decimal(pick(row, *_CHARGE_NAMES)),
        currency=read_currency(row.get("currency")),
        start_count=read_count(pick(row, *_START_NAMES)),
        runs=read_count(row.get("runs")),
        posts=read_count(row.get("posts")),
        children=_children(row.get("orders")),
        refilling=is_refilling(word),
        full_refund=is_refunded(word),
    )


def keep_unknown(row: T, reply: Reply, mask: Mask) -> T:
    """Progress in a word that nobody knows, with what stood around that word, for the owner; both without secrets."""
    if isinstance(row, Progress) and row.phase is Phase.UNKNOWN:
        return replace(row, word=mask.text(row.word), raw=mask.raw(reply.around(row.word)))
    return row


def _word(row: Object) -> Json:
    """The order's own status; `status` may only be the result flag beside it."""
    named = next((row[name] for name in _STATUS_NAMES if name in row), None)
    return named if isinstance(named, str) else None


def _standard(word: Json, dialect: Dialect) -> str:
    if not isinstance(word, str):
        return ""
    return standard_word(word, dialect.status_words, numeric=dialect.numeric_status)


def _children(orders: Json) -> tuple[str, ...]:
    if not isinstance(orders, list):
        return ()
    return tuple(child for one in orders if (child := read_identifier(one)) is not None)
