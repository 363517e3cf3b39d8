"""The queue of orders that nobody knows about: what was seen of each, three ways out, and one word for many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from msgspec import Struct

from aggregator.orders import store
from aggregator.orders.dispatching.routing import Market
from aggregator.orders.model import Order
from aggregator.orders.reporting import search_store
from aggregator.orders.reporting.search_store import OrderSearch
from aggregator.orders.state import OrderState
from aggregator.orders.unsure import bulk_decisions, evidence_store, resolve
from aggregator.orders.unsure.evidence_store import Look, suggest
from aggregator.orders.unsure.proofs import AfterAbsent, proof_of
from aggregator.storage import clock
from aggregator.storage.clock import HOUR_MS
from aggregator.web.console.deeds import done, reason, settle_ms
from aggregator.web.console.orders import Line, lines, next_of, order_of, reseller_names
from aggregator.web.dependencies import Author, Form, Params, Parts, or_404
from aggregator.web.forms import FormFault
from aggregator.web.responses import Onward, Page, page

MOST = 100


class Doubt(Struct, frozen=True, kw_only=True):
    """An unsure order with what was seen of it."""

    line: Line
    looks: Sequence[Look]
    suggestion: str | None
    follows: AfterAbsent
    """What `absent` comes to."""
    decidable_at: int
    """Before this moment nobody can tell that a provider does not have it."""


class UnsureController(Controller):
    path = "/orders"
    dependencies = {"order": Provide(order_of)}

    @get("/unsure")
    async def queue(self, parts: Parts, params: Params) -> Page:
        names = await reseller_names()
        provider = params.get("provider", "")[:40]
        found = await search_store.find(OrderSearch(states=(OrderState.UNSURE.value,), provider=provider), limit=MOST)
        shown = await lines(found, names)
        looks = await evidence_store.observed([line.attempt.id for line in shown if line.attempt])
        market = await parts.router.look()
        doubts = [
            await _doubt(parts, line, looks.get(line.attempt.id, []) if line.attempt else [], market) for line in shown
        ]
        silent = {line.attempt.provider for line in shown if line.attempt}
        proofs = {one.profile.name: proof_of(one) for one in parts.upstreams if one.profile.name in silent}
        return page(
            "console/unsure.html",
            doubts=doubts,
            proofs=proofs,
            counts=await store.count_waiting(),
            now=clock.now(),
            provider=provider,
            provider_options=[(one.profile.name, one.profile.name) for one in parts.upstreams],
            since=_as_local(clock.now() - 24 * HOUR_MS),
            until=_as_local(clock.now() + 60_000),
        )

    @post("/{order_id:int}/found")
    async def found(self, form: Form, author: Author, order: NamedDependency[Order]) -> Page:
        theirs = form.text("upstream", most=100, needed=True)
        if not form.flag("sure"):
            return await _ask_back(
                form, order, "found", "Follow it", f"it is followed as {theirs}, and charged for", theirs
            )
        return await done(
            resolve.found(order.id, theirs, actor=author, reason=reason(form), attempt_id=_seen(form)),
            _back(form, order.id),
            f"Order {order.id} is followed there as {theirs}.",
        )

    @post("/{order_id:int}/absent")
    async def absent(self, parts: Parts, form: Form, author: Author, order: NamedDependency[Order]) -> Page:
        follows = await next_of(parts, order)
        if not form.flag("sure"):
            return await _ask_back(form, order, "absent", f"Absent: {follows.label}", follows.text)
        return await done(
            resolve.absent(
                order.id, actor=author, reason=reason(form), settle_ms=settle_ms(parts), attempt_id=_seen(form)
            ),
            _back(form, order.id),
            f"Order {order.id}: {follows.text}.",
        )

    @post("/{order_id:int}/write-off")
    async def write_off(self, parts: Parts, form: Form, author: Author, order: NamedDependency[Order]) -> Page:
        if not form.flag("sure"):
            return await _ask_back(
                form, order, "write-off", "Write it off", "it is cancelled and refunded at your risk"
            )
        return await done(
            resolve.write_off(
                order.id, actor=author, reason=reason(form), settle_ms=settle_ms(parts), attempt_id=_seen(form)
            ),
            _back(form, order.id),
            f"Order {order.id} is cancelled and refunded at your risk.",
        )

    @post("/unsure/balance-decides")
    async def let_balance_decide(self, parts: Parts, form: Form, author: Author) -> Page:
        name = form.text("provider", most=40, needed=True)
        or_404(parts.upstreams.settings(name))
        return await done(
            parts.edits.change_provider(name, {"balance_decides": True}, actor=author, reason=reason(form)),
            "/console/orders/unsure",
            f"The balance of {name} decides from now on.",
        )

    @post("/unsure/many")
    async def many(self, parts: Parts, form: Form, author: Author) -> Page:
        """First which orders it would be; then, by the second press, those that were shown and are still unsure."""
        provider, since, until = form.text("provider", needed=True), _moment(form, "since"), _moment(form, "until")
        verdict = form.choice("verdict", bulk_decisions.VERDICTS, bulk_decisions.ABSENT)
        chosen = await bulk_decisions.unsure_between(provider, since, until)
        if not form.flag("sure"):
            names = await reseller_names()
            return page(
                "console/many.html",
                lines=await lines([one.order for one in chosen], names),
                provider=provider,
                fields={"provider": provider, "since": form["since"], "until": form["until"], "verdict": verdict},
                verdict=verdict,
                charged=sum(one.order.charge for one in chosen),
                ids=",".join(str(one.attempt.id) for one in chosen),
                reason=reason(form),
            )
        shown = set(form.get("ids", "").split(","))
        kept = [one for one in chosen if str(one.attempt.id) in shown]
        results = await bulk_decisions.decide(
            kept, verdict, actor=author, reason=reason(form), settle_ms=settle_ms(parts)
        )
        left = [one for one in results if one.refusal is not None]
        told = f"{len(results) - len(left)} orders were decided."
        if left:
            told += f" {len(left)} were left alone; the first, {left[0].order}: {left[0].refusal}"
        return Onward("/console/orders/unsure", told[:400], bad=bool(left))


async def _ask_back(form: Form, order: Order, way: str, press: str, follows: str, theirs: str = "") -> Page:
    """First what it comes to; then, by the second press, the deed."""
    kept = {name: form[name] for name in ("attempt", "back") if name in form}
    named = {"upstream": theirs} if theirs else {}
    return page(
        "console/way.html",
        order=order,
        line=(await lines([order], await reseller_names()))[0],
        way=way,
        press=press,
        follows=follows,
        amount=order.charge - order.refunded,
        reason=reason(form),
        back=_back(form, order.id),
        fields={**kept, **named, "reason": reason(form), "sure": 1},
    )


async def _doubt(parts: Parts, line: Line, looks: Sequence[Look], market: Market) -> Doubt:
    decidable_at = line.attempt.deadline_at + settle_ms(parts) if line.attempt else 0
    follows = await next_of(parts, line.order, market)
    return Doubt(line=line, looks=looks, suggestion=suggest(looks), follows=follows, decidable_at=decidable_at)


def _seen(form: Form) -> int | None:
    """The attempt that the owner looked at."""
    return form.whole("attempt") if "attempt" in form else None


def _back(form: Form, number: int) -> str:
    return "/console/orders/unsure" if form.get("back") == "queue" else f"/console/orders/{number}"


def _moment(form: Form, name: str) -> int:
    """A datetime-local field, which we read as UTC."""
    try:
        return int(datetime.fromisoformat(form.get(name, "")).replace(tzinfo=UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise FormFault(name, "Please choose a date and a time.") from None


def _as_local(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds // 1000, UTC):%Y-%m-%dT%H:%M}"
