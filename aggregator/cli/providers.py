"""Commands about the panels we buy from: how they are, and what their words mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

import rich_click as click

from aggregator.app import actor, database
from aggregator.cache.limits import Limits
from aggregator.cache.pace import SharedPace
from aggregator.catalog import balance_store, finding_store, word_store, words
from aggregator.catalog import store as catalog_store
from aggregator.catalog.balance_store import DayRow
from aggregator.catalog.looked import Matter, looked
from aggregator.catalog.model import ProviderRow
from aggregator.catalog.upstreams import Upstreams
from aggregator.catalog.word_store import WordRow
from aggregator.catalog.words import WordUnknown
from aggregator.cli.prices import open_panel
from aggregator.cli.root import Context, Failure, Row, command, root, when
from aggregator.orders import account_door_store, attempt_store, explained, overcharge_store
from aggregator.orders.account_doors import ForeignDoor
from aggregator.orders.explained import REFUNDED, WAITS, Outlook
from aggregator.orders.model import Order
from aggregator.orders.overcharge_store import Overcharges
from aggregator.orders.routing import Router
from aggregator.settings import PROVIDERS_FILE, ProviderSettings, Settings
from aggregator.storage import clock
from pricing.money import print_units

PLACES = (REFUNDED, WAITS)
_LIMIT = click.option("--limit", type=click.IntRange(1), help="No more rows than these.")


@root.group("providers", invoke_without_command=True)
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
        "provider", "enabled", "balance", "currency", "health", "services", "last_sync", "unsure", "overcharged",
        "drift", "call_offs",
    ]  # fmt: skip
    context.print_rows(rows, columns=columns, empty="no provider is configured: see config/providers.toml")


def _provider_row(
    one: ProviderSettings, row: ProviderRow | None, counts: dict[str, int], unsure: dict[str, int],
    elsewhere: Sequence[ForeignDoor],
) -> Row:  # fmt: skip
    name = one.profile.name
    row = row or ProviderRow(name=name)
    resting = row.rest_until > clock.now()
    health, why = "resting" if resting else "ok", row.rest_reason if resting else row.sync_error
    if elsewhere:
        health, why = "moved", f"confirm with providers confirm-account {name} that it is the same account"
    return {
        "provider": name, "enabled": one.enabled, "preset": one.preset, "balance": row.balance,
        "currency": row.currency or one.profile.currency, "health": health, "reason": why,
        "elsewhere": [_door_row(door) for door in elsewhere], "services": counts.get(name, 0),
        "last_sync": when(row.synced_at), "unsure": unsure.get(name, 0),
    }  # fmt: skip


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
        "drift": "; ".join(day.text for day in days) or None, "drifts": [_drift(day) for day in days],
        "call_offs": "ok" if doubted_at is None else "doubted", "call_offs_doubted": when(doubted_at),
    }  # fmt: skip


def _drift(day: DayRow) -> Row:
    return {
        "since": when(day.opened_at), "until": when(day.looked_at), "currency": day.currency, "lost": f"{day.lost:f}",
        "due": f"{day.due:f}", "drift": f"{day.drift:f}", "orders": day.concerned,
    }  # fmt: skip


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


@command(providers, "words")
@click.argument("provider", required=False)
@click.argument("text", required=False)
@click.option("--means", metavar="MEANING", help="A status (completed, partial, ...) or an error code (FUNDS, ...).")
@click.option("--reason", default="", help="Why, for the record.")
@click.option("--check", is_flag=True, help="Say nothing yet: show which orders it would let go on, and where to.")
@click.option("--all", "everything", is_flag=True, help="Also those whose meaning was said.")
@_LIMIT
async def words_(
    context: Context, provider: str | None, text: str | None, means: str | None, reason: str,
    check: bool, everything: bool, limit: int | None,
) -> None:  # fmt: skip
    """Show what providers said that nobody understands; with TEXT and --means, say once what it means.

    Orders that are unsure for want of it go on then, where their kept reply is a refusal with it.
    """
    if (text is None) != (means is None):
        raise click.UsageError("write PROVIDER TEXT --means MEANING, in quotes where there are blanks")
    settings = context.settings() if check else context.settings_of(PROVIDERS_FILE)
    if provider is not None and provider not in [one.profile.name for one in settings.providers]:
        raise Failure(f"there is no provider {provider} in providers.toml")
    async with database(settings):
        if provider is not None and text is not None and means is not None:
            if check:
                await _check(context, settings, words.explained(provider, text, means))
            else:
                await _explain(context, settings, words.explain(provider, text, means, actor=actor(), reason=reason))
            return
        rows = await word_store.words(provider, everything=everything)
    columns = ["provider", "kind", "text", "times", "last", "meaning"]
    empty = "every word is understood" if not everything else "nothing was ever said that nobody understood"
    context.print_rows([_word_row(row) for row in rows][:limit], columns=columns, empty=empty)


async def _explain(context: Context, settings: Settings, deed: Awaitable[list[WordRow]]) -> None:
    rows = await _said(deed)
    upstreams, settle_ms = _upstreams(settings), round(settings.pace.settle_seconds * 1000)
    moved = await explained.carry_out(upstreams, settle_ms=settle_ms)
    left = await _outlook(rows, upstreams, settle_ms)
    follows = [line for row in rows for line in _consequence(row)]
    if moved:
        follows.append(f"{_orders(len(moved))} that waited for it, {_paid(moved)}, went on: {_ids(moved)}.")
    if left.orders:
        follows.append(f"Later, when it is old enough to tell, so does {_orders(left.orders)} more.")
    document = {
        "provider": rows[0].provider, "words": [_word_row(row) for row in rows], "consequence": follows,
        "went_on": [order.id for order in moved], "goes_on_later": left.orders,
    }  # fmt: skip
    said = [f"{row.provider}: {row.text!r} means {row.meaning} from now on" for row in rows]
    context.print(document, text="\n".join([*said, *follows]))


async def _check(context: Context, settings: Settings, deed: Awaitable[list[WordRow]]) -> None:
    rows = await _said(deed)
    panel = await open_panel(settings)
    settle_ms, give_up_ms = (
        round(span * 1000) for span in (settings.pace.settle_seconds, settings.pace.give_up_seconds)
    )
    found = await _outlook(rows, panel.upstreams, settle_ms, panel.router, give_up_ms)
    document = {
        "orders": found.orders, "charged": print_units(found.charged), "later": found.young, "where": found.where,
    }  # fmt: skip
    where = ", ".join(f"{count} {'to ' if place not in PLACES else ''}{place}" for place, count in found.where.items())
    told = f"{_orders(found.orders)} of {document['charged']} would go on: {where}; {found.young} of them later"
    context.print(document, text=told if found.orders else "no order waits for it")


async def _said(deed: Awaitable[list[WordRow]]) -> list[WordRow]:
    try:
        return await deed
    except WordUnknown as error:
        raise Failure(str(error)) from error


def _upstreams(settings: Settings) -> Upstreams:
    """To read kept replies with: nobody is asked anything."""
    return Upstreams(settings.providers, SharedPace(Limits("memory://")))


async def _outlook(
    rows: Sequence[WordRow], upstreams: Upstreams, settle_ms: int, router: Router | None = None, give_up_ms: int = 0
) -> Outlook:
    """Of the one of them that is an error; a status lets nothing go on."""
    error = next((row for row in rows if row.kind == words.ERROR), None)
    if error is None:
        return Outlook()
    return await explained.foresee(error, upstreams, settle_ms=settle_ms, router=router, give_up_ms=give_up_ms)


def _orders(count: int) -> str:
    return "1 order" if count == 1 else f"{count} orders"


def _paid(found: Sequence[Order]) -> str:
    return print_units(sum(order.charge for order in found))


def _ids(found: Sequence[Order]) -> str:
    return ", ".join(str(order.id) for order in found)


def _consequence(row: WordRow) -> list[str]:
    if not words.is_clear_no(row):
        return []
    return [
        f"An order that {row.provider} answers so was not taken: it goes to the next provider, waits, or is refunded.",
        "If it ever takes an order it answers so, that order is bought twice: then say --means unknown.",
    ]


def _word_row(row: WordRow) -> Row:
    return {
        "provider": row.provider, "kind": row.kind, "text": row.text, "times": row.times, "meaning": row.meaning,
        "first": when(row.first_at), "last": when(row.last_at), "reply": row.reply,
    }  # fmt: skip
