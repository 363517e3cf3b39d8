"""How large a request may be: as the owner set it, or what the longest text that the price list offers needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from aggregator.catalog.shelf.shelf import NOBODY, Shelf, ShelfService
from aggregator.orders.intake.types import BILLED_BY_LINE

LINE_BYTES = 128
"""For each comment or name that a service publishes as its largest quantity."""
LARGEST = 4 * 2**20
"""Bytes that no price list exceeds."""
IN_A_FORM = 3
"""A form takes so many bytes for one byte of a text that is not English."""
_FORM = "application/x-www-form-urlencoded"


class BodySizes:
    """The limit of request bodies in bytes; it follows the shelf."""

    def __init__(self, shelf: Callable[[], Shelf], body_kib: int) -> None:
        self._shelf = shelf
        self.usual = body_kib * 1024
        """As the owner set it."""
        self._of: Shelf | None = None
        self._most = self.usual

    @property
    def most(self) -> int:
        """Of plain text: JSON and multipart."""
        shelf = self._shelf()
        if shelf is not self._of:
            self._of, self._most = shelf, max(self.usual, needed(shelf))
        return self._most

    @property
    def most_of_form(self) -> int:
        """Of the same text as a form."""
        return self.most * IN_A_FORM

    def limit(self, headers: Mapping[str, str]) -> int:
        """Of a request with these headers (names in lower case)."""
        form = headers.get("content-type", "").strip().lower().startswith(_FORM)
        return self.most_of_form if form else self.most


def needed(shelf: Iterable[ShelfService]) -> int:
    """Bytes of the largest order of lines that is for sale, up to `LARGEST`."""
    lines = [service.terms(NOBODY).maximum for service in shelf if service.type in BILLED_BY_LINE]
    return min(max(lines, default=0) * LINE_BYTES, LARGEST)
