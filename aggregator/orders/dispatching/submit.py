"""What a provider is asked to place, the same for the first time and for a repeat, and our own id of it."""

from __future__ import annotations

import hashlib
from uuid import uuid4

from aggregator.orders.dispatching.reference_store import Sent
from aggregator.orders.model import Attempt, Order
from providers.adapter import Profile
from providers.vocabulary import Fields, ServiceType, Submission


def submission_of(order: Order, attempt: Attempt, sent: Sent | None) -> Submission:
    """An order as its provider is asked to take it."""
    return as_asked(order, attempt.service, sent.reference if sent else "", attempt.package_units)


def as_asked(order: Order, service: str, reference: str = "", package_units: int | None = None) -> Submission:
    """An order as the provider of this service would be asked to take it."""
    return Submission(
        service=service,
        type=ServiceType(order.type),
        link=order.link,
        quantity=order.quantity,
        fields=_bought(order),
        reference=reference,
        package_units=package_units,
    )


def _bought(order: Order) -> Fields:
    """What its type takes. A subscription always says how many posts: where none are named, panels serve every one."""
    fields = order.type_fields()
    return fields | {"posts": str(order.new_posts)} if order.type == ServiceType.SUBSCRIPTIONS else fields


def new_reference(profile: Profile) -> Sent | None:
    """A new id for an attempt, unlike any other panel's at the same account; None where the provider honours none."""
    return Sent(uuid4().hex, door_of(profile)) if profile.dialect.reference_param else None


def door_of(profile: Profile) -> str:
    """Which account, and under which name, a reference was told to; changes with address, key and parameter."""
    return hashlib.sha256(f"{profile.url}\n{profile.key}\n{profile.dialect.reference_param}".encode()).hexdigest()
