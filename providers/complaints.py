"""Finds the error in a reply, in whichever of its places a panel puts it, and says what it means."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from providers.error_texts import plain_text, read_code, read_limits, read_numbered_code
from providers.errors import Code
from providers.json_text import Json
from providers.shapes import WRAPPERS, is_nothing, is_text, says_failed

_LOUD = ("error", "errors")
_QUIET = ("message", "msg", "error_message", "detail", "name")
_NESTED = ("refill", "status", "cancel")
_INSIDE = ("message", "msg", "error", "text", "code")
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
    """Whether the reply calls it an error; a mere `message` beside a success is none."""
    from_status: bool = False
    """Whether only the HTTP status told the code."""
    minimum: int | None = None
    maximum: int | None = None
    """Limits that the text reveals, in units."""


def read_complaint(
    value: Json, words: dict[str, str], *, status: int = 200, quantity: int | None = None
) -> Complaint | None:
    """The complaint of a reply or of one row of it (PROTOCOL.md, "Errors"); None when it holds none.

    The body decides; the HTTP status only where the body says nothing that is known.
    """
    texts = list(_texts(value))
    loud = is_loud(value)
    if not texts and not loud and status < _FAILED:
        return None
    code, text = _best(texts, words, value)
    complaint = _with_limits(code, text, quantity, loud=loud or status >= _FAILED)
    return _by_status(complaint, status) if code is Code.UNKNOWN else complaint


def is_loud(value: Json) -> bool:
    """Whether the reply itself says that it is an error; a key "error" that holds nothing does not."""
    if isinstance(value, dict):
        layers = [value, *(inner for name in _NESTED if isinstance(inner := value.get(name), dict))]
        return any(not is_nothing(layer.get(key)) for layer in layers for key in _LOUD) or says_failed(value)
    return is_text(value)


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield from _words(value)
    elif isinstance(value, dict):
        for key in (*_LOUD, *_QUIET[:3]):
            yield from _words(value.get(key))
        for key in (*WRAPPERS, *_NESTED):
            yield from _texts_inside(value.get(key))
        for key in _QUIET[3:]:
            yield from _words(value.get(key))


def _texts_inside(inner: Json) -> Iterator[str]:
    if isinstance(inner, dict):
        for key in ("error", "message", "msg"):
            yield from _words(inner.get(key))


def _words(value: Json) -> Iterator[str]:
    leaf = _leaf(value)
    if isinstance(leaf, str) and is_text(leaf) and not is_nothing(leaf) and plain_text(leaf).lower() != "true":
        yield plain_text(leaf)


def _leaf(value: Json) -> Json:
    """The first text inside nested lists and objects, as validators of forms write them."""
    for _ in range(_DEEPEST):
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            named = next((value[key] for key in _INSIDE if key in value), None)
            value = named if named is not None else next(iter(value.values()), None)
        else:
            return value
    return None


def _best(texts: list[str], words: dict[str, str], value: Json) -> tuple[Code, str]:
    """The first text that is known; one after which an order may exist outweighs every other."""
    read = [(read_code(text, words), text) for text in texts]
    known = [pair for pair in read if pair[0] is not Code.UNKNOWN]
    doubtful = [pair for pair in known if pair[0] in _DOUBTFUL]
    fallback = (_numbered(value), texts[0] if texts else "")
    return next(iter([*doubtful, *known, fallback]))


def _numbered(value: Json) -> Code:
    if (
        isinstance(value, dict)
        and not is_nothing(value.get("error"))
        and isinstance(number := value.get("status"), str)
    ):
        return read_numbered_code(number)
    return Code.UNKNOWN


def _with_limits(code: Code, text: str, quantity: int | None, *, loud: bool) -> Complaint:
    least, most = read_limits(text) if "quantity" in text.lower() or code in _QUANTITY_CODES else (None, None)
    if least is not None and most is not None and (code in _QUANTITY_CODES or code is Code.UNKNOWN):
        code = _side(quantity, least, most)
    return Complaint(code=code, text=text, loud=loud, minimum=least, maximum=most)


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
    return Complaint(code=code, text=complaint.text, loud=complaint.loud, from_status=code is not Code.UNKNOWN)
