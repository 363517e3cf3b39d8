"""Commands about the panels we buy from: how they are, and what was looked at about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import rich_click as click

from aggregator.catalog import finding_store
from aggregator.catalog import store as catalog_store
from aggregator.catalog.model import ProviderRow
from aggregator.catalog.syncing.looked import Matter, looked
from aggregator.catalog.upstream import balance_store
from aggregator.catalog.upstream.balance_store import DayRow
from aggregator.cli.later import Later, Places
from aggregator.cli.root import Context, Failure, Row, actor, command, root, when
from aggregator.orders import attempt_store
from aggregator.orders.reconciling import overcharge_store
from aggregator.orders.reconciling.overcharge_store import Overcharges
from aggregator.orders.upstream_ids import account_door_store
from aggregator.orders.upstream_ids.account_doors import ForeignDoor
from aggregator.settings import PROVIDERS_FILE, ProviderSettings
from aggregator.storage import clock
from aggregator.storage.opening import database

_LATER: Places = {
    "scaffold": ("aggregator.cli.trials", "Write the beginning of an adapter for a panel whose API fits no preset."),
    "test": ("aggregator.cli.trials", "Try a provider without buying anything; exit 1 where it could not sell."),
    "words": (
        "aggregator.cli.words",
        "Show what providers said that nobody understands; with TEXT and --means, say once what it means.",
    ),
}
_LIMIT = click.option("--limit", type=click.IntRange(1), help="No more rows than these.")


@root.group("providers", cls=Later, later=_LATER, invoke_without_command=True)
@_LIMIT
@click.option("--config", metavar="DIR", help="The configuration's folder [./config].")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def providers(click_context: click.RichContext, /, **given: Any) -> None:
    """Show each provider: balance, health, services, last sync; or try one, or say what its words mean."""
    if click_context.invoked_subcommand is None:
        click_context.invoke(providers.commands["list"], **given)
    elif any(given.values()):
        name = click_context.invoked_subcommand
        raise click.UsageError(f"write the options after {name}: aggregator providers {name} --json", click_context)


@command(providers, "list")
@_LIMIT
async def list_(context: Context, limit: int | None) -> None:
    """Show each provider: balance, health, services, last sync. The same as providers alone."""
    settings = context.settings_of(PROVIDERS_FILE)
    async with database(settings):
        known = await catalog_store.providers()
        listings = await catalog_store.listings()
        unsure = await attempt_store.unsure_since(0)
        elsewhere = await _elsewhere(settings.providers)
        overcharges = await overcharge_store.by_provider()
        drifts = await balance_store.drifts()
        learned = Counter(one.provider for one in await finding_store.found())
    counts: dict[str, int] = {}
    for listing in listings:
        if not listing.withdrawn:
            counts[listing.provider] = counts.get(listing.provider, 0) + 1
    rows = [
        {
            **_provider_row(one, known.get(one.profile.name), counts, unsure, elsewhere[one.profile.name]),
            **_overcharge_row(overcharges.get(one.profile.name)),
            **_looked_at(one.profile.name, known, drifts),
            "learned": learned[one.profile.name],
        }
        for one in settings.providers
    ][:limit]
    columns = [
        "provider",
        "enabled",
        "balance",
        "currency",
        "health",
        "services",
        "last_sync",
        "unsure",
        "overcharged",
        "drift",
        "call_offs",
    ]
    context.print_rows(rows, columns=columns, empty="no provider is configured: see config/providers.toml")


def _provider_row(
    one: ProviderSettings,
    row: ProviderRow | None,
    counts: dict[str, int],
    unsure: dict[str, int],
    elsewhere: Sequence[ForeignDoor],
) -> Row:
    name = one.profile.name
    row = row or ProviderRow(name=name)
    resting = row.rest_until > clock.now()
    health, why = "resting" if resting else "ok", row.rest_reason if resting else row.sync_error
    if elsewhere:
        health, why = "moved", f"confirm with providers confirm-account {name} that it is the same account"
    return {
        "provider": name,
        "enabled": one.enabled,
        "preset": one.preset,
        "balance": row.balance,
        "currency": row.currency or one.profile.currency,
        "health": health,
        "reason": why,
        "elsewhere": [_door_row(door) for door in elsewhere],
        "services": counts.get(name, 0),
        "last_sync": when(row.synced_at),
        "unsure": unsure.get(name, 0),
    }


async def _elsewhere(found: Sequence[ProviderSettings]) -> dict[str, list[ForeignDoor]]:
    """By provider: where orders went that its address and key of today do not lead to."""
    return {
        one.profile.name: await account_door_store.foreign(
            one.profile.name, await account_door_store.doors_of(one.profile)
        )
        for one in found
    }


def _door_row(one: ForeignDoor) -> Row:
    return {"door": one.short, "orders": one.orders, "since": when(one.since)}


@command(providers, "confirm-account")
@click.argument("provider")
@click.option("--door", default="", metavar="DOOR", help="Which one, where orders went to several accounts.")
@click.option("--reason", default="", help="Why, for the record.")
async def confirm_account(context: Context, provider: str, door: str, reason: str) -> None:
    """Its address or key changed and it is the same account: what waits for that goes on."""
    settings = context.settings_of(PROVIDERS_FILE)
    found = next((one for one in settings.providers if one.profile.name == provider), None)
    if found is None:
        raise Failure(f"there is no provider {provider} in providers.toml")
    async with database(settings):
        said = await account_door_store.confirm(found.profile, door, actor=actor(), reason=reason)
    orders = "1 order goes" if said.orders == 1 else f"{said.orders} orders go"
    document = {"provider": provider, "door": said.short, "orders": said.orders}
    context.print(document, text=f"{provider} is the same account as {said.short}: {orders} on")


def _overcharge_row(found: Overcharges | None) -> Row:
    """How many orders of the last day cost more than was listed, and the worst of them."""
    return {"overcharged": found.count if found else 0, "overcharge": found.text if found else None}


def _looked_at(name: str, known: Mapping[str, ProviderRow], drifts: Mapping[str, Sequence[DayRow]]) -> Row:
    """What waits until somebody has looked at it."""
    doubted_at = known[name].call_offs_doubted_at if name in known else None
    days = drifts.get(name, ())
    return {
        "drift": "; ".join(day.text for day in days) or None,
        "drifts": [_drift(day) for day in days],
        "call_offs": "ok" if doubted_at is None else "doubted",
        "call_offs_doubted": when(doubted_at),
    }


def _drift(day: DayRow) -> Row:
    return {
        "since": when(day.opened_at),
        "until": when(day.looked_at),
        "currency": day.currency,
        "lost": f"{day.lost:f}",
        "due": f"{day.due:f}",
        "drift": f"{day.drift:f}",
        "orders": day.concerned,
    }


@command(providers, "looked")
@click.argument("provider")
@click.argument("matter", type=click.Choice([matter.value for matter in Matter]))
@click.option("--reason", required=True, help="What you found, for the record.")
async def looked_(context: Context, provider: str, matter: str, reason: str) -> None:
    """Say that you have looked at what a provider's balance lost, or at what it called off and delivered."""
    settings = context.settings_of(PROVIDERS_FILE)
    if provider not in [one.profile.name for one in settings.providers]:
        raise Failure(f"there is no provider {provider} in providers.toml")
    async with database(settings):
        closed = await looked(provider, Matter(matter), actor=actor(), reason=reason)
    context.print({"provider": provider, "matter": matter, "closed": closed}, text=f"{provider}: closed: {closed}")
