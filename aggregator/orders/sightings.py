"""Which unanswered adds a provider took, told by its list of our orders: verdicts, nothing read or written.

A list proves that an order is there by our reference, or by showing as many unclaimed orders of its service, link and
quantity as there are such adds. It proves that one is not there only where it reaches back beyond it, shows everything
that we know of since, and nothing that could be it (providers/PROTOCOL.md, "Evidence").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from providers.vocabulary import ListedOrder

SHORT_LIST = 10
"""A list of fewer rows is not cut off, also where we know no older order to look for."""


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


class Known(Struct, frozen=True):
    """The orders there that belong to attempts of ours: their ids, and when each was sent."""

    sent: Mapping[str, int]
    had_earlier: bool
    """Whether any was taken there before the oldest claim."""


class Shown(Struct, frozen=True):
    """It is there, under this id."""

    order: str


class NotShown(Struct, frozen=True):
    """A list that would show it does not."""


class Unclear(Struct, frozen=True):
    """The list decides nothing."""

    reason: str


Sighting = Shown | NotShown | Unclear


def judge(rows: Sequence[ListedOrder], claims: Sequence[Claim], known: Known) -> dict[int, Sighting]:
    """What a list says of each claim that has not been given up."""
    free = [row for row in rows if row.order not in known.sent]
    return {claim.attempt: _judge(claim, claims, rows, free, known) for claim in claims if not claim.given_up}


def _judge(
    claim: Claim, claims: Sequence[Claim], rows: Sequence[ListedOrder], free: Sequence[ListedOrder], known: Known
) -> Sighting:
    named = [row for row in free if claim.reference and row.reference == claim.reference]
    if named:
        return Shown(named[0].order) if len(named) == 1 else Unclear(f"{len(named)} orders have our reference")
    possible = [row for row in free if _may_be(row, claim) and _is_later(row, claim, known)]
    like = [row for row in possible if _is_like(row, claim)]
    peers = [other for other in claims if other.looks == claim.looks]
    if like and len(like) == len(peers) and not any(peer.given_up for peer in peers):
        place = sorted(peer.attempt for peer in peers).index(claim.attempt)
        return Shown(sorted((row.order for row in like), key=_by_age)[place])
    if possible:
        return Unclear(f"{len(possible)} unclaimed orders might be it")
    return NotShown() if _reaches(rows, claim, known) else Unclear("the list does not reach back to it")


def _may_be(row: ListedOrder, claim: Claim) -> bool:
    """Nothing rules it out: links and service ids may be spelled otherwise there."""
    if claim.reference and row.reference:
        return False
    return row.quantity is None or not claim.quantities or row.quantity in claim.quantities


def _is_like(row: ListedOrder, claim: Claim) -> bool:
    counted = not claim.quantities or row.quantity in claim.quantities
    return row.service == claim.service and row.link == claim.link and counted


def _is_later(row: ListedOrder, claim: Claim, known: Known) -> bool:
    """Ids that are numbers grow: a row below an order of ours that was there before is older than the claim."""
    earlier = [int(order) for order, sent in known.sent.items() if sent < claim.sent_at and order.isdigit()]
    return not earlier or not row.order.isdigit() or int(row.order) > max(earlier)


def _reaches(rows: Sequence[ListedOrder], claim: Claim, known: Known) -> bool:
    shown = {row.order for row in rows}
    since = {order for order, sent in known.sent.items() if sent >= claim.sent_at}
    before = any(order in shown for order, sent in known.sent.items() if sent < claim.sent_at)
    return since <= shown and (before or (not known.had_earlier and len(rows) < SHORT_LIST))


def _by_age(order: str) -> tuple[int, str]:
    return (int(order) if order.isdigit() else 0, order)
