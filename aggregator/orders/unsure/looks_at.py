"""What the looks at one attempt say together: pure questions over the rows of observations."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.orders.unsure.evidence_store import Look, Rule, Seen


def known_taken(looks: Sequence[Look]) -> bool:
    """Some look proved that it was taken, though not under which id."""
    return any(look.verdict is Seen.ACCEPTED for look in looks)


def absent_since(looks: Sequence[Look], rule: Rule) -> int | None:
    """Since when every look by a rule that told anything told that it is not there."""
    since = None
    for look in looks:
        if look.rule is rule and look.verdict is not Seen.FAILED:
            since = (since or look.at) if look.verdict is Seen.ABSENT else None
    return since


def contradicted(looks: Sequence[Look], rule: Rule) -> bool:
    """Another rule saw it, or might have seen it at its last look."""
    last = {look.rule: look.verdict for look in looks if look.verdict is not Seen.FAILED}
    might = rule is Rule.BALANCE and last.get(Rule.LIST) is Seen.OPEN
    return might or any(look.verdict in (Seen.ACCEPTED, Seen.FOUND) for look in looks)
