"""Commands about orders: look, decide what is unsure or held, cancel."""

from __future__ import annotations

from collections.abc import Callable

import rich_click as click

from aggregator.catalog import store as catalog_store
from aggregator.cli.consent import YES, asks_back
from aggregator.cli.root import Context, Failure, Row, actor, command, root, when
from aggregator.cli.spans import read_span
from aggregator.cli.stakes import agree_absent, agree_found, agree_write_off
from aggregator.cli.told_orders import tell_cancel, tell_decision, tell_order
from aggregator.orders import attempt_store, halts, store
from aggregator.orders.aftersales.cancel_words import tell_asking
from aggregator.orders.model import Attempt, Order, attempt_that_counts
from aggregator.orders.reporting import search_store
from aggregator.orders.reporting.search_store import OrderSearch
from aggregator.orders.state import OrderState
from aggregator.orders.unsure import evidence_store, resolve
from aggregator.orders.unsure.evidence_store import Look, suggest
from aggregator.resellers import accounts
from aggregator.resellers import store as reseller_store
from aggregator.settings import PROVIDERS_FILE, ConfigurationError, ProviderSettings
from aggregator.storage import clock
from aggregator.storage.opening import database
from pricing.money import print_units

WAYS_OUT = ("found {} THEIR_ID", "absent {}", "write-off {}")
"""Of doubt: it is there, it is not and goes to the next provider, or it is refunded at the owner's risk."""
ALL = 2**31 - 1
"""More rows than anybody has."""
_REASON = click.option("--reason", default="", help="Why, for the record.")


@root.group("orders")
def orders() -> None:
    """What was ordered, and what only the owner can decide."""


@command(orders, "list")
@click.option("--state", type=click.Choice([state.value for state in OrderState]))
@click.option("--held", is_flag=True, help="Only those that no rule may decide.")
@click.option("--reseller", metavar="NAME", help="Only of this one.")
@click.option("--provider", metavar="NAME", default="", help="Only what was tried there.")
@click.option("--link", metavar="PIECE", default="", help="Only with this in their link; of the newest 100,000.")
@click.option("--since", metavar="SPAN", help="No older than this: 30m, 24h, 7d.")
@click.option("--limit", type=click.IntRange(1))
async def list_(
    context: Context,
    state: str | None,
    held: bool,
    reseller: str | None,
    provider: str,
    link: str,
    since: str | None,
    limit: int | None,
) -> None:
    """Show orders, the newest first."""
    span = read_span(since) if since else None
    async with database(context.settings_of()):
        if provider:
            await _expect_provider(context, provider)
        sought = OrderSearch(
            states=(state,) if state else (),
            held=held,
            provider=provider,
            link=link,
            reseller=None if reseller is None else (await accounts.named(reseller)).id,
            since=0 if span is None else clock.now() - span,
        )
        rows = await _rows(await search_store.find(sought, limit=limit or ALL))
    columns = ["order", "created", "reseller", "service", "quantity", "state", "provider", "charge", "refunded", "held"]
    context.print_rows(rows, columns=columns, empty="no orders")


@command(orders, "show")
@click.argument("order", type=int)
async def show(context: Context, order: int) -> None:
    """Show one order with its attempts and history."""
    async with database(context.settings_of()):
        found = await store.get(order)
        if found is None:
            raise Failure(f"there is no order {order}")
        attempts = await attempt_store.of_order(order)
        row = (await _rows([found]))[0]
        row["halted"] = await halts.why(found.reseller, found.id)
        row["attempts"] = [_attempt_row(attempt) for attempt in attempts]
        row["history"] = [
            {"at": when(line.at), "state": line.state, "text": line.text} for line in await store.history(found)
        ]
    context.print(row, text="\n".join(tell_order(row)))


@command(orders, "unsure")
@click.option("--limit", type=click.IntRange(1))
async def unsure(context: Context, limit: int | None) -> None:
    """Show orders of which nobody knows whether their provider has them, what was seen, and the three ways out."""
    settings = context.settings_of()
    settle_ms = settings.pace.settle_ms
    async with database(settings):
        found = await store.listed(unsure=True, limit=limit)
        rows = await _rows(found)
        attempts = await attempt_store.of_orders([order.id for order in found])
        looks = await evidence_store.observed([one.id for tried in attempts.values() for one in tried])
        for row, order in zip(rows, found, strict=True):
            newest = attempts[order.id][-1]
            row["suggestion"] = suggest(looks[newest.id])
            row["since"] = when(newest.answered_at)
            row["absent_believed_from"] = when(newest.deadline_at + settle_ms)
            row["ways_out"] = [f"orders {way}".format(order.id) for way in WAYS_OUT]
            row["attempts"] = [
                {**_attempt_row(attempt), "evidence": [_look_row(look) for look in looks[attempt.id]]}
                for attempt in attempts[order.id]
            ]
    columns = ["order", "reseller", "service", "link", "quantity", "provider", "charge", "since", "suggestion"]
    context.print_rows(rows, columns=columns, empty="nothing is unsure")


@command(orders, "found")
@click.argument("order", type=int)
@click.argument("upstream_id")
@_REASON
@YES
async def found_(context: Context, order: int, upstream_id: str, reason: str, yes: bool) -> None:
    """The provider has it under UPSTREAM_ID: follow it."""
    theirs = upstream_id.strip()
    async with database(context.settings_of()):
        seen = await agree_found(context, order, theirs) if asks_back(context, yes=yes) else None
        await _decided(context, await resolve.found(order, theirs, actor=actor(), reason=reason, attempt_id=seen))


@command(orders, "absent")
@click.argument("order", type=int)
@_REASON
@YES
async def absent(context: Context, order: int, reason: str, yes: bool) -> None:
    """The provider does not have it: let it go to the next, or there again where nobody else sells it."""
    settings = context.settings_of()
    settle_ms = settings.pace.settle_ms
    async with database(settings):
        seen = await agree_absent(context, order, settle_ms) if asks_back(context, yes=yes) else None
        await _decided(
            context, await resolve.absent(order, actor=actor(), reason=reason, settle_ms=settle_ms, attempt_id=seen)
        )


@command(orders, "write-off")
@click.argument("order", type=int)
@_REASON
@YES
async def write_off(context: Context, order: int, reason: str, yes: bool) -> None:
    """Nobody will know: cancel and refund the reseller at our own risk."""
    settings = context.settings_of()
    settle_ms = settings.pace.settle_ms
    async with database(settings):
        seen = await agree_write_off(context, order, settle_ms) if asks_back(context, yes=yes) else None
        await _decided(
            context, await resolve.write_off(order, actor=actor(), reason=reason, settle_ms=settle_ms, attempt_id=seen)
        )


@command(orders, "settle")
@click.argument("order", type=int)
@click.option("--undelivered", type=int, required=True, help="Units that were not delivered, all told.")
@_REASON
async def settle(context: Context, order: int, undelivered: int, reason: str) -> None:
    """End a held order, or give goodwill on one that has ended."""
    async with database(context.settings_of()):
        await _decided(context, await resolve.settle_by_hand(order, undelivered, actor=actor(), reason=reason))


@command(orders, "cancel")
@click.argument("order", type=int)
@_REASON
async def cancel(context: Context, order: int, reason: str) -> None:
    """Cancel at once what has not left; ask the provider of what has."""
    async with database(context.settings_of()):
        done = await resolve.call_off(order, actor=actor(), reason=reason)
        asking = tell_asking(done, await attempt_store.of_order(order), _providers(context))
        await _decided(context, done, lambda row, currency: tell_cancel(row, currency, asking))


async def _expect_provider(context: Context, name: str) -> None:
    """One that is configured, or was: its orders are still there."""
    known = {*await catalog_store.providers(), *(_providers(context) or ())}
    if name not in known:
        raise Failure(f"there is no provider {name}; those known are {', '.join(sorted(known)) or 'none'}")


def _providers(context: Context) -> dict[str, ProviderSettings] | None:
    """None where their file is faulty, which keeps nobody from cancelling."""
    try:
        return {one.profile.name: one for one in context.settings_of(PROVIDERS_FILE).providers}
    except ConfigurationError:
        return None


async def _decided(context: Context, order: Order, tell: Callable[[Row, str], str] = tell_decision) -> None:
    row = (await _rows([order]))[0]
    currency = context.settings_of().panel.currency
    context.print(row, text=tell(row, currency))


async def _rows(found: list[Order]) -> list[Row]:
    attempts = await attempt_store.of_orders([order.id for order in found])
    names = {reseller.id: reseller.name for reseller, _ in await reseller_store.all_with_balances()}
    return [_row(order, attempts[order.id], names[order.reseller]) for order in found]


def _row(order: Order, attempts: list[Attempt], reseller: str) -> Row:
    shown = attempt_that_counts(attempts)
    return {
        "order": order.id,
        "reseller": reseller,
        "service": order.service,
        "link": order.link,
        "quantity": order.quantity,
        "state": order.state.value,
        "held": order.held,
        "provider": shown.provider if shown else None,
        "upstream_order": shown.upstream_order if shown else None,
        "charge": print_units(order.charge),
        "refunded": print_units(order.refunded),
        "start_count": order.start_count,
        "remains": order.remains,
        "created": when(order.created_at),
    }


def _look_row(look: Look) -> Row:
    return {"rule": look.rule.value, "verdict": look.verdict.value, "at": when(look.at), "facts": look.told}


def _attempt_row(attempt: Attempt) -> Row:
    return {
        "provider": attempt.provider,
        "service": attempt.service,
        "outcome": attempt.outcome.value,
        "upstream_order": attempt.upstream_order,
        "given_order": attempt.given_order,
        "error": attempt.error,
        "text": attempt.error_text,
        "cost": print_units(attempt.cost),
        "charge": attempt.last_charge,
        "spent": None if attempt.spent is None else print_units(attempt.spent),
        "returned": attempt.returned,
        "overcharge": attempt.told_overcharge,
        "at": when(attempt.created_at),
        "answered": when(attempt.answered_at),
        "reply": attempt.reply,
    }
