"""A cache of public pages, as they were made last, until what they show changes."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable

from msgspec import Struct

MOST = 64
"""Pages kept; a search by words is none of them."""


class CachedPage(Struct, frozen=True):
    """A body, ready to send to whoever is not signed in."""

    body: bytes
    packed: bytes
    tag: str
    kind: str


class PageCache:
    """Keeps each page as long as the things that it was made from are the same."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[tuple[object, ...], CachedPage]] = {}

    def find(self, key: str, of: tuple[object, ...]) -> CachedPage | None:
        """What was made under this key from the same things."""
        then, page = self._pages.get(key, ((), None))
        return page if len(then) == len(of) and all(one is other for one, other in zip(of, then, strict=True)) else None

    def get(self, key: str, of: tuple[object, ...], make: Callable[[], CachedPage]) -> CachedPage:
        """What was made under this key, unless one of the things is another now."""
        known = self.find(key, of)
        if known is not None:
            return known
        if len(self._pages) >= MOST:
            self._pages.clear()
        page = make()
        self._pages[key] = (of, page)
        return page


def made(body: bytes, kind: str = "text/html") -> CachedPage:
    """A body with its tag, compressed too."""
    return CachedPage(body, gzip.compress(body, 6, mtime=0), f'W/"{hashlib.sha256(body).hexdigest()[:24]}"', kind)
