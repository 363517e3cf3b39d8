"""A request's body and query, in whatever encoding, as one flat mapping of fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias, TypeGuard

from aggregator.api.form_body import Pairs, read_form, read_multipart
from aggregator.api.json_body import read_json
from aggregator.api.names import KNOWN, SEVERAL, canonical
from aggregator.api.text import BLANKS, is_clean_line, is_clean_lines
from aggregator.errors import BadLink, IncorrectRequest

Value: TypeAlias = str | list[str]
"""A text as it arrived, numbers as their literals; or a list of such texts."""
Fields: TypeAlias = dict[str, Value]

MOST_FIELDS = 64
_BOM = b"\xef\xbb\xbf"
_ITEM = re.compile(r"(.+)\[[0-9]*\]", re.DOTALL)


def is_json(body: bytes) -> bool:
    """Whether a body is a JSON object, whatever its content type says: the first byte that is no blank decides."""
    return body[:1] == b"{" or body.removeprefix(_BOM).lstrip()[:1] == b"{"


def read_fields(body: bytes, content_type: str, query: bytes) -> Fields:
    """The fields by their standard names; those without a value are absent, key and action are among them.

    Raises IncorrectRequest, naming the field where it is one of ours: given twice, of a wrong shape, or with
    characters that no text may hold (BadLink for the link).
    """
    fields = _settle([*_read_body(body.removeprefix(_BOM), content_type).items(), *_gather(read_form(query)).items()])
    if not is_clean_line("".join(_texts(fields))):  # one look is enough for nearly every request
        for name, value in fields.items():
            _check(name, value)
    return fields


def _read_body(body: bytes, content_type: str) -> Fields:
    if is_json(body):
        return _flatten(read_json(body))
    if body and content_type.strip().lower().startswith("multipart/"):
        return _gather(read_multipart(body, content_type))
    return _gather(read_form(body))


def _flatten(members: Iterable[tuple[str, object]]) -> Fields:
    fields: Fields = {}
    for name, member in members:
        if isinstance(member, str) or _is_texts(member):
            fields[name] = member
        elif member is not None and canonical(name) in KNOWN:
            raise IncorrectRequest(canonical(name), "must be text or a number")
    return fields


def _is_texts(member: object) -> TypeGuard[list[str]]:
    return isinstance(member, list) and all(isinstance(item, str) for item in member)


def _gather(pairs: Pairs) -> Fields:
    """PHP's `orders[]=1&orders[0]=2` and the repeated names of Python's clients become lists, where lists may be."""
    fields: Fields = {}
    for name, value in pairs:
        item = _ITEM.fullmatch(name)
        if item:
            _append(fields, item[1], value)
        elif name not in fields:
            fields[name] = value
        elif canonical(name) in SEVERAL:
            _append(fields, name, value)
        else:
            raise _given_twice(canonical(name))
    return fields


def _append(fields: Fields, name: str, value: str) -> None:
    so_far = fields.setdefault(name, [])
    fields[name] = [*([so_far] if isinstance(so_far, str) else so_far), value]


def _settle(pairs: Iterable[tuple[str, Value]]) -> Fields:
    fields: Fields = {}
    for name, value in pairs:
        kept = value if isinstance(value, str) else [item for item in value if item.strip(BLANKS)]
        if not (kept.strip(BLANKS) if isinstance(kept, str) else kept):
            continue
        known = canonical(name)
        if fields.setdefault(known, kept) != kept:
            raise _given_twice(known)
    if len(fields) > MOST_FIELDS:
        raise IncorrectRequest(hint=f"more than {MOST_FIELDS} fields")
    return fields


def _given_twice(name: str) -> IncorrectRequest:
    return IncorrectRequest(name if name in KNOWN else None, "is given twice")


def _texts(fields: Fields) -> Iterator[str]:
    for name, value in fields.items():
        yield name
        if isinstance(value, str):
            yield value
        else:
            yield from value


def _check(name: str, value: Value) -> None:
    texts = [value] if isinstance(value, str) else value
    if not is_clean_line(name):
        raise IncorrectRequest
    if all(is_clean_lines(text) if name in SEVERAL else is_clean_line(text.strip(BLANKS)) for text in texts):
        return
    if name == "link":
        raise BadLink("link must not hold control characters")
    if name != "key":  # an unreadable key is answered as a wrong one
        raise IncorrectRequest(name if name in KNOWN else None, "must not hold control characters")
