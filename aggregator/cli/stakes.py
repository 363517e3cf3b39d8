"""What each way out of doubt comes to, asked back with the amount; gives the attempt that the owner has agreed about.

Over an open database.
"""

from __future__ import annotations

from aggregator.cli.consent import ask_back
from aggregator.cli.root import Context
from aggregator.orders import attempt_store
from aggregator.orders.model import Order
from aggregator.orders.unsure import resolve
from aggregator.resellers import store as reseller_store
from aggregator.settings import ConfigurationError
from pricing.money import print_units


async def agree_found(context: Context, number: int, theirs: str) -> int:
    order, attempt = await resolve.doubted(number, settle_ms=None)
    ask_back(f"Follow {await _told(context, order)} as {theirs} of {attempt.provider}?")
    return attempt.id


async def agree_absent(context: Context, number: int, settle_ms: int) -> int:
    order, attempt = await resolve.doubted(number, settle_ms=settle_ms)
    follows = await _foresee(context, order)
    ask_back(f"{attempt.provider} does not have {await _told(context, order)}: {follows}?")
    return attempt.id


async def agree_write_off(context: Context, number: int, settle_ms: int) -> int:
    order, attempt = await resolve.doubted(number, settle_ms=settle_ms)
    whose = f"order {order.id} of {(await _names())[order.reseller]}"
    ask_back(f"Write off {_paid(context, order)} of {whose}, back to the wallet at your risk?")
    return attempt.id


async def _foresee(context: Context, order: Order) -> str:
    """Where it would go by what is sold now."""
    from aggregator.cache.limits import Limits  # noqa: PLC0415  # an HTTP client comes with these
    from aggregator.cache.pace import SharedPace  # noqa: PLC0415
    from aggregator.catalog.shelf.prices import Prices  # noqa: PLC0415
    from aggregator.catalog.upstream.upstreams import Upstreams  # noqa: PLC0415
    from aggregator.orders.dispatching.routing import Router  # noqa: PLC0415
    from aggregator.orders.unsure.proofs import foresee_absent  # noqa: PLC0415

    try:
        settings = context.settings()
    except ConfigurationError:  # no decision needs what is wrong there
        return "it goes to the next provider, or there again where nobody else sells it"
    upstreams = Upstreams(settings.providers, SharedPace(Limits("memory://")))  # nobody is asked anything
    prices = Prices(settings.panel.currency, settings.services, settings.markup)
    await prices.reload(upstreams)
    router = Router(upstreams, lambda: prices.shelf, lambda: prices.markup.fx, settings.pace)
    tried, service = await attempt_store.of_order(order.id), prices.shelf.get(order.service)
    return (await foresee_absent(order, tried, service, router, await router.look())).text


def _paid(context: Context, order: Order) -> str:
    return f"{print_units(order.charge - order.refunded, 2)} {context.settings_of().panel.currency}"


async def _told(context: Context, order: Order) -> str:
    return f"order {order.id} ({_paid(context, order)} of {(await _names())[order.reseller]})"


async def _names() -> dict[int, str]:
    return {reseller.id: reseller.name for reseller, _ in await reseller_store.all_with_balances()}
