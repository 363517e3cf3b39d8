"""Between the API's words for an order and the orders themselves: an `add` to be placed, a row to be told."""

from __future__ import annotations

from aggregator.api.body import Value
from aggregator.api.fields import AddFields
from aggregator.api.spelling import render_status
from aggregator.api.terms import Terms, read_terms
from aggregator.api.text import BLANKS
from aggregator.api.views import OrderRow, Parent, RefillStatus, Spelling, Status, StatusView
from aggregator.orders.model import Order
from aggregator.orders.place import Ask, Wanted, payload_of
from aggregator.orders.refill_store import RefillState
from aggregator.orders.state import OrderState
from aggregator.orders.track import Render, Reply
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


def ask_for(add: AddFields, *, open_posts: int) -> Ask:
    """An `add` as the orders understand it; its type's rules are applied once its service is known."""
    return Ask(
        service=add.service,
        payload_for=lambda service: payload_of(
            service, add.link, add.quantity, sorted((name, _trimmed(value)) for name, value in add.extras.items())
        ),
        read=lambda kind: _want(ServiceType(kind), add, open_posts),
        request_id=add.request_id,
        custom_id=add.custom_id,
    )


def _trimmed(value: Value) -> Value:
    """Blanks around a text make no other request of it."""
    return value.strip(BLANKS) if isinstance(value, str) else [one.strip(BLANKS) for one in value]


def _want(kind: ServiceType, add: AddFields, open_posts: int) -> Wanted:
    terms = read_terms(kind, add)
    if kind is ServiceType.SUBSCRIPTIONS:
        return _want_subscription(terms, open_posts)
    fields = terms.fields
    if terms.runs > 1:
        fields = {**fields, "runs": str(terms.runs), "interval": str(terms.interval)}
    total = terms.quantity * terms.runs
    return Wanted(
        link=terms.link, quantity=total, runs=terms.runs, least=terms.quantity, most=total,
        drip_feed=terms.runs > 1, fields=fields,
    )  # fmt: skip


def _want_subscription(terms: Terms, open_posts: int) -> Wanted:
    """Charged up front for the most that it may take: every post at the largest quantity."""
    counted = {name: int(str(terms.fields.get(name, 0))) for name in ("min", "posts", "old_posts")}
    only_old = counted["old_posts"] > 0 and terms.fields.get("posts") == "0"
    new = counted["posts"] if counted["posts"] or only_old else open_posts
    posts = new + counted["old_posts"]
    return Wanted(
        link=terms.link or str(terms.fields["username"]), quantity=posts * terms.quantity, runs=posts,
        least=counted["min"], most=terms.quantity, only_old_posts=only_old, fields=terms.fields,
    )  # fmt: skip


def status_of(order: Order) -> Status:
    """Where an order stands, as its reseller is told."""
    return _ENDED.get(order.state) or Status(order.phase.value)


def _remains(order: Order, status: Status) -> int:
    """Nothing of a pending order is delivered, whatever was written down of it before that was a rule."""
    return order.quantity if status is Status.PENDING else order.remains


def render_for(currency: str) -> Render:
    """How an order's row becomes its replies in both spellings."""

    def render(order: Order) -> Reply:
        status = status_of(order)
        view = StatusView(
            status=status, charge=order.charge, refunded=order.refunded,
            remains=_remains(order, status), currency=currency, start_count=order.start_count, parent=_parent(order),
        )  # fmt: skip
        return Reply(order.reseller, render_status(view, Spelling.JSON), render_status(view, Spelling.CLASSIC))

    return render


def listed(order: Order) -> OrderRow:
    """A row of a reseller's list of orders; by the id under which it was ordered, which is what its reseller knows."""
    quantity = order.per_run if order.drip_feed else order.quantity
    return OrderRow(
        order=order.id, service=order.asked_service or order.service, link=order.link, quantity=quantity,
        request_id=order.request_id,
    )  # fmt: skip


def _parent(order: Order) -> Parent | None:
    """What drip-feed and subscription orders tell besides: how many of their runs or posts have begun."""
    subscription = order.type == ServiceType.SUBSCRIPTIONS
    if order.runs == 1 and not subscription:
        return None
    settled = begun_of(order.quantity, order.runs, order.undelivered)
    return Parent(done=settled if order.state.ended else order.runs_done or 0, subscription=subscription)
