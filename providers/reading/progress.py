"""Reads what a panel says of one order, whichever names it has for the fields."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from providers.dialect import Dialect
from providers.masking import Mask
from providers.reading import names
from providers.reading.complaints import is_loud
from providers.reading.error_texts import without_addresses
from providers.reading.json_text import Json, Number
from providers.reading.numbers import read_count, read_currency, read_decimal
from providers.reading.reply import Reply
from providers.reading.shapes import FLAG_WORDS, Object, find_only, flag_word, pick, sole
from providers.reading.words import is_refunded, phase_of, standard_word
from providers.vocabulary import Phase, Progress

T = TypeVar("T")
_NUMBER_NAMES = (*names.REMAINS, *names.CHARGE, *names.START, "runs", "posts")
_WORD_LIMIT = 100


def is_about_an_order(row: Object, dialect: Dialect) -> bool:
    """Whether this object says how an order stands, rather than how the call went."""
    if is_loud({key: value for key, value in row.items() if key != "status"}) or _is_error_code(row):
        word = _word(row)
        phase = phase_of(_standard(word, dialect))
        return flag_word(word) not in FLAG_WORDS and phase not in (Phase.UNKNOWN, Phase.ERROR)
    if any(name in row for name in _NUMBER_NAMES):
        return True
    return any(flag_word(word) not in FLAG_WORDS for word in _words(row))


def find_order(value: Json, dialect: Dialect) -> Object | None:
    """The one object of a reply, or of a row, that is about an order; deeper inside only one with a status."""
    value = sole(value)
    if not isinstance(value, dict):
        return None
    if is_about_an_order(value, dialect):
        return value
    if is_loud(value):
        return None
    return find_only(value, lambda row: bool(_words(row)) and is_about_an_order(row, dialect))


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
        word=(theirs or "").strip()[:_WORD_LIMIT],
        remains=read_count(pick(row, *names.REMAINS)),
        charge=read_decimal(pick(row, *names.CHARGE)),
        currency=read_currency(pick(row, *names.CURRENCY)),
        start_count=_stated(pick(row, *names.START)),
        runs=_stated(row.get("runs")),
        posts=_stated(row.get("posts")),
        full_refund=is_refunded(word),
    )


def keep_unknown(row: T, reply: Reply, mask: Mask) -> T:
    """Progress in a word that nobody knows, with what stood around that word, for the owner; both without secrets."""
    if isinstance(row, Progress) and row.phase is Phase.UNKNOWN:
        return replace(row, word=mask.text(without_addresses(row.word)), raw=mask.raw(reply.around(row.word)))
    return row


def _stated(value: Json) -> int | None:
    """A count of what has happened: -1 and the like say that the panel does not know."""
    count = read_count(value)
    return None if count is None or count < 0 else count


def _word(row: Object) -> str | None:
    """The order's own status: words before digits, and result flags only where nothing else is said."""
    return min(_words(row), key=_how_doubtful, default=None)


def _words(row: Object) -> list[str]:
    return [word for name in names.STATUS if isinstance(word := row.get(name), str) and word.strip()]


def _how_doubtful(word: str) -> int:
    if flag_word(word) in FLAG_WORDS:
        return 2
    return 1 if word.strip().isdigit() else 0


def _standard(word: str | None, dialect: Dialect) -> str:
    if word is None:
        return ""
    return standard_word(word, dialect.status_words, numeric=dialect.numeric_status)
