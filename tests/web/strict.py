"""Pages read more strictly than a browser reads them: nothing is forgiven, and everything that could act is told."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

OUR_ADDRESS = re.compile(r"/(?!/)|#|\?|mailto:|data:image/svg\+xml;base64,")
ALLOWED_SCRIPTS = re.compile(r"/static/(panel|public)\.[0-9a-f]{12}\.js")
EMPTY = {"br", "hr", "img", "input", "link", "meta", "source", "wbr"}
"""Elements without an end."""


class Tags(HTMLParser):
    """A page as a strict browser reads it: what could act, what is left open, what it is made of, what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.elements: Counter[tuple[str, ...]] = Counter()
        """How many there are of each tag with these attributes."""
        self.texts: list[str] = []
        self.next = ""
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.elements[tag, *sorted(given)] += 1
        self.texts += [value or "" for value in given.values()]
        if given.get("rel") == "next":
            self.next = given["href"] or ""
        if tag in ("iframe", "object", "embed", "base", "style", "video", "math") or "style" in given:
            self.wrong.append(f"<{tag}>")
        if tag == "script" and not ALLOWED_SCRIPTS.fullmatch(given.get("src") or ""):
            self.wrong.append("<script>")
        if tag == "meta" and "http-equiv" in given:
            self.wrong.append("<meta>")
        self.wrong += [f"{tag} {name}" for name in given if name.startswith("on")]
        for name in ("href", "src", "action", "formaction"):
            if not OUR_ADDRESS.match(given.get(name) or "/"):
                self.wrong.append(f"{name}={given[name]}")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"</{tag}> where it closes nothing")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def read(self, page: str) -> None:
        self.feed(page)
        self.close()
        self.wrong += [f"<{tag}> is left open" for tag in self._open]
        self._open.clear()


def wrong_on(page: str) -> list[str]:
    parser = Tags()
    parser.read(page)
    return parser.wrong
