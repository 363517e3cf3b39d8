"""What the owner's cancel of an order has really done, in words."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.orders.model import CANCEL_TAKEN, Attempt, Order
from aggregator.orders.state import OrderState, Outcome
from aggregator.settings import ProviderSettings

_HAS_IT = (Outcome.PLACING, Outcome.ACCEPTED, Outcome.UNSURE)


def tell_asking(order: Order, attempts: list[Attempt], providers: Mapping[str, ProviderSettings] | None) -> str:
    """Who is asked, or why nobody is, of an order that has left; `providers` is None where they cannot be read."""
    attempt = next((one for one in reversed(attempts) if one.outcome in _HAS_IT), None)
    if attempt is None:
        return "the cancel is kept, and done before it goes anywhere"
    name = attempt.provider
    if order.state is not OrderState.ACTIVE:
        return f"nobody knows yet if {name} has it, which is asked to cancel it if it does"
    if providers is not None and name not in providers:
        return f"{name} is in no providers.toml, so nobody is asked; the cancel is kept"
    if providers is not None and providers[name].profile.dialect.cancel == "off":
        return f"{name} takes no cancels, so it is not asked, and goes on delivering"
    return f"{name} {_asked(attempt)}"


def _asked(attempt: Attempt) -> str:
    if attempt.cancel_refused:
        return f"refused to cancel it ({attempt.cancel_answer}), and is asked once more"
    if attempt.cancel_answer == CANCEL_TAKEN:
        return "took an earlier request to cancel it, and is not asked again"
    if attempt.cancel_asks:
        return "has not answered an earlier request to cancel it, and is asked until it does"
    return "is asked to cancel it"
