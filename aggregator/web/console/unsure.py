"""The queue of orders that nobody knows about: what was seen of each, three ways out, and one word for many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from aggregator.orders import bulk, evidence_store, resolve, search_store
from aggregator.orders.attempt_store import Followed
from aggregator.orders.evidence_store import Look, suggest
from aggregator.orders.search_store import Sought
from aggregator.orders.state import OrderState
from aggregator.storage import clock
from aggregator.web.console.deeds import done, reason, settle_ms
from aggregator.web.console.orders import Line, counts, lines, reseller_names
from aggregator.web.forms import FormFault
from aggregator.web.section import Section
from aggregator.web.visit import Page, Visit, Who

MOST = 100
HOUR_MS = 3_600_000

section = Section()


class Doubt(Struct, frozen=True, kw_only=True):
    """An unsure order with what was seen of it."""

    line: Line
    looks: Sequence[Look]
    suggestion: str | None
    decidable_at: int
    """Before this moment nobody can tell that a provider does not have it."""


@section.get("/console/orders/unsure", Who.OWNER)
async def queue(visit: Visit) -> Page:
    names = await reseller_names()
    provider = visit.query.get("provider", "")[:40]
    found = await search_store.find(Sought(states=(OrderState.UNSURE.value,), provider=provider), limit=MOST)
    shown = await lines(found, names)
    looks = await evidence_store.observed([line.attempt.id for line in shown if line.attempt])
    doubts = [_doubt(line, looks.get(line.attempt.id, []) if line.attempt else [], settle_ms(visit)) for line in shown]
    return visit.render(
        "console/unsure.html", doubts=doubts, counts=await counts(), now=clock.now(), provider=provider,
        provider_options=[(one.profile.name, one.profile.name) for one in visit.parts.upstreams],
        since=_as_local(clock.now() - 24 * HOUR_MS),
        until=_as_local(clock.now() + 60_000),
    )  # fmt: skip


@section.post("/console/orders/{order:int}/found", Who.OWNER)
async def found(visit: Visit) -> Page:
    number, theirs = visit.number("order"), visit.form.text("upstream", most=100, needed=True)
    deed = resolve.found(number, theirs, actor=visit.author, reason=reason(visit), attempt_id=_seen(visit))
    return await done(visit, deed, _back(visit, number), f"Order {number} is followed there as {theirs}.")


@section.post("/console/orders/{order:int}/absent", Who.OWNER)
async def absent(visit: Visit) -> Page:
    number = visit.number("order")
    deed = resolve.absent(
        number, actor=visit.author, reason=reason(visit), settle_ms=settle_ms(visit), attempt_id=_seen(visit)
    )
    return await done(visit, deed, _back(visit, number), f"Order {number} goes to the next provider.")


@section.post("/console/orders/{order:int}/write-off", Who.OWNER)
async def write_off(visit: Visit) -> Page:
    number = visit.number("order")
    deed = resolve.write_off(
        number, actor=visit.author, reason=reason(visit), settle_ms=settle_ms(visit), attempt_id=_seen(visit)
    )
    return await done(visit, deed, _back(visit, number), f"Order {number} is cancelled and refunded at your risk.")


@section.post("/console/orders/unsure/many", Who.OWNER)
async def many(visit: Visit) -> Page:
    """First which orders it would be; then, by the second press, those that were shown and are still unsure."""
    form = visit.form
    provider, since, until = form.text("provider", needed=True), _moment(visit, "since"), _moment(visit, "until")
    verdict = form.choice("verdict", bulk.VERDICTS, bulk.ABSENT)
    chosen = await bulk.unsure_between(provider, since, until)
    if not form.flag("sure"):
        names = await reseller_names()
        return visit.render(
            "console/many.html", lines=await lines([one.order for one in chosen], names), provider=provider,
            fields={"provider": provider, "since": form["since"], "until": form["until"], "verdict": verdict},
            verdict=verdict, charged=sum(one.order.charge for one in chosen), ids=_ids(chosen), reason=reason(visit),
        )  # fmt: skip
    shown = set(form.get("ids", "").split(","))
    kept = [one for one in chosen if str(one.attempt.id) in shown]
    results = await bulk.decide(kept, verdict, actor=visit.author, reason=reason(visit), settle_ms=settle_ms(visit))
    left = [one for one in results if one.refusal is not None]
    told = f"{len(results) - len(left)} orders were decided."
    if left:
        told += f" {len(left)} were left alone; the first, {left[0].order}: {left[0].refusal}"
    return visit.go("/console/orders/unsure", told[:400], bad=bool(left))


def _doubt(line: Line, looks: Sequence[Look], settle: int) -> Doubt:
    decidable_at = line.attempt.deadline_at + settle if line.attempt else 0
    return Doubt(line=line, looks=looks, suggestion=suggest(looks), decidable_at=decidable_at)


def _seen(visit: Visit) -> int | None:
    """The attempt that the owner looked at."""
    return visit.form.whole("attempt") if "attempt" in visit.form else None


def _back(visit: Visit, number: int) -> str:
    return "/console/orders/unsure" if visit.form.get("back") == "queue" else f"/console/orders/{number}"


def _ids(chosen: Sequence[Followed]) -> str:
    return ",".join(str(one.attempt.id) for one in chosen)


def _moment(visit: Visit, name: str) -> int:
    """A datetime-local field, which we read as UTC."""
    try:
        return int(datetime.fromisoformat(visit.form.get(name, "")).replace(tzinfo=UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise FormFault(name, "Please choose a date and a time.") from None


def _as_local(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds // 1000, UTC):%Y-%m-%dT%H:%M}"
