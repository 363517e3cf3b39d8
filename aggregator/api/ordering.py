"""An order's row in the API's words."""

from __future__ import annotations

from aggregator.api.spelling import render_status
from aggregator.api.views import OrderRow, Parent, RefillStatus, Spelling, Status, StatusView
from aggregator.orders.model import Order
from aggregator.orders.refill_store import RefillState
from aggregator.orders.state import OrderState
from aggregator.orders.track import Render, StatusReply
from pricing.parts import begun_of
from providers.vocabulary import ServiceType

_ENDED: dict[OrderState, Status] = {
    OrderState.COMPLETED: Status.COMPLETED,
    OrderState.PARTIAL: Status.PARTIAL,
    OrderState.CANCELLED: Status.CANCELLED,
}
"""What a reseller is told of an end; an open order tells its phase, wherever it waits or runs."""

REFILL_TOLD: dict[RefillState, RefillStatus] = {
    RefillState.REQUESTED: RefillStatus.PENDING,
    RefillState.SENDING: RefillStatus.PENDING,
    RefillState.UNSURE: RefillStatus.PENDING,
    RefillState.PENDING: RefillStatus.PENDING,
    RefillState.RUNNING: RefillStatus.IN_PROGRESS,
    RefillState.COMPLETED: RefillStatus.COMPLETED,
    RefillState.REJECTED: RefillStatus.REJECTED,
}


def status_of(order: Order) -> Status:
    """Where an order stands, as its reseller is told."""
    return _ENDED.get(order.state) or Status(order.phase.value)


def _remains(order: Order, status: Status) -> int:
    """Nothing of a pending order is delivered, whatever was written down of it before that was a rule."""
    return order.quantity if status is Status.PENDING else order.remains


def render_for(currency: str) -> Render:
    """How an order's row becomes its replies in both spellings."""

    def render(order: Order) -> StatusReply:
        status = status_of(order)
        view = StatusView(
            status=status,
            charge=order.charge,
            refunded=order.refunded,
            remains=_remains(order, status),
            currency=currency,
            start_count=order.start_count,
            parent=_parent(order),
        )
        return StatusReply(order.reseller, render_status(view, Spelling.JSON), render_status(view, Spelling.CLASSIC))

    return render


def listed(order: Order) -> OrderRow:
    """A row of a reseller's list of orders; by the id under which it was ordered, which is what its reseller knows."""
    quantity = order.per_run if order.drip_feed else order.quantity
    return OrderRow(
        order=order.id,
        service=order.asked_service or order.service,
        link=order.link,
        quantity=quantity,
        request_id=order.request_id,
    )


def _parent(order: Order) -> Parent | None:
    """What drip-feed and subscription orders tell besides: how many of their runs or posts have begun."""
    subscription = order.type == ServiceType.SUBSCRIPTIONS
    if order.runs == 1 and not subscription:
        return None
    settled = begun_of(order.quantity, order.runs, order.undelivered)
    return Parent(done=settled if order.state.ended else order.runs_done or 0, subscription=subscription)
