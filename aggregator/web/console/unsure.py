"""The queue of orders that nobody knows about: what was seen of each, three ways out, and one word for many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from aggregator.orders import bulk, evidence_store, resolve, search_store
from aggregator.orders.attempt_store import Followed
from aggregator.orders.evidence_store import Look, suggest
from aggregator.orders.proofs import AfterAbsent, proof_of
from aggregator.orders.routing import Market
from aggregator.orders.search_store import OrderSearch
from aggregator.orders.state import OrderState
from aggregator.storage import clock
from aggregator.storage.clock import HOUR_MS
from aggregator.web.console.deeds import done, reason, settle_ms
from aggregator.web.console.orders import Line, counts, lines, next_of, order_of, reseller_names
from aggregator.web.forms import FormFault
from aggregator.web.section import Section
from aggregator.web.visit import NotHere, Page, Visit, Who

MOST = 100

section = Section()


class Doubt(Struct, frozen=True, kw_only=True):
    """An unsure order with what was seen of it."""

    line: Line
    looks: Sequence[Look]
    suggestion: str | None
    follows: AfterAbsent
    """What `absent` comes to."""
    decidable_at: int
    """Before this moment nobody can tell that a provider does not have it."""


@section.get("/console/orders/unsure", Who.OWNER)
async def queue(visit: Visit) -> Page:
    names = await reseller_names()
    provider = visit.query.get("provider", "")[:40]
    found = await search_store.find(OrderSearch(states=(OrderState.UNSURE.value,), provider=provider), limit=MOST)
    shown = await lines(found, names)
    looks = await evidence_store.observed([line.attempt.id for line in shown if line.attempt])
    market = await visit.parts.router.look()
    doubts = [
        await _doubt(visit, line, looks.get(line.attempt.id, []) if line.attempt else [], market) for line in shown
    ]
    silent = {line.attempt.provider for line in shown if line.attempt}
    proofs = {one.profile.name: proof_of(one) for one in visit.parts.upstreams if one.profile.name in silent}
    return visit.render(
        "console/unsure.html", doubts=doubts, proofs=proofs, counts=await counts(), now=clock.now(), provider=provider,
        provider_options=[(one.profile.name, one.profile.name) for one in visit.parts.upstreams],
        since=_as_local(clock.now() - 24 * HOUR_MS),
        until=_as_local(clock.now() + 60_000),
    )  # fmt: skip


@section.post("/console/orders/{order:int}/found", Who.OWNER)
async def found(visit: Visit) -> Page:
    number, theirs = visit.number("order"), visit.form.text("upstream", most=100, needed=True)
    if not visit.form.flag("sure"):
        return await _ask_back(visit, "found", "Follow it", f"it is followed as {theirs}, and charged for", theirs)
    deed = resolve.found(number, theirs, actor=visit.author, reason=reason(visit), attempt_id=_seen(visit))
    return await done(visit, deed, _back(visit, number), f"Order {number} is followed there as {theirs}.")


@section.post("/console/orders/{order:int}/absent", Who.OWNER)
async def absent(visit: Visit) -> Page:
    order = await order_of(visit)
    follows = await next_of(visit, order)
    if not visit.form.flag("sure"):
        return await _ask_back(visit, "absent", f"Absent: {follows.label}", follows.text)
    deed = resolve.absent(
        order.id, actor=visit.author, reason=reason(visit), settle_ms=settle_ms(visit), attempt_id=_seen(visit)
    )
    return await done(visit, deed, _back(visit, order.id), f"Order {order.id}: {follows.text}.")


@section.post("/console/orders/{order:int}/write-off", Who.OWNER)
async def write_off(visit: Visit) -> Page:
    number = visit.number("order")
    if not visit.form.flag("sure"):
        return await _ask_back(visit, "write-off", "Write it off", "it is cancelled and refunded at your risk")
    deed = resolve.write_off(
        number, actor=visit.author, reason=reason(visit), settle_ms=settle_ms(visit), attempt_id=_seen(visit)
    )
    return await done(visit, deed, _back(visit, number), f"Order {number} is cancelled and refunded at your risk.")


async def _ask_back(visit: Visit, way: str, press: str, follows: str, theirs: str = "") -> Page:
    """First what it comes to; then, by the second press, the deed."""
    order = await order_of(visit)
    kept = {name: visit.form[name] for name in ("attempt", "back") if name in visit.form}
    named = {"upstream": theirs} if theirs else {}
    return visit.render(
        "console/way.html", order=order, line=(await lines([order], await reseller_names()))[0], way=way, press=press,
        follows=follows, amount=order.charge - order.refunded, reason=reason(visit), back=_back(visit, order.id),
        fields={**kept, **named, "reason": reason(visit), "sure": 1},
    )  # fmt: skip


@section.post("/console/orders/unsure/balance-decides", Who.OWNER)
async def let_balance_decide(visit: Visit) -> Page:
    name = visit.form.text("provider", most=40, needed=True)
    if visit.parts.upstreams.settings(name) is None:
        raise NotHere
    deed = visit.parts.edits.change_provider(name, {"balance_decides": True}, actor=visit.author, reason=reason(visit))
    return await done(visit, deed, "/console/orders/unsure", f"The balance of {name} decides from now on.")


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


async def _doubt(visit: Visit, line: Line, looks: Sequence[Look], market: Market) -> Doubt:
    decidable_at = line.attempt.deadline_at + settle_ms(visit) if line.attempt else 0
    follows = await next_of(visit, line.order, market)
    return Doubt(line=line, looks=looks, suggestion=suggest(looks), follows=follows, decidable_at=decidable_at)


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
