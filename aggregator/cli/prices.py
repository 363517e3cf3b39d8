"""Commands about our prices: prices preview, prices explain."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import rich_click as click

from aggregator.app import Panel, database
from aggregator.catalog.offers import Offers
from aggregator.catalog.shelf import NOBODY, Shelf, ShelfService
from aggregator.cli.root import Context, Failure, Row, command, root, when
from aggregator.live import publish
from aggregator.settings import MARKUP_FILE, OfferRef, Settings, load, read_markup, read_text
from aggregator.storage import clock
from pricing.markup import Buyer, Price
from pricing.offer import Offer


@root.group("prices")
def prices() -> None:
    """What the rules make of the providers' prices."""


async def open_panel(settings: Settings) -> Panel:
    panel = Panel(settings)
    await panel.prepare()
    await panel.stop()
    return panel


def difference(price: Price) -> str:
    return _plain(price.rate.amount - price.cost.amount)


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@command(prices, "preview")
@click.argument("file", required=False, type=click.Path(dir_okay=False))
async def preview(context: Context, file: str | None) -> None:
    """Show what a markup file would change. Exit 1 where it is faulty or a rule by itself would sell below cost."""
    path = Path(file) if file else context.directory / MARKUP_FILE
    settings = context.settings() if file else _with_any_markup(context)
    if not path.exists():
        message = f"there is no file {path}"
        raise Failure(message)
    markup = read_markup(read_text(path), str(path), currency=settings.panel.currency)
    async with database(settings):
        panel = await open_panel(settings)
        now = panel.prices.shelf
        new = await panel.prices.shelf_with(panel.upstreams, markup)
    rows = _compare(now, new)
    below = [row for row in rows if row["below_cost"]]
    if below and context.as_json:
        raise Failure(document=rows)
    columns = ["service", "name", "now", "new", "cost", "by_rule", "below_cost"]
    context.print_rows(rows, columns=columns, empty="no price changes")
    if below:
        count = len(below)
        message = f"{count} {'service' if count == 1 else 'services'} would be sold below cost but for the least margin"
        raise Failure(message)


def _with_any_markup(context: Context) -> Settings:
    """The configuration, whatever stands in the markup file that is looked at."""
    return load(context.directory, os.environ, instead={MARKUP_FILE: ""})


def _compare(now: Shelf, new: Shelf) -> list[Row]:
    rows = []
    for service in new:
        price = service.price(NOBODY)
        before = now.get(service.id)
        old = str(before.price(NOBODY).rate) if before else None
        if old != str(price.rate) or price.sells_below_cost:
            rows.append(
                {
                    "service": service.id,
                    "name": service.name,
                    "now": old,
                    "new": str(price.rate),
                    "cost": str(price.cost),
                    "margin": difference(price),
                    "by_rule": str(price.by_rule),
                    "rule": price.rule,
                    "below_cost": price.sells_below_cost,
                }
            )
    return rows


@command(prices, "explain")
@click.argument("service", type=int)
@click.option("--tier", default="", help="The tier of the reseller who asks.")
@click.option("--reseller", default="", help="The reseller who asks.")
async def explain(context: Context, service: int, tier: str, reseller: str) -> None:
    """Show how a price came about, and every other offer with why it was not chosen."""
    settings = context.settings()
    async with database(settings):
        await publish(settings)
        panel = await open_panel(settings)
        shelf = panel.prices.shelf
        sources = await panel.prices.sources(panel.upstreams)
    found = shelf.get(service)
    if found is None:
        reason = shelf.unsold.get(service)
        message = f"service {service} is not for sale: {reason}" if reason else f"there is no service {service}"
        raise Failure(message)
    buyer = Buyer(tier=tier, reseller=reseller)
    document = _explain(found, buyer, sources)
    context.print(document, text="\n".join(_tell(document)))


def _explain(service: ShelfService, buyer: Buyer, sources: Offers) -> Row:
    terms = service.terms(buyer)
    price, lead = terms.price, terms.combined.lead
    source = sources.source(lead.provider, lead.service)
    reasons = {OfferRef(out.offer.provider, out.offer.service): out.reason for out in terms.combined.left_out}
    return {
        "service": service.id, "name": service.name, "tier": buyer.tier, "provider": lead.provider,
        "provider_service": lead.service, "provider_rate": source.rate, "provider_currency": source.currency,
        "fx": _plain(source.fx), "fx_margin_percent": _plain(source.fx_margin_percent),
        "cost": str(price.cost), "rule": price.rule, "percent": _plain(price.percent), "fixed": _plain(price.fixed),
        "unrounded": str(price.unrounded), "by_rule": str(price.by_rule), "least": str(price.floor),
        "min_margin_percent": _plain(price.min_margin_percent), "raised": price.raised,
        "rate": str(price.rate), "margin": difference(price),
        "offers": _offers(service, lead, {**reasons, **service.left_out}),
    }  # fmt: skip


def _offers(service: ShelfService, lead: Offer, reasons: Mapping[OfferRef, str]) -> list[Row]:
    """Every offer that is named for the service, the priced ones first; the others have no cost."""
    costs = {OfferRef(offer.provider, offer.service): offer.rate for offer in service.offers}
    shut = {OfferRef(offer.provider, offer.service): _tell_shut(service, offer) for offer in service.offers}
    chosen = OfferRef(lead.provider, lead.service)
    rows: list[Row] = []
    for ref in [*costs, *(ref for ref in service.left_out if ref not in costs)]:
        cost = str(costs[ref]) if ref in costs else None
        reason = "cheapest" if ref == chosen else reasons.get(ref) or f"costs {cost}, no less than {lead.rate}"
        reason += shut.get(ref, "")
        rows.append(
            {"provider": ref.provider, "service": ref.service, "cost": cost, "chosen": ref == chosen, "reason": reason}
        )
    return rows


def _tell_shut(service: ShelfService, offer: Offer) -> str:
    """Why an offer whose price counts takes no orders now."""
    hold, rest = service.hold_of(offer), service.rest_of(offer)
    if hold is not None:
        return f"; takes no orders: {hold}"
    return f"; rests until {when(rest)}, since it cancelled too many" if rest > clock.now() else ""


def _tell(document: dict[str, Any]) -> list[str]:
    raised = f", raised to cost plus {document['min_margin_percent']} %: {document['least']}"
    lines = [
        f"{document['service']} {document['name']}",
        "  {provider}:{provider_service} asks {provider_rate} {provider_currency}".format_map(document),
        f"  x FX {document['fx']} (margin {document['fx_margin_percent']} %) = cost {document['cost']}",
        f"  rule {document['rule'] or 'default'}:" + " + {percent} % + {fixed} = {unrounded}".format_map(document),
        f"  rounded up = {document['by_rule']}{raised if document['raised'] else ''}",
        f"  sale rate {document['rate']}, margin {document['margin']}",
    ]
    for offer in document["offers"]:
        asked = f" at {offer['cost']}" if offer["cost"] else ""
        lines.append(f"  offer {offer['provider']}:{offer['service']}{asked}: {offer['reason']}")
    return lines
