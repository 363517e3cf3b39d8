"""Which characters a text of a reseller may hold, so that it can be stored, shown and sent on unchanged."""

from __future__ import annotations

import re

# Controls (PostgreSQL refuses NUL, logs and pages are fooled by the others), halves of surrogate pairs, which no
# encoder takes, and the marks that turn the direction of what a reader sees.
_BARRED = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069"
_BARRED_IN_LINES = re.compile(f"[{_BARRED}]")
_BARRED_IN_A_LINE = re.compile(f"[{_BARRED}\t\r\n]")


def is_clean_line(text: str) -> bool:
    """Whether a text of one line holds nothing that is barred."""
    return _BARRED_IN_A_LINE.search(text) is None


def is_clean_lines(text: str) -> bool:
    """The same for a text of several lines, where line breaks and tabs are at home."""
    return _BARRED_IN_LINES.search(text) is None
