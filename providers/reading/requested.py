"""Reads the replies to `cancel`, `refill` and `refill_status`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from providers.errors import Code
from providers.reading.complaints import Complaint, is_loud, read_complaint
from providers.reading.json_text import Json, Number
from providers.reading.names import ORDER, REFILL, REFILL_STATUS, WRAPPERS
from providers.reading.numbers import read_identifier
from providers.reading.shapes import FLAG_WORDS, Object, flag_word, is_nothing, is_text, layers, pick
from providers.reading.statuses import complains_as_a_whole, rows_by_id
from providers.reading.words import read_refill_phase
from providers.vocabulary import CancelRequested, Refill, RefillPhase

_TOKEN = re.compile(r"\S*\d\S*")
_WENT_WELL = ("ok", "success", "true")
_DONE = (*_WENT_WELL, "1", "requested", "pending")


def read_cancels(
    value: Json, asked: Sequence[str], words: dict[str, str]
) -> dict[str, CancelRequested | Complaint] | None:
    """What each asked order got; a reply of no known shape that complains of nothing took the request for all.

    None when the reply says nothing at all, or complains as a whole.
    """
    alone = _order_alone(value)
    if alone in asked:
        return {alone: _read_cancel(value, words)}
    rows = None if _is_flat(value) else rows_by_id(value, asked, ORDER)
    if rows:
        return {one: _read_cancel(row, words) for one, row in rows.items() if row is not None}
    if not isinstance(value, dict) or not value or is_nothing(value.get("cancel", "1")):
        return None
    if rows is not None and not (_says_taken(value) and _is_hollow(value)):
        return None
    complaint = read_complaint(value, words)
    if complaint is not None and (complaint.loud or complaint.code is not Code.UNKNOWN):
        return None
    return dict.fromkeys(asked, CancelRequested(_number(value.get("cancel"))))


def _order_alone(value: Json) -> str:
    """The order of a row that stands where a list would; empty where there is none."""
    if not isinstance(value, dict) or not any(name in value for name in ("cancel", "error")):
        return ""
    return next((found for name in ORDER[:2] if (found := read_identifier(value.get(name)))), "")


def _is_hollow(value: Object) -> bool:
    """Whether the lists and objects of a reply are all empty: rows about other ids are no answer to ours."""
    return not any(isinstance(one, (list, dict)) and one for one in value.values())


def _is_flat(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("cancel"), (str, bool)) and not is_nothing(value["cancel"])


def _read_cancel(row: Json, words: dict[str, str]) -> CancelRequested | Complaint:
    if isinstance(row, dict):
        if not is_loud(row) and not is_nothing(row.get("cancel", "1")):
            return CancelRequested(_number(row.get("cancel")))
    elif flag_word(row) in _DONE:
        return CancelRequested()
    return read_complaint(row, words) or Complaint(code=Code.UNKNOWN)


def _number(value: Json) -> str | None:
    """A number of the request; 1 and words like "requested" only say yes."""
    found = read_identifier(value)
    return found if found and found != "1" and (isinstance(value, Number) or found.isdigit()) else None


def read_refill(value: Json, order: str) -> Refill | None:
    """A refill of this order that was taken, its id where one is given; None when the reply does not say so."""
    rows = rows_by_id(value, [order], ORDER) or {order: value}
    row = rows.get(order)
    if is_loud(row):
        return None
    for layer in layers(row):
        told = pick(layer, *REFILL[:2])
        reference = read_identifier(told.get("id") if isinstance(told, dict) else told)
        if reference and not is_nothing(reference) and _TOKEN.fullmatch(reference):
            return Refill(reference)
        if flag_word(told) in _DONE:
            return Refill()
    return Refill() if isinstance(row, dict) and _says_taken(row) else None


def _says_taken(row: Object) -> bool:
    success = row.get("success")
    return is_text(success) or any(flag_word(row.get(name)) in _WENT_WELL for name in ("success", "status", "result"))


def read_refill_statuses(
    value: Json, asked: Sequence[str], words: dict[str, str]
) -> dict[str, RefillPhase | Complaint] | None:
    """Where each asked refill stands; None when the reply says nothing by id."""
    flat = _flat_status(value)
    if flat is not None:
        return {asked[0]: read_refill_phase(flat)} if len(asked) == 1 else None
    if complains_as_a_whole(value, asked):
        return None
    rows = rows_by_id(value, asked, REFILL)
    if rows is None:
        return None
    return {one: read for one, row in rows.items() if (read := _read_refill_row(row, words)) is not None}


def _flat_status(value: Json) -> str | None:
    """The status of the one refill of a reply; inside a wrapper the outer one is a result flag."""
    if not isinstance(value, dict) or is_loud({**value, "status": None}):
        return None
    wrapped = next((value[name] for name in WRAPPERS if isinstance(value.get(name), (dict, list))), value)
    status = _status_of(wrapped) if isinstance(wrapped, dict) else None
    bare_flag = "message" in value and flag_word(status) in ("error", "fail", "failed", "false")
    return None if bare_flag else status


def _status_of(row: Object) -> str | None:
    """Its own word; a result flag may stand beside it, or be all that is said."""
    words = [word for name in REFILL_STATUS if isinstance(word := row.get(name), str)]
    return min(words, key=lambda word: flag_word(word) in FLAG_WORDS, default=None)


def _read_refill_row(row: Json, words: dict[str, str]) -> RefillPhase | Complaint | None:
    status = _status_of(row) if isinstance(row, dict) else row
    if isinstance(status, str) and (isinstance(row, dict) or read_refill_phase(status) is not RefillPhase.UNKNOWN):
        return read_refill_phase(status)
    return None if isinstance(row, Number) else read_complaint(row, words)
