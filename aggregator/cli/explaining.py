"""What becomes of unsure orders once somebody has said what a word of their provider means, or would."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.cache.limits import Limits
from aggregator.cache.pace import SharedPace
from aggregator.catalog.upstream import words
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.catalog.upstream.word_store import WordRow
from aggregator.cli.opened import opened
from aggregator.cli.root import Context
from aggregator.cli.told_words import word_row
from aggregator.orders.dispatching.routing import Router
from aggregator.orders.model import Order
from aggregator.orders.unsure import explained
from aggregator.orders.unsure.explained import REFUNDED, WAITS, Outlook
from aggregator.settings import Settings
from pricing.money import print_units

PLACES = (REFUNDED, WAITS)


async def carry_out(context: Context, settings: Settings, rows: Sequence[WordRow]) -> None:
    """Let the orders go on that words free which were just explained, and tell what follows."""
    upstreams, settle_ms = _upstreams(settings), settings.pace.settle_ms
    moved = await explained.carry_out(upstreams, settle_ms=settle_ms)
    left = await _outlook(rows, upstreams, settle_ms)
    follows = [line for row in rows for line in _consequence(row)]
    if moved:
        follows.append(f"{_orders(len(moved))} that waited for it, {_paid(moved)}, went on: {_ids(moved)}.")
    if left.orders:
        follows.append(f"Later, when it is old enough to tell, so does {_orders(left.orders)} more.")
    document = {
        "provider": rows[0].provider,
        "words": [word_row(row) for row in rows],
        "consequence": follows,
        "went_on": [order.id for order in moved],
        "goes_on_later": left.orders,
    }
    said = [f"{row.provider}: {row.text!r} means {row.meaning} from now on" for row in rows]
    context.print(document, text="\n".join([*said, *follows]))


async def foresee(context: Context, settings: Settings, rows: Sequence[WordRow]) -> None:
    """Tell which orders these words would let go on, and where to."""
    settle_ms, give_up_ms = (
        round(span * 1000) for span in (settings.pace.settle_seconds, settings.pace.give_up_seconds)
    )
    async with opened(settings, publish=False) as panel:
        found = await _outlook(rows, panel.upstreams, settle_ms, panel.router, give_up_ms)
    document = {
        "orders": found.orders,
        "charged": print_units(found.charged),
        "later": found.young,
        "where": found.where,
    }
    where = ", ".join(f"{count} {'to ' if place not in PLACES else ''}{place}" for place, count in found.where.items())
    told = f"{_orders(found.orders)} of {document['charged']} would go on: {where}; {found.young} of them later"
    context.print(document, text=told if found.orders else "no order waits for it")


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
