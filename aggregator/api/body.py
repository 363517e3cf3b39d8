"""A request's body and query, in whatever encoding, as one flat mapping of fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aggregator.api.form_body import Pairs, read_form, read_multipart
from aggregator.api.json_body import Numeral, read_json, write
from aggregator.api.names import KNOWN, NUMBERS, SEVERAL, canonical
from aggregator.api.text import is_clean_line, is_clean_lines
from aggregator.errors import BadLink, IncorrectRequest
from aggregator.orders.intake.lines import BLANKS
from aggregator.orders.intake.types import IDS, Value
from providers.vocabulary import Fields

MOST_FIELDS = 64
_BOM = b"\xef\xbb\xbf"
_ITEM = re.compile(r"(.+)\[[0-9]*\]", re.DOTALL)
_FORM = re.compile(rb"&*[\w%+.\[\]-]+=")
_SCALAR = re.compile(rb"null|true|false|-?[0-9][0-9.eE+-]*")
_NOTHING = frozenset({"undefined", "null", "NaN"})
"""What JavaScript writes into a form, or a text, for a number that it does not have."""


def is_json(body: bytes, content_type: str = "") -> bool:
    """Whether a body is JSON: content types are often missing or wrong, so that its first byte decides.

    A bare word or number is JSON unless it came as a form, and so is whatever came as JSON and is no form.
    """
    if body[:1] == b"{":
        return True
    text = content_of(body)
    if text[:1] in (b"{", b"[", b'"'):
        return True
    if not text or _FORM.match(text):
        return False
    return says_json(content_type) or ("form" not in content_type.lower() and _SCALAR.fullmatch(text) is not None)


def says_json(content_type: str) -> bool:
    """Whether a body was announced as JSON."""
    return "json" in content_type.lower()


def content_of(body: bytes) -> bytes:
    """A body without its byte order mark and the blanks around it."""
    return body.removeprefix(_BOM).strip()


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
    if is_json(body, content_type):
        return _flatten(read_json(body))
    if body and content_type.strip().lower().startswith("multipart/"):
        return _gather(read_multipart(body, content_type))
    return _gather(read_form(body))


def _flatten(members: Iterable[tuple[str, object]]) -> Fields:
    fields: Fields = {}
    for name, member in members:
        known = canonical(name)
        if isinstance(member, Numeral) and known == "link":
            raise BadLink("link must be text")
        if isinstance(member, str):
            fields[name] = str(member)
        elif isinstance(member, list) and _may_list(known, member):
            fields[name] = [str(item) if isinstance(item, str) else write(item) for item in member]
        elif member is not None and known in KNOWN:
            raise IncorrectRequest(known, "must be text or a number")
    return fields


def _may_list(name: str, items: list[object]) -> bool:
    """Among ids anything but a list may stand: it is nobody's id, and fails no call about the others."""
    if name in IDS:
        return not any(isinstance(item, list) for item in items)
    return all(isinstance(item, str) for item in items)


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
        text = kept.strip(BLANKS) if isinstance(kept, str) else kept
        known = canonical(name)
        if not text or (known in NUMBERS and isinstance(text, str) and text in _NOTHING):
            continue
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
