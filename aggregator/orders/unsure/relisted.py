"""Whether a provider's list shows one of its old ids as a new order of ours: verdicts, nothing read or written.

It does where the row is of the add's own link, service and quantity while the id's order of ours was for something
else, or bears our reference (providers/PROTOCOL.md, "Ids that come again").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.orders.unsure.sightings import Claim, Shown, Unclear
from providers.vocabulary import ListedOrder


def judge(
    rows: Sequence[ListedOrder],
    claims: Sequence[Claim],
    owned: Mapping[str, Claim],
    running: frozenset[str],
    *,
    restarted: bool,
) -> dict[int, Shown | Unclear]:
    """What the rows with ids that are taken say of each claim; nothing of most.

    `owned` = how the order of ours that has an id would look in the list, `running` = the ids of those that have not
    ended, `restarted` = ids there were given a second time before.
    """
    verdicts: dict[int, Shown | Unclear] = {}
    for claim in claims:
        verdict = _judge(claim, claims, rows, owned, running, restarted=restarted)
        if verdict is not None and not claim.given_up:
            verdicts[claim.attempt] = verdict
    return verdicts


def _judge(
    claim: Claim,
    claims: Sequence[Claim],
    rows: Sequence[ListedOrder],
    owned: Mapping[str, Claim],
    running: frozenset[str],
    *,
    restarted: bool,
) -> Shown | Unclear | None:
    mine = [row for row in rows if row.order == claim.given] if claim.given else rows
    free = [row for row in mine if row.order in owned and row.order not in running]
    named = [row for row in free if claim.reference and row.reference == claim.reference]
    like = [row for row in free if _is_like(row, claim)]
    other = [row for row in like if not _is_like(row, owned[row.order])]
    if len(named) == 1:
        return Shown(named[0].order)
    if other and _is_alone(claim, claims, rows, other):
        return Shown(other[0].order)
    if other or claim.given or (restarted and like):
        return Unclear("an id was given twice, and the list does not tell whose order it is")
    return None


def _is_like(row: ListedOrder, claim: Claim) -> bool:
    return row.service == claim.service and row.link == claim.link and row.quantity in claim.quantities


def _is_alone(claim: Claim, claims: Sequence[Claim], rows: Sequence[ListedOrder], other: Sequence[ListedOrder]) -> bool:
    """Whether no second row, and no second add, could be meant."""
    if len(other) > 1:
        return False
    if claim.given:
        return True
    peers = [one for one in claims if one.looks == claim.looks]
    return len(peers) == 1 and len([row for row in rows if _is_like(row, claim)]) == 1
