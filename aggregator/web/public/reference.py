"""All that the API's page says, put together from what the API reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from aggregator.api import spelling as spell
from aggregator.api.guide.clients import client
from aggregator.api.guide.examples import Example, examples
from aggregator.api.guide.fields import FIELDS, SOLD, Field, taken_by_action, taken_by_add
from aggregator.api.guide.samples import Language, write
from aggregator.api.views import RefillStatus, Spelling, Status
from aggregator.api.wire import Action
from aggregator.catalog.shelf.shelf import Shelf, ShelfService
from aggregator.orders.intake.types import TypeFields
from aggregator.settings import PanelSettings
from aggregator.web.public.live_examples import live, service_for
from pricing import refund
from pricing.markup import Buyer
from pricing.money import Rate
from providers.vocabulary import ServiceType

CODED = ("services", "balance", "add", "status", "status-many", "orders", "refill", "refill-status", "cancel")
"""Examples that are shown as programs; the others as what is sent."""
ENCODINGS = {Spelling.JSON: "JSON", Spelling.CLASSIC: "form"}
ACTIONS: dict[Action, tuple[str, str]] = {
    Action.SERVICES: ("List services", "Everything that is sold, at your prices. Read it every few hours."),
    Action.ADD: ("Place an order", "Charged at once. What other types than a plain order take is listed below."),
    Action.STATUS: ("Order status", "One order, or up to 100. Your own are always answered, also over the limit."),
    Action.ORDERS: ("Your orders", "Your newest 100, to find what a lost answer left open."),
    Action.REFILL: ("Refill", "For completed orders of services with refill, when what was delivered is lost again."),
    Action.REFILL_STATUS: ("Refill status", "How a refill stands."),
    Action.CANCEL: ("Cancel", "Calls orders off as far as they can be; money comes back for what is not delivered."),
    Action.BALANCE: ("Balance", "What is left in your wallet."),
}
STATUSES: dict[Status, tuple[str, str]] = {
    Status.PENDING: ("Accepted and charged; delivery has not begun.", "Charged"),
    Status.PROCESSING: ("Being handed over.", "Charged"),
    Status.IN_PROGRESS: ("Being delivered; `remains` counts down.", "Charged"),
    Status.COMPLETED: ("Everything was delivered.", "Final"),
    Status.PARTIAL: ("A part was delivered, and will not be more.", "The rest is paid back"),
    Status.CANCELLED: ("Nothing was delivered.", "All is paid back"),
}


class Program(Struct, frozen=True):
    language: Language
    spelling: Spelling
    text: str


class Shown(Struct, frozen=True, kw_only=True):
    """An example as the page has it."""

    example: Example
    sent: str
    """The body as JSON."""
    form: str
    """The same as a form."""
    json: str
    classic: str
    programs: Sequence[Program] = ()
    sold: bool = True
    """Whether this panel sells what it orders."""


class Named(Struct, frozen=True):
    """A field under its name."""

    name: str
    needed: bool
    field: Field


class TypeRow(Struct, frozen=True, kw_only=True):
    """An order type, what it takes, and an example where there is one."""

    type: str
    billed: str
    fields: Sequence[Named]
    shown: Shown | None


class Worked(Struct, frozen=True, kw_only=True):
    """Charge and refund of one order, reckoned as the panel reckons them; money in 1e-8."""

    name: str
    rate: Rate
    quantity: int
    charge: int
    remains: int
    refund: int


class Reference(Struct, frozen=True, kw_only=True):
    """The page's content."""

    url: str
    clients: Sequence[tuple[Language, str]]
    actions: Sequence[tuple[Action, str, str, Sequence[Named], Sequence[Shown]]]
    types: Sequence[TypeRow]
    refused: Sequence[Shown]
    statuses: Sequence[tuple[str, str, str, str]]
    """In JSON, in a form's reply, what it means, and the money."""
    refills: Sequence[tuple[str, str]]
    worked: Worked


def reference(panel: PanelSettings, shelf: Shelf, buyer: Buyer) -> Reference:
    """For this buyer, at this panel."""
    url = f"{panel.public_url}/api/v2"

    def shown(example: Example) -> Shown:
        sold = example.type is None or service_for(example, shelf, buyer) is not None
        return _show(url, live(example, shelf, buyer), sold=sold)

    return Reference(
        url=url,
        clients=[(language, client(language, url, shown(examples().named("add")).example)) for language in Language],
        actions=[
            (action, title, text, _fields(_taken(action)), [shown(one) for one in _plain(action)])
            for action, (title, text) in ACTIONS.items()
        ],
        types=[_type(kind, shown) for kind in SOLD],
        refused=[shown(example) for example in examples().refused],
        statuses=[(_word(one, Spelling.JSON), _word(one, Spelling.CLASSIC), *told) for one, told in STATUSES.items()],
        refills=[(_word(one, Spelling.JSON), _word(one, Spelling.CLASSIC)) for one in RefillStatus],
        worked=work_out(next(iter(shelf), None), buyer, panel.currency),
    )


def _plain(action: Action) -> Iterator[Example]:
    """Those of an action that belong to no order type of their own."""
    types = {shown.name for shown in _by_type().values()}
    return (example for example in examples().of(action) if example.name not in types)


def _by_type() -> dict[ServiceType, Example]:
    """One example for each order type that has one, besides the plain order."""
    told = [example for example in examples().of(Action.ADD) if example.type not in (None, ServiceType.DEFAULT)]
    return {example.type: example for example in told if example.type is not None}


def _type(kind: ServiceType, shown: Callable[[Example], Shown]) -> TypeRow:
    example = _by_type().get(kind)
    return TypeRow(
        type=kind.value,
        billed=_billed(kind),
        fields=_fields(taken_by_add(kind)),
        shown=shown(example) if example else None,
    )


def _billed(kind: ServiceType) -> str:
    if kind.is_package:
        return "one package"
    if kind is ServiceType.SUBSCRIPTIONS:
        return "posts times max"
    return "quantity" if "quantity" in taken_by_add(kind).needed else "one a line"


def _taken(action: Action) -> TypeFields:
    return taken_by_add(ServiceType.DEFAULT) if action is Action.ADD else taken_by_action(action)


def _fields(taken: TypeFields) -> list[Named]:
    needed = [Named(name, True, FIELDS[name]) for name in taken.needed]
    return needed + [Named(name, False, FIELDS[name]) for name in taken.optional]


def _show(url: str, example: Example, *, sold: bool) -> Shown:
    programs = [
        Program(language, spelling, write(language, url, example.fields, spelling))
        for spelling in Spelling
        for language in Language
    ]
    return Shown(
        example=example,
        sold=sold,
        sent=_pretty(msgspec.json.encode(example.fields).decode()),
        form=urlencode(example.fields),
        json=_pretty(example.json),
        classic=_pretty(example.classic),
        programs=programs if example.name in CODED else (),
    )


def _pretty(body: str) -> str:
    """With the numbers as they were written."""
    return msgspec.json.format(body, indent=2)


def _word(status: Status | RefillStatus, spelling: Spelling) -> str:
    return spell.word(status, spelling)


def work_out(service: ShelfService | None, buyer: Buyer, currency: str) -> Worked:
    """At the price of a real service, if there is one by the thousand; else at the specification's."""
    rate, name, quantity = Rate.parse("2.50", currency), "", 10_000
    if service is not None and not service.per_package:
        terms = service.terms(buyer)
        rate, name, quantity = terms.price.rate, service.name, min(max(quantity, terms.minimum), terms.maximum)
    charge, remains = rate.cost(quantity).units, quantity * 3 // 10
    return Worked(
        name=name,
        rate=rate,
        quantity=quantity,
        charge=charge,
        remains=remains,
        refund=refund.target(charge, remains, quantity),
    )
