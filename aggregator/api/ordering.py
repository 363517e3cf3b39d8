"""Between the API's words for an order and the orders themselves: an `add` to be placed, a row to be told."""

from __future__ import annotations

from aggregator.api.fields import AddFields
from aggregator.api.spelling import render_status
from aggregator.api.terms import read_terms
from aggregator.api.views import Spelling, Status, StatusView
from aggregator.errors import IncorrectRequest
from aggregator.orders.model import Order
from aggregator.orders.place import Ask, Wanted, payload_of
from aggregator.orders.state import OrderState
from aggregator.orders.track import Render, Reply
from providers.vocabulary import ServiceType

_TOLD: dict[OrderState, Status] = {
    OrderState.QUEUED: Status.PENDING,
    OrderState.PLACING: Status.PROCESSING,
    OrderState.UNSURE: Status.PENDING,
    OrderState.COMPLETED: Status.COMPLETED,
    OrderState.PARTIAL: Status.PARTIAL,
    OrderState.CANCELLED: Status.CANCELLED,
}
"""What a reseller is told of a state; an active order tells the last phase that its provider announced."""


def ask_for(add: AddFields) -> Ask:
    """An `add` as the orders understand it; its type's rules are applied once its service is known."""

    def read(kind: str) -> Wanted:
        terms = read_terms(ServiceType(kind), add)
        if terms.runs > 1:
            raise IncorrectRequest("runs", "is not possible for this service")
        return Wanted(service=add.service, link=terms.link, quantity=terms.quantity, fields=terms.fields)

    return Ask(
        service=add.service,
        payload=payload_of(add.service, add.link, add.quantity, sorted(add.extras.items())),
        read=read,
        request_id=add.request_id,
        custom_id=add.custom_id,
    )


def render_for(currency: str) -> Render:
    """How an order's row becomes its replies in both spellings."""

    def render(order: Order) -> Reply:
        view = StatusView(
            status=_TOLD.get(order.state) or Status(order.phase.value), charge=order.charge, refunded=order.refunded,
            remains=order.remains, currency=currency, start_count=order.start_count,
        )  # fmt: skip
        return Reply(order.reseller, render_status(view, Spelling.JSON), render_status(view, Spelling.CLASSIC))

    return render
