"""Finds the error in a reply, in whichever of its places a panel puts it, and says what it means."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from providers.errors import Code
from providers.reading.error_texts import plain_text, read_limits, read_meaning, read_numbered_code, read_step
from providers.reading.json_text import Json, Number
from providers.reading.names import FIRST_TEXTS, LAST_TEXTS, LOUD_ERRORS, WRAPPERS
from providers.reading.shapes import is_nothing, is_text, layers, says_failed, sole

_NESTED = ("refill", "status", "cancel")
_INSIDE = ("message", "msg", "error", "text", "code")
_TEXTS = (*FIRST_TEXTS, *LAST_TEXTS)
_DEEPEST = 6
_QUANTITY_CODES = (Code.QTY_MIN, Code.QTY_MAX)
_DOUBTFUL = (Code.INTERNAL, Code.DUPLICATE_REQUEST)
_UNDER_A_TEXT = {401: Code.KEY_INVALID, 402: Code.FUNDS, 403: Code.ACCOUNT_BLOCKED, 429: Code.RATE_LIMIT}
_ALONE = {401: Code.KEY_INVALID, 402: Code.FUNDS, 422: Code.PARAMS, 429: Code.RATE_LIMIT}
_FAILED, _TOO_LARGE, _BROKEN, _AWAY = 400, 413, 500, 503


class Complaint(Struct, frozen=True, kw_only=True):
    """An error that a reply holds."""

    code: Code
    text: str = ""
    """Their words, plain; not masked yet."""
    loud: bool = True
    """Whether the reply calls it an error; a mere `message` is none."""
    alone: bool = False
    """Whether the reply holds nothing besides: no flag, no id, no data that might say otherwise."""
    from_status: bool = False
    """Whether only the HTTP status told the code."""
    phrase: str = ""
    """The words of the text that told the code, in the table's spelling; empty where something else did."""
    minimum: int | None = None
    maximum: int | None = None
    """Limits that the text reveals, in units."""
    step: int | None = None
    """Of how many units the text says that a quantity must be a multiple."""


def read_complaint(
    value: Json, words: dict[str, str], *, status: int = 200, quantity: int | None = None
) -> Complaint | None:
    """The complaint of a reply or of one row of it (PROTOCOL.md, "Errors"); None when it holds none.

    The body decides; the HTTP status only where the body says nothing that is known.
    """
    value = sole(value)
    texts = list(_texts(value))
    loud = is_loud(value)
    if not texts and not loud and status < _FAILED:
        return None
    code, text, phrase = _best(texts, words, value)
    found = replace(_with_limits(code, text, quantity), phrase=phrase)
    complaint = replace(found, loud=loud or status >= _FAILED, alone=_is_all(value))
    return _by_status(complaint, status) if code is Code.UNKNOWN else complaint


def is_loud(value: Json) -> bool:
    """Whether the reply itself says that it is an error; a key "error" that holds nothing does not."""
    value = sole(value)
    if isinstance(value, dict):
        nested = [inner for name in _NESTED if isinstance(inner := value.get(name), dict)]
        objects = [*layers(value), *nested]
        return any(not is_nothing(one.get(key)) for one in objects for key in LOUD_ERRORS) or says_failed(value)
    return is_text(value)


def _is_all(value: Json) -> bool:
    """Whether an object holds nothing but texts of an error, and numbers of HTTP that agree."""
    if not isinstance(value, dict):
        return False
    told = {key: one for key, one in value.items() if key not in _TEXTS or isinstance(one, Number)}
    return all(_is_failure(one) if isinstance(one, Number) else is_nothing(one) for one in told.values())


def _is_failure(number: str) -> bool:
    return re.fullmatch(r"[45]\d\d", number) is not None


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield from _words(value)
    elif isinstance(value, dict):
        for key in (*LOUD_ERRORS, *FIRST_TEXTS):
            yield from _words(value.get(key))
        for key in (*WRAPPERS, *_NESTED):
            yield from _texts_inside(sole(value.get(key)))
        for key in LAST_TEXTS:
            yield from (text for text in _words(value.get(key)) if any(map(str.isalpha, text)))


def _texts_inside(inner: Json) -> Iterator[str]:
    if isinstance(inner, dict):
        for key in (*LOUD_ERRORS, *FIRST_TEXTS):
            yield from _words(inner.get(key))


def _words(value: Json) -> Iterator[str]:
    for leaf in _leaves(value, _DEEPEST):
        if is_text(leaf) and not is_nothing(leaf) and plain_text(leaf).lower() != "true":
            yield plain_text(leaf)


def _leaves(value: Json, depth: int) -> Iterator[str]:
    """The first texts inside nested lists and objects, as validators of forms write them."""
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, list) and value:
        yield from _leaves(value[0], depth - 1)
    elif depth and isinstance(value, dict):
        named = [value[key] for key in _INSIDE if not is_nothing(value.get(key))]
        for inner in named or list(value.values())[:1]:
            yield from _leaves(inner, depth - 1)


def _best(texts: list[str], words: dict[str, str], value: Json) -> tuple[Code, str, str]:
    """The first text that is known, with its phrase; one after which an order may exist outweighs every other."""
    read = [(code, text, phrase) for text in texts for code, phrase in [read_meaning(text, words)]]
    known = [one for one in read if one[0] is not Code.UNKNOWN]
    doubtful = [one for one in known if one[0] in _DOUBTFUL]
    fallback = (_numbered(value), texts[0] if texts else "", "")
    return next(iter([*doubtful, *known, fallback]))


def _numbered(value: Json) -> Code:
    if (
        isinstance(value, dict)
        and not is_nothing(value.get("error"))
        and isinstance(number := value.get("status"), str)
    ):
        return read_numbered_code(number)
    return Code.UNKNOWN


def _with_limits(code: Code, text: str, quantity: int | None) -> Complaint:
    least, most = read_limits(text) if "quantity" in text.lower() or code in _QUANTITY_CODES else (None, None)
    if least is not None and most is not None and (code in _QUANTITY_CODES or code is Code.UNKNOWN):
        code = _side(quantity, least, most)
    step = read_step(text) if code is Code.PARAMS else None
    return Complaint(code=code, text=text, minimum=least, maximum=most, step=step)


def _side(quantity: int | None, least: int, most: int) -> Code:
    """Which limit "between A and B" speaks of, by what was ordered."""
    if quantity is None or quantity < least:
        return Code.QTY_MIN
    return Code.QTY_MAX if quantity > most else Code.PARAMS


def _by_status(complaint: Complaint, status: int) -> Complaint:
    if complaint.code is not Code.UNKNOWN:
        return complaint
    code = (_UNDER_A_TEXT if complaint.text else _ALONE).get(status, Code.UNKNOWN)
    if status == _TOO_LARGE:
        code = Code.BATCH_TOO_BIG
    elif status >= _BROKEN:
        code = Code.MAINTENANCE if status == _AWAY else Code.INTERNAL
    return replace(complaint, code=code, from_status=code is not Code.UNKNOWN)
