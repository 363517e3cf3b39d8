"""The promise that the book was only ever added to: a chain of hashes over all entries, in the order of their ids.

Nothing is hashed when money moves. A run hashes what came since the last link, upon the hash of that link, and keeps
the result; a run over everything walks from the first entry through every link that was ever kept. An entry that was
changed, taken out or slipped in breaks the chain at the next link.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence

from msgspec import Struct

from aggregator.audit.facts import Checked, Told
from aggregator.audit.promise import Breach, Promise
from aggregator.audit.scope import Scope, between
from aggregator.storage.engine import is_sqlite
from aggregator.storage.tables import Signal
from aggregator.storage.transaction import engine

LEAST = 1_000
"""A run over what is new makes a link only when so many entries have come."""
START = hashlib.sha256(b"entries").hexdigest()

CHAIN = Promise(
    id="M13",
    name="book-only-grows",
    sentence="no entry was changed, removed or slipped in since it was first audited",
)
_TEXTS = ("source", "target", "reference", "note")
_NUMBERS = ("id", "amount", "reseller", "order_id", "decision", "balance", "at")


class Link(Struct, frozen=True):
    """The hash of all entries up to one of them."""

    entry: int
    hash: str


class Chain:
    """Walks the links that are known, and makes the next one."""

    promises = (CHAIN,)

    def __init__(self, links: Sequence[Link], last: int) -> None:
        self.link: Link | None = None
        """By the end of the look: the new one, where one was due and the chain holds."""
        self._links = links
        self._last = last

    async def look(self, scope: Scope) -> AsyncIterator[Told]:
        end = self._links[-1] if self._links else Link(0, START)
        if scope.whole:
            walked = Link(0, START)
            for link in self._links:
                walked = await _extend(walked, link.entry)
                if walked.hash != link.hash:
                    yield Breach(CHAIN.name, f"entries up to {link.entry}, hash {walked.hash}, kept {link.hash}")
                    return
            yield Checked(walked.entry)
        elif end.entry and not await Signal.raw(f"select 1 as one from entries where id = {end.entry}"):
            yield Breach(CHAIN.name, f"entry {end.entry} is gone")
            return
        if self._last - end.entry >= (1 if scope.whole else LEAST):
            self.link = await _extend(end, self._last)


async def _extend(link: Link, last: int) -> Link:
    so_far = hashlib.sha256(link.hash.encode())
    for page in between(link.entry, last):
        rows = await Signal.raw(_lines(page("id")))
        so_far.update((rows[0]["lines"] or "").encode())
    return Link(last, so_far.hexdigest())


def _lines(condition: str) -> str:
    """All entries of a page as one text, alike on both engines; each text with its length, to be read in one way."""
    texts = [f"length({name}), {name}" for name in _TEXTS]
    pattern = " ".join(["%s"] * len(_NUMBERS) + ["%s:%s"] * len(_TEXTS))
    line = f"format('{pattern}', {', '.join([*_NUMBERS, *texts])})"
    one = f"select id, {line} as line from entries where {condition} order by id"
    if is_sqlite(engine()):
        return f"select group_concat(line, char(10)) as lines from ({one})"
    return f"select string_agg(line, chr(10) order by id) as lines from ({one}) as page"
