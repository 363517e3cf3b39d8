"""Fields of several entries: how comments, names and words are told apart."""

from __future__ import annotations

import re

BLANKS = " \t\r\n"
"""What is trimmed around a value."""
_BREAKS = re.compile(r"\r\n|\n|\r")


def split_lines(sent: str | list[str]) -> list[str]:
    """The entries, one a line, without blank ones: what types such as Custom Comments are billed by.

    A text without a line break is split at a backslash followed by n, which some bots send for one; never at commas,
    which belong to comments (PROTOCOL.md, "Quantity").
    """
    texts = [sent] if isinstance(sent, str) else sent
    return [line.strip(BLANKS) for text in texts for line in _break(text) if line.strip(BLANKS)]


def split_names(sent: str | list[str]) -> list[str]:
    """The same for user names, hashtags and keywords, where a single line with commas is a list too."""
    lines = split_lines(sent)
    if len(lines) != 1:
        return lines
    return [name.strip(BLANKS) for name in lines[0].split(",") if name.strip(BLANKS)]


def _break(text: str) -> list[str]:
    lines = _BREAKS.split(text)
    return lines if len(lines) > 1 else text.split("\\n")
