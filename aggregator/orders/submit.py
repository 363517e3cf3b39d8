"""What a provider is asked to place, the same for the first time and for a repeat, and our own id of it."""

from __future__ import annotations

import hashlib
from uuid import uuid4

from aggregator.orders.evidence_store import Sent
from aggregator.orders.model import Attempt, Order
from providers.adapter import Profile
from providers.vocabulary import ServiceType, Submission


def submission_of(order: Order, attempt: Attempt, sent: Sent | None) -> Submission:
    """An order as its provider is asked to take it."""
    return Submission(
        service=attempt.service, type=ServiceType(order.type), link=order.link, quantity=order.quantity,
        fields=order.type_fields(), reference=sent.reference if sent else "",
        package_units=attempt.package_units,
    )  # fmt: skip


def new_reference(profile: Profile) -> Sent | None:
    """A new id for an attempt, unlike any other panel's at the same account; None where the provider honours none."""
    return Sent(uuid4().hex, door_of(profile)) if profile.dialect.reference_param else None


def door_of(profile: Profile) -> str:
    """Which account, and under which name, a reference was told to; changes with address, key and parameter."""
    return hashlib.sha256(f"{profile.url}\n{profile.key}\n{profile.dialect.reference_param}".encode()).hexdigest()
