"""Forms, query strings and multipart bodies as pairs of texts, safe on any bytes."""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import parse_qsl

from multipart import PushMultipartParser, parse_options_header  # type: ignore[import-untyped]  # ships no types

from aggregator.errors import IncorrectRequest

Pairs: TypeAlias = list[tuple[str, str]]

MOST_PAIRS = 1000
"""A PHP array of 100 orders is 100 pairs; nobody in earnest sends ten times that."""


def read_form(form: bytes) -> Pairs:
    """`a=b&c=d`; bytes that are not UTF-8 become replacement characters, as Latin-1 clients are used to."""
    if not form:
        return []
    try:
        return parse_qsl(form.decode("utf-8", "replace"), True, errors="replace", max_num_fields=MOST_PAIRS)
    except ValueError as error:
        raise IncorrectRequest from error


def read_multipart(body: bytes, content_type: str) -> Pairs:
    """The fields of a `multipart/form-data` body; a file is no field and is refused, as is a cut body."""
    _, options = parse_options_header(content_type)
    try:
        with PushMultipartParser(options.get("boundary", ""), max_segment_count=MOST_PAIRS) as parser:
            return _collect(parser, body)
    except ValueError as error:
        raise IncorrectRequest from error


def _collect(parser: PushMultipartParser, body: bytes) -> Pairs:
    pairs: Pairs = []
    name, value = "", bytearray()
    for event in parser.parse(body):
        if event is None:
            pairs.append((name, value.decode("utf-8", "replace")))
        elif isinstance(event, bytes | bytearray):
            value += event
        elif event.filename is not None:
            raise IncorrectRequest
        else:
            name, value = event.name, bytearray()
    return pairs
