"""Public pages are made once, until what they show changes."""

from __future__ import annotations

from aggregator.web.page_cache import MOST, CachedPage, PageCache, made


class Maker:
    """Counts how often it makes a page."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> CachedPage:
        self.times += 1
        return made(b"page %d" % self.times)


def test_a_page_is_made_again_only_when_what_it_shows_is_another() -> None:
    """Whatever is kept under other names meanwhile."""
    kept, make = PageCache(), Maker()
    shelf, other = object(), object()
    first = kept.get("a", (shelf,), make)
    kept.get("b", (other, other), make)
    assert kept.get("a", (shelf,), make) is first
    again = kept.get("a", (other,), make)
    assert (again.body, again.tag == first.tag, make.times) == (b"page 3", False, 3)


def test_addresses_without_end_fill_no_memory() -> None:
    kept, make = PageCache(), Maker()
    for number in range(3 * MOST):
        kept.get(str(number), (), make)
    assert len(kept._pages) <= MOST
