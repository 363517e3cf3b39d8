"""Commands about services: what we sell, what changed at the providers, what is held, and what is the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import rich_click as click

from aggregator.catalog import finding_store, learned_store, store
from aggregator.catalog.findings import Finding
from aggregator.catalog.learned_store import HeldListing
from aggregator.catalog.model import HoldKind, ProviderRow
from aggregator.catalog.shelf.preview import margin
from aggregator.catalog.shelf.shelf import NOBODY, ShelfService
from aggregator.catalog.store import ToldChange
from aggregator.catalog.syncing import decide
from aggregator.catalog.syncing.decide import Decided
from aggregator.catalog.upstream import cooldown
from aggregator.cli.later import Later, Places
from aggregator.cli.opened import opened
from aggregator.cli.root import Context, Row, actor, command, root, when
from aggregator.cli.spans import read_span
from aggregator.settings import SERVICES_FILE
from aggregator.storage import clock
from aggregator.storage.opening import database
from pricing.money import read_decimal

_LATER: Places = {
    "apply": (
        "aggregator.cli.apply",
        "Put a file of services in force, whatever it has lost: the one given, else services.toml as it is.",
    ),
    "matches": (
        "aggregator.cli.matches",
        "Suggest what of different providers is the same thing, as blocks for services.toml, the surest first.",
    ),
}
_REASON = click.option("--reason", default="", help="Why, for the record.")
_LIMIT = click.option("--limit", type=click.IntRange(1), help="No more rows than these.")


@root.group("services", cls=Later, later=_LATER, invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1), help="No more rows than these.")
@click.option("--config", metavar="DIR", help="The configuration's folder [./config].")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def services(click_context: click.RichContext, /, **given: Any) -> None:
    """Show what is on the shelf; or what changed at the providers, what is held, and what is the same thing."""
    if click_context.invoked_subcommand is None:
        click_context.invoke(services.commands["list"], **given)
    elif any(value for value in given.values()):
        name = click_context.invoked_subcommand
        raise click.UsageError(f"write the options after {name}: aggregator services {name} --json", click_context)


@command(services, "list")
@_LIMIT
async def list_(context: Context, limit: int | None) -> None:
    """Show what is on the shelf: rate, cost, chosen provider, margin. The same as services alone."""
    settings = context.settings()
    async with database(settings), opened(settings) as panel:
        shelf = panel.prices.shelf
        learned = await finding_store.found()
    rows = [_service_row(service, shelf.aliases_of(service.id), learned) for service in shelf][:limit]
    columns = ["id", "name", "category", "type", "rate", "cost", "provider", "margin"]
    context.print_rows(rows, columns=columns, empty="nothing is on the shelf: try aggregator sync")


def _service_row(service: ShelfService, aliases: Sequence[int], learned: Sequence[Finding]) -> Row:
    terms = service.terms(NOBODY)
    price = terms.price
    offers = [f"{offer.provider}:{offer.service}" for offer in service.offers]
    return {
        "id": service.id,
        "name": service.name,
        "category": service.category,
        "type": service.type,
        "rate": str(price.rate),
        "cost": str(price.cost),
        "provider": terms.combined.lead.provider,
        "margin": margin(price),
        "min": terms.minimum,
        "max": terms.maximum,
        "refill": terms.refill,
        "cancel": terms.cancel,
        "dripfeed": terms.dripfeed,
        "offers": offers,
        "aliases": list(aliases),
        "learned": [_finding_row(one) for one in learned if f"{one.provider}:{one.service}" in offers],
    }


@command(services, "learned")
@click.option("--provider", help="Only of this one.")
@_LIMIT
async def learned_(context: Context, provider: str | None, limit: int | None) -> None:
    """Show what refusals told of services, against what is published, and when each is asked again."""
    async with database(context.settings_of()):
        found = await finding_store.found(provider)
    columns = ["provider", "service", "learned", "times", "since", "again", "said"]
    context.print_rows([_finding_row(one) for one in found][:limit], columns=columns, empty="nothing was learned")


def _finding_row(one: Finding) -> Row:
    return {
        "provider": one.provider,
        "service": one.service,
        "learned": one.text,
        "said": one.said,
        "times": one.times,
        "since": when(one.learned_at),
        "again": when(one.again_at),
        "holds": one.holds(clock.now()),
    }


@command(services, "forget")
@click.argument("provider")
@click.argument("service")
@_REASON
async def forget(context: Context, provider: str, service: str, reason: str) -> None:
    """Take back what refusals told of SERVICE of PROVIDER: what it publishes counts at once."""
    async with database(context.settings_of()):
        found = await cooldown.forget(provider, service, actor=actor(), reason=reason)
    told = ", ".join(one.text for one in found)
    text = f"{provider}:{service} is sold as it is published: forgotten is {told}"
    context.print({"forgotten": [_finding_row(one) for one in found]}, text=text)


@command(services, "changes")
@click.option("--provider", help="Only of this one.")
@click.option("--since", metavar="SPAN", help="No older than this: 30m, 24h, 7d.")
@_LIMIT
async def changes(context: Context, provider: str | None, since: str | None, limit: int | None) -> None:
    """Show what changed at the providers, the newest first; prices in their currency."""
    span = read_span(since) if since else None
    async with database(context.settings_of()):
        moment = clock.now() - span if span is not None else 0
        found = await store.changes(provider=provider, since=moment, limit=limit)
    columns = ["at", "provider", "service", "kind", "before", "now", "name"]
    context.print_rows([_change_row(one) for one in found], columns=columns, empty="nothing changed")


def _change_row(one: ToldChange) -> Row:
    return {
        "at": when(one.at),
        "provider": one.provider,
        "service": one.service or None,
        "name": one.name,
        "kind": one.kind,
        "before": one.before,
        "now": one.now,
    }


@command(services, "held")
@_LIMIT
async def held(context: Context, limit: int | None) -> None:
    """Show what waits for your word: prices beyond belief or above the list, other meanings, doubtful catalogues."""
    async with database(context.settings_of()):
        catalogues = [row for row in (await store.providers()).values() if row.held_catalogue is not None]
        listings, ids = await learned_store.held(), await store.imported()
    rows = [_catalogue_row(row) for row in catalogues]
    rows += [_held_row(one, ids.get((one.row.provider, one.row.service))) for one in listings]
    columns = ["provider", "service", "kind", "reason", "effect", "name"]
    context.print_rows(rows[:limit], columns=columns, empty="nothing is held")


EFFECTS = {
    HoldKind.DEARER: "no order goes there",
    HoldKind.CHEAPER: "the old price stays in force",
    HoldKind.CURRENCY: "off sale",
    HoldKind.OVERSERVES: "off sale",
    HoldKind.REUSED: "off sale",
    HoldKind.OVERCHARGED: "no order goes there; approved, what it takes is its cost",
}


def _catalogue_row(row: ProviderRow) -> Row:
    if row.approved_at is not None:
        effect = "approved: the next sync is let through"
    else:
        effect = "the old catalogue stays in force" + ("" if row.takes_orders else ", no order goes there")
    return {
        "provider": row.name,
        "service": None,
        "kind": "catalogue",
        "reason": row.held_catalogue,
        "effect": effect,
        "name": None,
        "id": None,
        "rate_before": None,
        "rate": None,
        "rejected": False,
    }


def _held_row(one: HeldListing, number: int | None) -> Row:
    off = one.hold.takes_off_sale
    return {
        "provider": one.row.provider,
        "service": one.row.service,
        "kind": one.hold.kind.value,
        "reason": one.hold.text,
        "effect": "off sale" if off else EFFECTS[one.hold.kind],
        "name": one.row.name,
        "id": number,
        "rate_before": one.hold.accepted.rate,
        "rate": one.hold.stated or one.row.rate,
        "rejected": one.hold.rejected,
    }


@command(services, "approve")
@click.argument("provider")
@click.argument("service", required=False)
@click.option("--rises-under", metavar="PERCENT", help="All prices of PROVIDER that rose by less than this.")
@_REASON
async def approve(context: Context, provider: str, service: str | None, rises_under: str | None, reason: str) -> None:
    """Believe SERVICE of PROVIDER as it is now; without SERVICE its held catalogue, else all that waits there.

    A held catalogue is let through at the next sync, which a running serve does at once.
    """
    under = _read_percent(rises_under, service)
    settings = context.settings_of(SERVICES_FILE)
    async with database(settings):
        if under is not None:
            decided = await decide.approve_rises(provider, under=under, actor=actor(), reason=reason)
        else:
            taken = settings.services.taken
            decided = await decide.approve(provider, service, actor=actor(), reason=reason, taken=taken)
    named = {(ref.provider, ref.service): entry.id for entry in settings.services.services for ref in entry.offers}
    rows = [_decided_row(one, named.get((one.provider, one.service or ""))) for one in decided]
    context.print({"approved": rows}, text="\n".join(row["note"] for row in rows))


def _read_percent(text: str | None, service: str | None) -> Decimal | None:
    if text is None:
        return None
    if service is not None:
        raise click.UsageError("name a SERVICE or --rises-under, not both")
    try:
        return read_decimal(text.strip().removesuffix("%").strip())
    except ValueError:
        raise click.BadParameter("write a plain number, as in 150", param_hint="--rises-under") from None


@command(services, "reject")
@click.argument("provider")
@click.argument("service")
@_REASON
async def reject(context: Context, provider: str, service: str, reason: str) -> None:
    """Keep SERVICE of PROVIDER held, and do not ask again until it is published differently."""
    async with database(context.settings_of()):
        decided = await decide.reject(provider, service, actor=actor(), reason=reason)
    document = {"provider": provider, "service": service, "reason": decided.reason}
    context.print(document, text=f"{provider}:{service} stays held: {decided.reason}")


def _decided_row(one: Decided, named: int | None) -> Row:
    if one.service is None:
        note = f"{one.provider}: the next sync is let through; serve does it at once, or aggregator sync {one.provider}"
    else:
        note = f"{one.provider}:{one.service} approved: {one.reason}" + _tell_ids(one, named)
    return {
        "provider": one.provider,
        "service": one.service,
        "reason": one.reason,
        "id": one.new_id,
        "former_id": one.old_id,
        "note": note,
    }


def _tell_ids(one: Decided, named: int | None) -> str:
    if one.new_id is None:
        return ""
    warning = f"; services.toml offers it as {named}: take it out there unless it fits" if named else ""
    return f"; sold from now on as {one.new_id}, {one.old_id} is never sold again{warning}"
