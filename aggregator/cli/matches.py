"""The command that suggests what of different providers is the same thing."""

from __future__ import annotations

import rich_click as click

from aggregator.catalog.matching.matching import Suggestion
from aggregator.catalog.matching.suggestions import blocks, proposals
from aggregator.cli.opened import opened
from aggregator.cli.root import Context, Row, command
from aggregator.cli.services import services
from aggregator.storage.opening import database


@command(services, "matches")
@click.option("--limit", type=click.IntRange(1), help="No more rows than these.")
async def matches(context: Context, limit: int | None) -> None:
    """Suggest what of different providers is the same thing, as blocks for services.toml, the surest first.

    What services.toml names already is left alone.
    """
    settings = context.settings()
    async with database(settings), opened(settings) as panel:
        found = await proposals(panel.prices, panel.upstreams, limit=limit)
        text = await blocks(found)
    if context.as_json:
        context.print([_match_row(one.number, one.suggestion) for one in found])
    else:
        click.echo(text or "nothing looks the same: try aggregator sync", nl=not found)


def _match_row(number: int, one: Suggestion) -> Row:
    lead = one.offers[0]
    return {
        "id": number,
        "name": lead.name,
        "category": lead.category,
        "score": one.score,
        "reasons": list(one.reasons),
        "offers": [
            {
                "provider": offer.provider,
                "service": offer.service,
                "name": offer.name,
                "cost": str(offer.rate),
                "min": offer.minimum,
                "max": offer.maximum,
                "refill": offer.refill,
            }
            for offer in one.offers
        ],
    }
