"""Which unanswered adds a provider took, told by its list of our orders: verdicts, nothing read or written.

Our reference proves. Without one an order is ours where it looks like the add, is surely younger, and the account is
ours alone; else it is shown to the owner. A list proves that one is not there only where it reaches back beyond the
add, shows everything that we know of since, and nothing that could be it (providers/PROTOCOL.md, "Evidence").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from providers.vocabulary import ListedOrder

SHORT_LIST = 10
"""A list of fewer rows is not cut off, also where we know no older order to look for."""
RISING = 3
"""So many orders of ours, one after the other, show that ids rise there."""
CLOCKS_MS = 600_000
"""How far a provider's clock may be behind ours."""
LEAST_CUT = 16
"""Of a reference that a list cuts off: with fewer letters it might be another's."""
MOST_REMEMBERED = 2_000
"""Of longer lists it is not remembered what they showed."""


class Claim(Struct, frozen=True, kw_only=True):
    """An add that nobody answered, and how its order would look in a list."""

    attempt: int
    service: str
    link: str
    quantities: frozenset[int]
    """As a list may put it; empty = not to be told by its quantity."""
    reference: str = ""
    """Our id of it, where its provider was told one."""
    sent_at: int
    given_up: bool = False
    """Called absent or written off meanwhile: it may claim a row, and gets no verdict."""
    given: str = ""
    """The id that its provider gave it though it was another order's."""

    @property
    def looks(self) -> tuple[str, str, frozenset[int]]:
        return self.service, self.link, self.quantities


class Lists(Struct, frozen=True, kw_only=True):
    """What the lists of a provider have shown so far. The newest attempt of its time tells when one was read."""

    since: int | None = None
    """When the first of them was read; None = none was."""
    first_seen: Mapping[str, int] = {}
    """When each order was first seen in one."""
    newest: int = 0
    """When the last one was read."""
    cut: bool = False
    """Whether one was long enough to leave older orders out."""

    def read_before(self, attempt: int) -> bool:
        """Whether a list was read, whole, before an attempt began."""
        return self.since is not None and self.since < attempt

    def showed_before(self, order: str, attempt: int) -> bool:
        """Whether an order stood in a list that was read before an attempt began."""
        seen = self.first_seen.get(order)
        return seen is not None and seen < attempt

    def with_list(self, orders: Sequence[str], newest: int) -> Lists:
        """With one more, after whose reading `newest` was the newest attempt."""
        cut = len(orders) >= SHORT_LIST
        if len(orders) > MOST_REMEMBERED:
            return Lists()
        seen = {**self.first_seen, **{order: self.first_seen.get(order, newest) for order in orders}}
        if self.since is None or len(seen) > MOST_REMEMBERED:
            return Lists(since=newest, first_seen=dict.fromkeys(orders, newest), newest=newest, cut=cut)
        return Lists(since=self.since, first_seen=seen, newest=newest, cut=self.cut or cut)


class First(Struct, frozen=True):
    """Our first order at a provider."""

    order: str
    attempt: int
    sent_at: int


class Known(Struct, frozen=True):
    """The orders there that belong to attempts of ours: their ids, and when each was sent."""

    sent: Mapping[str, int]
    had_earlier: bool
    """Whether any was taken there before the oldest claim."""
    given: Mapping[str, int] = {}
    """When we were told the id of each; missing = when it was sent."""
    references: Mapping[str, str] = {}
    """Our reference of those that have one."""
    newest_earlier: str | None = None
    """The id of the newest that was taken there before the oldest claim."""
    first: First | None = None
    lists: Lists = Lists()
    restarted: bool = False
    """An id was given a second time there: neither the number of an id nor an older list tells its age."""

    def numbers(self, before: int) -> list[int]:
        """The ids, all of them numbers, that were given before a moment."""
        return [int(order) for order, sent in self.sent.items() if max(sent, self.given.get(order, sent)) < before]


class Shown(Struct, frozen=True):
    """It is there, under this id."""

    order: str


class NotShown(Struct, frozen=True):
    """A list that would show it does not."""


class Unclear(Struct, frozen=True):
    """The list decides nothing."""

    reason: str
    order: str | None = None
    """The one that looks like it, for the owner to compare."""


Sighting = Shown | NotShown | Unclear


def judge(rows: Sequence[ListedOrder], claims: Sequence[Claim], known: Known) -> dict[int, Sighting]:
    """What a list says of each claim that has not been given up."""
    if not claims:
        return {}
    seen = _List(rows, claims, known)
    return {claim.attempt: seen.judge(claim) for claim in claims if not claim.given_up}


class _List:
    """One list, and all that could explain its rows."""

    def __init__(self, rows: Sequence[ListedOrder], claims: Sequence[Claim], known: Known) -> None:
        self._rows = rows
        self._claims = claims
        self._known = known
        self._free = [row for row in rows if row.order not in known.sent]
        self._tells_references = any(_is_reference(row.reference, known.references.get(row.order, "")) for row in rows)
        rises = not known.restarted and _rises(known.sent)
        self._earlier = {claim.attempt: known.numbers(claim.sent_at) if rises else [] for claim in claims}
        oldest = min(claims, key=lambda claim: claim.attempt)
        self._first = known.first or First("", oldest.attempt, oldest.sent_at)
        numbered = not known.restarted and self._first.order.isdigit()
        starts = numbered and _rises({**known.sent, self._first.order: self._first.sent_at})
        self._first_number = int(self._first.order) if starts else None

    def judge(self, claim: Claim) -> Sighting:
        named = [row for row in self._rows if _is_reference(row.reference, claim.reference)]
        if named:
            return self._named(named)
        possible = [row for row in self._free if self._may_be(row, claim) and not self._is_older(row, claim)]
        like = sorted((row for row in possible if _is_like(row, claim)), key=lambda row: _by_age(row.order))
        peers = sorted((other for other in self._claims if other.looks == claim.looks), key=lambda one: one.attempt)
        if like and len(like) == len(peers) and not any(peer.given_up for peer in peers):
            row = like[peers.index(claim)]
            doubt = self._doubt(like, peers)
            return Shown(row.order) if doubt is None else Unclear(doubt, row.order)
        if possible:
            return Unclear(f"{len(possible)} unclaimed orders might be it", like[0].order if len(like) == 1 else None)
        return NotShown() if self._reaches(claim) else Unclear("the list does not reach back to it")

    def _named(self, named: Sequence[ListedOrder]) -> Sighting:
        if len(named) > 1:
            return Unclear(f"{len(named)} orders have our reference")
        if named[0].order in self._known.sent:
            return Unclear(f"order {named[0].order} has our reference and belongs to another attempt")
        return Shown(named[0].order)

    def _doubt(self, like: Sequence[ListedOrder], peers: Sequence[Claim]) -> str | None:
        """Why orders that look like these adds are not surely theirs."""
        if any(other not in peers and _is_like(row, other) for other in self._claims for row in like):
            return "another add might have placed it"
        if not all(self._is_younger(row, peer) for row, peer in zip(like, peers, strict=True)):
            return "nothing proves that it is younger than the add"
        strangers = self._strangers()
        return f"the account is not ours alone, order {strangers[0].order} is nobody's" if strangers else None

    def _may_be(self, row: ListedOrder, claim: Claim) -> bool:
        """Nothing rules it out: each of link, service and quantity may be spelled otherwise there, but not all."""
        if row.reference and self._is_of_another(row, claim):
            return False
        counted = row.quantity is None or not claim.quantities or row.quantity in claim.quantities
        return counted or row.service in (None, claim.service) or row.link in (None, claim.link)

    def _is_of_another(self, row: ListedOrder, claim: Claim) -> bool:
        """Where a list is seen to tell our references, another one is another order's."""
        others = (other.reference for other in self._claims if other is not claim)
        if any(_is_reference(row.reference, other) for other in others):
            return True
        is_cut = claim.reference.casefold().startswith(_plain(row.reference))
        return bool(claim.reference) and self._tells_references and not is_cut

    def _is_older(self, row: ListedOrder, claim: Claim) -> bool:
        """Surely older: it stood in a list before the add left, is dated before, or below ours where ids rise."""
        if _is_dated_before(row, claim.sent_at):
            return True
        if not self._known.restarted and self._known.lists.showed_before(row.order, claim.attempt):
            return True
        earlier = self._earlier[claim.attempt]
        return bool(earlier) and row.order.isdigit() and int(row.order) < max(earlier)

    def _is_younger(self, row: ListedOrder, claim: Claim) -> bool:
        """Surely younger: a list before the add did not show it, it is above ours where ids rise, or dated after."""
        earlier = self._earlier[claim.attempt]
        above = bool(earlier) and row.order.isdigit() and int(row.order) > max(earlier)
        dated = row.placed is not None and row.placed[0] >= claim.sent_at - claim.sent_at % 1000
        return above or dated or self._is_new_in_lists(row, claim)

    def _is_new_in_lists(self, row: ListedOrder, claim: Claim) -> bool:
        """A list that was cut off leaves old orders out: where they have numbers, a new one has a higher one."""
        lists = self._known.lists
        if self._known.restarted and lists.cut:
            return False
        if not lists.read_before(claim.attempt) or lists.showed_before(row.order, claim.attempt):
            return False
        numbers = [int(order) for order, seen in lists.first_seen.items() if seen < claim.attempt and order.isdigit()]
        return not (lists.cut and numbers and row.order.isdigit()) or int(row.order) > max(numbers)

    def _strangers(self) -> list[ListedOrder]:
        """Orders that nobody of ours has placed, unless surely older than our first one there."""
        return [row for row in self._free if not self._is_claimed(row) and not self._is_before_us(row)]

    def _is_claimed(self, row: ListedOrder) -> bool:
        return any(
            _is_reference(row.reference, claim.reference) or (_is_like(row, claim) and not self._is_older(row, claim))
            for claim in self._claims
        )

    def _is_before_us(self, row: ListedOrder) -> bool:
        first, number = self._first, self._first_number
        if self._known.lists.showed_before(row.order, first.attempt) or _is_dated_before(row, first.sent_at):
            return True
        return number is not None and row.order.isdigit() and int(row.order) < number

    def _reaches(self, claim: Claim) -> bool:
        """It shows all that was taken since, and the newest of before; or it is all that there is."""
        known, shown = self._known, {row.order for row in self._rows}
        if not known.sent.keys() <= shown:
            return False
        if known.newest_earlier is not None:
            return known.newest_earlier in shown
        before = any(sent < claim.sent_at for sent in known.sent.values())
        return before or (not known.had_earlier and len(self._rows) < SHORT_LIST)


def _is_like(row: ListedOrder, claim: Claim) -> bool:
    counted = not claim.quantities or row.quantity in claim.quantities
    return row.service == claim.service and row.link == claim.link and counted


def _is_dated_before(row: ListedOrder, moment: int) -> bool:
    return row.placed is not None and row.placed[1] + CLOCKS_MS < moment


def _is_reference(told: str, ours: str) -> bool:
    """Whether a list tells our reference, in its own spelling and perhaps cut off."""
    plain = _plain(told)
    return bool(ours and plain) and (
        plain == _plain(ours) or (len(plain) >= LEAST_CUT and _plain(ours).startswith(plain))
    )


def _plain(reference: str) -> str:
    return reference.casefold().replace("-", "").strip(". \u2026")


def _rises(sent: Mapping[str, int]) -> bool:
    """Whether ids were seen to rise with the time, without an exception."""
    if len(sent) < RISING or not all(order.isdigit() for order in sent):
        return False
    numbers = [number for _, number in sorted((moment, int(order)) for order, moment in sent.items())]
    return all(one < next_one for one, next_one in pairwise(numbers))


def _by_age(order: str) -> tuple[int, str]:
    return (int(order) if order.isdigit() else 0, order)
