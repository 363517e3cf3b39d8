"""What we sell: found, hidden, renamed, pinned; what waits for the owner's word; and what may be the same thing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from aggregator.catalog import cooldown, decide, finding_store, learned_store, suggestions
from aggregator.catalog import store as catalog_store
from aggregator.catalog.explain import explain
from aggregator.catalog.merging import fates
from aggregator.catalog.shelf import NOBODY, Shelf, ShelfService
from aggregator.catalog.suggestions import Proposal
from aggregator.errors import CannotBeDone
from aggregator.settings import FIRST_IMPORTED_ID, SERVICES_FILE, OfferRef, ServiceEntry, read_services
from aggregator.settings.edits import Value
from aggregator.web.console.deeds import done, reason, why
from aggregator.web.section import Section
from aggregator.web.visit import NotHere, Page, Visit, Who

PAGE = 100
LONGEST_SEARCH = 100
MATCHES = 25
HELD = 50

section = Section()


@section.get("/console/services", Who.OWNER)
async def services(visit: Visit) -> Page:
    shelf, query = visit.parts.prices.shelf, visit.query.get("q", "").strip()[:LONGEST_SEARCH]
    number = visit.query.number("page")
    found, unsold = await asyncio.to_thread(lambda: (_search(shelf, query.casefold()), _unsold(shelf, query)))
    shown = found[(number - 1) * PAGE : number * PAGE]
    return visit.render(
        "console/services.html", services=[(service, service.terms(NOBODY)) for service in shown], query=query,
        number=number, more=len(found) > number * PAGE, many=len(found), unsold=unsold,
        **await _counts(),
    )  # fmt: skip


@section.get("/console/services/held", Who.OWNER)
async def held(visit: Visit) -> Page:
    catalogues = [row for row in (await catalog_store.providers()).values() if row.held_catalogue is not None]
    number = visit.query.number("page")
    found = await learned_store.held_page(limit=HELD + 1, offset=(number - 1) * HELD)
    return visit.render(
        "console/held_services.html", catalogues=catalogues if number == 1 else [], listings=found[:HELD],
        held_at=await learned_store.count_held(), number=number, more=len(found) > HELD, **await _counts(),
    )  # fmt: skip


@section.post("/console/services/held", Who.OWNER)
async def decide_held(visit: Visit) -> Page:
    provider, service = visit.form.text("provider", needed=True), visit.form.text("service")
    why_so, path = reason(visit), "/console/services/held"
    if visit.form.get("verdict") == "reject":
        deed = decide.reject(provider, service, actor=visit.author, reason=why_so)
        return await done(visit, deed, path, f"{provider}:{service} stays held until it is published differently.")
    taken = visit.parts.prices.services.taken
    approval = decide.approve(provider, service or None, actor=visit.author, reason=why_so, taken=taken)
    what = (
        f"{provider}:{service} is believed as it is now."
        if service
        else f"{provider}: the next catalogue is let through."
    )
    return await done(visit, approval, path, what)


@section.post("/console/services/forget", Who.OWNER)
async def forget(visit: Visit) -> Page:
    """What refusals told of a provider's service is taken back."""
    provider, service = visit.form.text("provider", needed=True), visit.form.text("service", needed=True)
    deed = cooldown.forget(provider, service, actor=visit.author, reason=reason(visit))
    told = f"{provider}:{service} is sold as it is published."
    return await done(visit, deed, f"/console/providers/of/{quote(provider)}", told)


@section.post("/console/services/held/many", Who.OWNER)
async def approve_many(visit: Visit) -> Page:
    """The ticked ones, all that waits at a provider, or its rises under a percentage."""
    path, by = "/console/services/held", {"actor": visit.author, "reason": reason(visit)}
    if visit.form.get("which") == "ticked":
        seen = [value.partition(":") for value in visit.form.all("tick")]
        ticked = {int(number): text for number, _, text in seen if number.isascii() and number.isdigit()}
        approval = decide.approve_seen(ticked, taken=visit.parts.prices.services.taken, **by)
        return await done(visit, approval, path, "What was ticked is believed as it is now.")
    provider = visit.form.text("provider", needed=True)
    if visit.form.get("which") == "rises":
        under = visit.form.decimal("under")
        deed = decide.approve_rises(provider, under=under, **by)
        return await done(visit, deed, path, f"The prices of {provider} that rose by less than {under:f} % count now.")
    deed = decide.approve(provider, taken=visit.parts.prices.services.taken, **by)
    return await done(visit, deed, path, f"All that waited of {provider} is believed as it is now.")


@section.get("/console/services/matches", Who.OWNER)
async def matches(visit: Visit) -> Page:
    found = await suggestions.proposals(visit.parts.prices, visit.parts.upstreams, limit=MATCHES)
    blocks = await suggestions.block_of_each(found)
    return visit.render(
        "console/matches.html", matches=list(zip(found, blocks, strict=True)), **await _counts()
    )  # fmt: skip


@section.get("/console/services/matches/merge", Who.OWNER)
async def merge(visit: Visit) -> Page:
    """Before the press: what becomes of each id that resellers use, and what gets worse under it."""
    one = await _proposal(visit, visit.query.get("refs", ""))
    if one is None:
        return _gone(visit)
    parts = visit.parts
    block = await suggestions.blocks([one])
    merged = await parts.prices.foresee(parts.sellers, read_services(block, SERVICES_FILE).services[0])
    if merged is None:
        return _gone(visit)
    shelf, named = parts.prices.shelf, frozenset(merged.named)
    told = await asyncio.to_thread(lambda: fates([one for one in shelf if not named.isdisjoint(one.named)], merged))
    return visit.render("console/merge.html", one=one, block=block, merged=merged, fates=told, **await _counts())


@section.post("/console/services/matches", Who.OWNER)
async def accept(visit: Visit) -> Page:
    """The suggestion as it was shown, by what is in it."""
    one = await _proposal(visit, visit.form.get("refs", ""))
    if one is None:
        return _gone(visit)
    return await done(
        visit, _accept(visit, one), "/console/services/matches",
        f"Sold as one service from now on, under the id {one.number}. The other ids go on working as aliases of it.",
    )  # fmt: skip


async def _proposal(visit: Visit, refs: str) -> Proposal | None:
    found = await suggestions.proposals(visit.parts.prices, visit.parts.upstreams)
    return next((each for each in found if each.refs == refs), None)


def _gone(visit: Visit) -> Page:
    return visit.go(
        "/console/services/matches", "That suggestion is gone: it was accepted, or a price changed.", bad=True
    )


async def _accept(visit: Visit, one: Proposal) -> None:
    block = await suggestions.blocks([one])
    await visit.parts.edits.add_service(block, actor=visit.author, reason="a suggested match")


@section.post("/console/services/{service:int}/apart", Who.OWNER)
async def take_apart(visit: Visit) -> Page:
    """Undo a merge: each listing is sold by itself again, under the id that it had."""
    number = visit.number("service")
    deed = visit.parts.edits.remove_service(number, actor=visit.author, reason=reason(visit) or "sold apart again")
    return await done(
        visit, deed, "/console/services", f"Service {number} is taken apart: its listings are sold as they come."
    )


@section.get("/console/services/{service:int}", Who.OWNER)
async def service(visit: Visit) -> Page:
    return await _page(visit)


@section.post("/console/services/{service:int}", Who.OWNER)
async def change(visit: Visit) -> Page:
    """A name, a category, a pin, or off and on the shelf; empty means as the provider has it."""
    number, form = visit.number("service"), visit.form
    entry, offer = _entry(visit, number), await _only_offer(number)
    if entry is None and not offer:
        raise NotHere
    pin = form.text("pin")
    changes: dict[str, Value] = {
        "name": form.text("name", most=250) or None, "category": form.text("category", most=250) or None,
        "enabled": None if form.flag("sold") else False, "pin": pin or None,
    }  # fmt: skip
    if entry is None and not any(value is not None for value in changes.values()):
        return visit.go(f"/console/services/{number}", "Nothing was changed.")
    deed = visit.parts.edits.change_service(number, changes, offer=offer, actor=visit.author, reason=reason(visit))
    try:
        await deed
    except CannotBeDone as error:
        return await _page(visit, status=400, fault=why(error))
    return visit.go(f"/console/services/{number}", "Saved. It is so from the next order on.")


async def _page(visit: Visit, *, status: int = 200, fault: str = "") -> Page:
    number = visit.number("service")
    prices = visit.parts.prices
    target = prices.shelf.aliases.get(number)
    if target is not None:
        return visit.go(f"/console/services/{target}", f"{number} is an alias of this service.")
    found, entry, offer = prices.shelf.get(number), _entry(visit, number), await _only_offer(number)
    if found is None and entry is None and not offer:
        raise NotHere
    sources, offers = await prices.sources(visit.parts.sellers), _offers(found, entry, offer)
    return visit.render(
        "console/service.html", status=status, number=number, service=found, entry=entry, fault=fault,
        unsold=prices.shelf.unsold.get(number), pins=_pins(offers), form=visit.form,
        why=explain(found, NOBODY, sources) if found else None, terms=found.terms(NOBODY) if found else None,
        currency=visit.parts.settings.panel.currency, imported=number >= FIRST_IMPORTED_ID,
        aliases=prices.shelf.aliases_of(number),
        learned=[one for one in await finding_store.found() if f"{one.provider}:{one.service}" in offers],
    )  # fmt: skip


def _offers(found: ShelfService | None, entry: ServiceEntry | None, offer: str) -> list[str]:
    if entry is not None:
        return [_name(ref) for ref in entry.offers]
    return [f"{one.provider}:{one.service}" for one in found.offers] if found else [offer]


def _pins(offers: list[str]) -> list[tuple[str, str]]:
    return [("", "The cheapest that can"), *((offer, f"Only {offer}") for offer in offers)]


def _entry(visit: Visit, number: int) -> ServiceEntry | None:
    return next((entry for entry in visit.parts.prices.services.services if entry.id == number), None)


async def _only_offer(number: int) -> str:
    """What an id that was given at an import stands for; "" for any other."""
    if number < FIRST_IMPORTED_ID:
        return ""
    found = await catalog_store.imported_as(number)
    return f"{found[0]}:{found[1]}" if found is not None else ""


def _name(ref: OfferRef) -> str:
    return f"{ref.provider}:{ref.service}"


def _search(shelf: Shelf, query: str) -> list[ShelfService]:
    return [service for service in shelf if _fits(service, query, shelf.aliases_of(service.id))]


def _fits(service: ShelfService, query: str, aliases: Iterable[int] = ()) -> bool:
    """By any of our ids, any word of name or category, or an offer."""
    if not query or query in map(str, (service.id, *aliases)):
        return True
    text = f"{service.name} {service.category} {' '.join(f'{one.provider}:{one.service}' for one in service.offers)}"
    return all(word in text.casefold() for word in query.split())


def _unsold(shelf: Shelf, query: str) -> Mapping[int, str]:
    """Ids of services.toml and of imports that cannot be sold now; the first of many."""
    found = shelf.unsold.items()
    folded = query.casefold()
    return dict(
        [(number, text) for number, text in found if not folded or folded in f"{number} {text}".casefold()][:PAGE]
    )


async def _counts() -> dict[str, Any]:
    """For the tabs."""
    catalogues = [row for row in (await catalog_store.providers()).values() if row.held_catalogue is not None]
    return {"waiting": sum((await learned_store.count_held()).values()) + len(catalogues)}
