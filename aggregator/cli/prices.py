"""Commands about our prices: prices preview, prices explain."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click

from aggregator.catalog.shelf.explain import explain as explain_price
from aggregator.cli.later import Later, Places
from aggregator.cli.opened import opened
from aggregator.cli.root import Context, Failure, command, root
from aggregator.settings import MARKUP_FILE, Settings, find_text, load, read_markup
from aggregator.storage.opening import database
from pricing.markup import Buyer

_LATER: Places = {
    "apply": (
        "aggregator.cli.apply",
        "Put a markup file in force, whatever it has lost: the one given, else markup.toml as it is.",
    ),
}


@root.group("prices", cls=Later, later=_LATER)
def prices() -> None:
    """What the rules make of the providers' prices."""


@command(prices, "preview")
@click.argument("file", required=False, type=click.Path(dir_okay=False))
async def preview(context: Context, file: str | None) -> None:
    """Show what a markup file would change. Exit 1 where it is faulty or a rule by itself would sell below cost."""
    path = Path(file) if file else context.directory / MARKUP_FILE
    settings = context.settings() if file else _with_any_markup(context)
    text = find_text(path)
    if text is None:
        raise Failure(f"there is no file {path}")
    markup = read_markup(text, str(path), currency=settings.panel.currency)
    async with database(settings), opened(settings, publish=False) as panel:
        changes = await panel.prices.preview_changes(panel.upstreams, markup)
    rows = [msgspec.to_builtins(change) for change in changes]
    below = [row for row in rows if row["below_cost"]]
    if below and context.as_json:
        raise Failure(document=rows)
    columns = ["service", "name", "now", "new", "cost", "by_rule", "below_cost"]
    context.print_rows(rows, columns=columns, empty="no price changes")
    if below:
        count = len(below)
        raise Failure(
            f"{count} {'service' if count == 1 else 'services'} would be sold below cost but for the least margin"
        )


def _with_any_markup(context: Context) -> Settings:
    """The configuration, whatever stands in the markup file that is looked at."""
    return load(context.directory, os.environ, instead={MARKUP_FILE: ""})


@command(prices, "explain")
@click.argument("service", type=int)
@click.option("--tier", default="", help="The tier of the reseller who asks.")
@click.option("--reseller", default="", help="The reseller who asks.")
async def explain(context: Context, service: int, tier: str, reseller: str) -> None:
    """Show how a price came about, and every other offer with why it was not chosen."""
    settings = context.settings()
    async with database(settings), opened(settings) as panel:
        shelf = panel.prices.shelf
        sources = await panel.prices.sources(panel.upstreams)
    found = shelf.get(service)
    if found is None:
        reason = shelf.unsold.get(service)
        raise Failure(f"service {service} is not for sale: {reason}" if reason else f"there is no service {service}")
    buyer = Buyer(tier=tier, reseller=reseller)
    document = msgspec.to_builtins(explain_price(found, buyer, sources))
    context.print(document, text="\n".join(_tell(document)))


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
