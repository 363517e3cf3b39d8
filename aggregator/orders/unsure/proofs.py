"""What one provider gives to settle an unsure order by, and where an order that it does not have goes: for owners."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog.shelf.shelf import ShelfService
from aggregator.orders.dispatching.failover import blocks
from aggregator.orders.dispatching.routing import Market, Router
from aggregator.orders.model import Attempt, Order
from aggregator.orders.state import Outcome
from aggregator.settings import ProviderSettings


class Proof(Struct, frozen=True):
    """What to expect of a provider."""

    settles: bool
    """Whether anything of it settles an unsure order by itself."""
    text: str
    """A sentence, of whom it is about as the subject."""
    may_switch: bool = False
    """Whether `balance_decides` would let it settle what now only is suggested."""


def proof_of(provider: ProviderSettings) -> Proof:
    """By its settings, the surest first (providers/PROTOCOL.md, "Evidence")."""
    name, dialect = provider.profile.name, provider.profile.dialect
    if dialect.reference_dedupes:
        return Proof(True, f"{name} honours our reference: most settle by themselves within minutes.")
    if dialect.order_list:
        return Proof(True, f"{name} lists its newest orders: most settle by themselves within minutes.")
    nothing = f"{name} gives no evidence: none settles by itself, so look at its own pages."
    if provider.debits_late:
        return Proof(False, nothing)
    if provider.balance_decides:
        text = f"The balance of {name} decides: where it did not fall, an order was not taken. The others wait for you."
        return Proof(True, text)
    return Proof(False, f"{nothing} Its balance may suggest what is so.", may_switch=True)


class AfterAbsent(Struct, frozen=True):
    """What `absent` comes to."""

    label: str
    text: str


async def foresee_absent(
    order: Order, attempts: Sequence[Attempt], service: ShelfService | None, router: Router, market: Market
) -> AfterAbsent:
    """What `absent` would come to for this order now."""
    provider = attempts[-1].provider if attempts else ""
    tried = [
        replace(one, outcome=Outcome.ABSENT, answered_at=market.now) if one.outcome is Outcome.UNSURE else one
        for one in attempts
    ]
    able = {route.offer.provider for route in await router.routes(order, tried, market) if route.usable}
    return after_absent(service, attempts, provider, cancel_wish=order.cancel_wish, able=able)


def after_absent(
    service: ShelfService | None,
    attempts: Iterable[Attempt],
    provider: str,
    *,
    cancel_wish: bool = False,
    able: AbstractSet[str] | None = None,
) -> AfterAbsent:
    """Where an order that this provider does not have would go, by what sells its service now.

    `able` are the providers that could take it now, where that is known.
    """
    if cancel_wish:
        return AfterAbsent("cancel and refund it", "it is cancelled and refunded, since its reseller has called it off")
    spent = blocks(attempts)
    shelf_providers = (
        {one.provider for one in service.offers if not spent.is_spent(one.provider, one.service)} if service else set()
    )
    if others := sorted(one for one in shelf_providers - {provider} if able is None or one in able):
        return AfterAbsent("on to the next", f"it goes to the next provider ({', '.join(others)})")
    if provider in shelf_providers:
        return AfterAbsent(f"send it again to {provider}", f"it is sent to {provider} again: nobody else can take it")
    return AfterAbsent("let it wait", "it waits for a provider that sells it, and is refunded where none does in time")
