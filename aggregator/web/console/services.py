"""What we sell: found, hidden, renamed, pinned; what waits for the owner's word; and what may be the same thing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException

from aggregator.catalog import finding_store, learned_store
from aggregator.catalog import store as catalog_store
from aggregator.catalog.matching import suggestions
from aggregator.catalog.matching.suggestions import Proposal
from aggregator.catalog.shelf.explain import explain
from aggregator.catalog.shelf.merging import fates
from aggregator.catalog.shelf.shelf import NOBODY, Shelf, ShelfService
from aggregator.catalog.syncing import decide
from aggregator.catalog.upstream import cooldown
from aggregator.errors import CannotBeDone
from aggregator.settings import FIRST_IMPORTED_ID, SERVICES_FILE, ServiceEntry, read_services
from aggregator.settings.edits import Value
from aggregator.web.console.deeds import done, reason, why
from aggregator.web.dependencies import Author, Form, Id, Params, Parts
from aggregator.web.responses import Onward, Page, page

PAGE = 100
LONGEST_SEARCH = 100
MATCHES = 25
HELD = 50


class ServicesController(Controller):
    path = "/services"

    @get()
    async def services(self, parts: Parts, params: Params) -> Page:
        shelf, words = parts.prices.shelf, params.get("q", "").strip()[:LONGEST_SEARCH]
        number = params.number("page")
        found, unsold = await asyncio.to_thread(lambda: (_search(shelf, words.casefold()), _unsold(shelf, words)))
        shown = found[(number - 1) * PAGE : number * PAGE]
        return page(
            "console/services.html",
            services=[(service, service.terms(NOBODY)) for service in shown],
            query=words,
            number=number,
            more=len(found) > number * PAGE,
            many=len(found),
            unsold=unsold,
            **await _counts(),
        )

    @get("/held")
    async def held(self, params: Params) -> Page:
        catalogues = [row for row in (await catalog_store.providers()).values() if row.held_catalogue is not None]
        number = params.number("page")
        found = await learned_store.held_page(limit=HELD + 1, offset=(number - 1) * HELD)
        return page(
            "console/held_services.html",
            catalogues=catalogues if number == 1 else [],
            listings=found[:HELD],
            held_at=await learned_store.count_held(),
            number=number,
            more=len(found) > HELD,
            **await _counts(),
        )

    @post("/held")
    async def decide_held(self, parts: Parts, form: Form, author: Author) -> Page:
        provider, service = form.text("provider", needed=True), form.text("service")
        why_so, path = reason(form), "/console/services/held"
        if form.get("verdict") == "reject":
            return await done(
                decide.reject(provider, service, actor=author, reason=why_so),
                path,
                f"{provider}:{service} stays held until it is published differently.",
            )
        taken = parts.prices.services.taken
        return await done(
            decide.approve(provider, service or None, actor=author, reason=why_so, taken=taken),
            path,
            f"{provider}:{service} is believed as it is now."
            if service
            else f"{provider}: the next catalogue is let through.",
        )

    @post("/forget")
    async def forget(self, form: Form, author: Author) -> Page:
        """What refusals told of a provider's service is taken back."""
        provider, service = form.text("provider", needed=True), form.text("service", needed=True)
        return await done(
            cooldown.forget(provider, service, actor=author, reason=reason(form)),
            f"/console/providers/of/{quote(provider)}",
            f"{provider}:{service} is sold as it is published.",
        )

    @post("/held/many")
    async def approve_many(self, parts: Parts, form: Form, author: Author) -> Page:
        """The ticked ones, all that waits at a provider, or its rises under a percentage."""
        path, by = "/console/services/held", {"actor": author, "reason": reason(form)}
        if form.get("which") == "ticked":
            seen = [value.partition(":") for value in form.all("tick")]
            ticked = {int(number): text for number, _, text in seen if number.isascii() and number.isdigit()}
            return await done(
                decide.approve_seen(ticked, taken=parts.prices.services.taken, **by),
                path,
                "What was ticked is believed as it is now.",
            )
        provider = form.text("provider", needed=True)
        if form.get("which") == "rises":
            under = form.decimal("under")
            return await done(
                decide.approve_rises(provider, under=under, **by),
                path,
                f"The prices of {provider} that rose by less than {under:f} % count now.",
            )
        return await done(
            decide.approve(provider, taken=parts.prices.services.taken, **by),
            path,
            f"All that waited of {provider} is believed as it is now.",
        )

    @get("/matches")
    async def matches(self, parts: Parts) -> Page:
        found = await suggestions.proposals(parts.prices, parts.upstreams, limit=MATCHES)
        blocks = await suggestions.block_of_each(found)
        return page("console/matches.html", matches=list(zip(found, blocks, strict=True)), **await _counts())

    @get("/matches/merge")
    async def merge(self, parts: Parts, params: Params) -> Page:
        """Before the press: what becomes of each id that resellers use, and what gets worse under it."""
        one = await _proposal(parts, params.get("refs", ""))
        if one is None:
            return _gone()
        block = await suggestions.blocks([one])
        merged = await parts.prices.foresee(parts.shelf_providers, read_services(block, SERVICES_FILE).services[0])
        if merged is None:
            return _gone()
        shelf, named = parts.prices.shelf, frozenset(merged.named)
        told = await asyncio.to_thread(lambda: fates([one for one in shelf if not named.isdisjoint(one.named)], merged))
        return page("console/merge.html", one=one, block=block, merged=merged, fates=told, **await _counts())

    @post("/matches")
    async def accept(self, parts: Parts, form: Form, author: Author) -> Page:
        """The suggestion as it was shown, by what is in it."""
        one = await _proposal(parts, form.get("refs", ""))
        if one is None:
            return _gone()
        return await done(
            _accept(parts, author, one),
            "/console/services/matches",
            f"Sold as one service from now on, under the id {one.number}. "
            "The other ids go on working as aliases of it.",
        )

    @post("/{number:int}/apart")
    async def take_apart(self, parts: Parts, form: Form, author: Author, number: Id) -> Page:
        """Undo a merge: each listing is sold by itself again, under the id that it had."""
        return await done(
            parts.edits.remove_service(number, actor=author, reason=reason(form) or "sold apart again"),
            "/console/services",
            f"Service {number} is taken apart: its listings are sold as they come.",
        )

    @get("/{number:int}")
    async def service(self, parts: Parts, form: Form, number: Id) -> Page:
        return await _page(parts, form, number)

    @post("/{number:int}")
    async def change(self, parts: Parts, form: Form, author: Author, number: Id) -> Page:
        """A name, a category, a pin, or off and on the shelf; empty means as the provider has it."""
        entry, offer = _entry(parts, number), await _only_offer(number)
        if entry is None and not offer:
            raise NotFoundException
        pin = form.text("pin")
        changes: dict[str, Value] = {
            "name": form.text("name", most=250) or None,
            "category": form.text("category", most=250) or None,
            "enabled": None if form.flag("sold") else False,
            "pin": pin or None,
        }
        if entry is None and not any(value is not None for value in changes.values()):
            return Onward(f"/console/services/{number}", "Nothing was changed.")
        deed = parts.edits.change_service(number, changes, offer=offer, actor=author, reason=reason(form))
        try:
            await deed
        except CannotBeDone as error:
            return await _page(parts, form, number, status=400, fault=why(error))
        return Onward(f"/console/services/{number}", "Saved. It is so from the next order on.")


async def _proposal(parts: Parts, refs: str) -> Proposal | None:
    found = await suggestions.proposals(parts.prices, parts.upstreams)
    return next((each for each in found if each.refs == refs), None)


def _gone() -> Page:
    return Onward(
        "/console/services/matches", "That suggestion is gone: it was accepted, or a price changed.", bad=True
    )


async def _accept(parts: Parts, author: Author, one: Proposal) -> None:
    block = await suggestions.blocks([one])
    await parts.edits.add_service(block, actor=author, reason="a suggested match")


async def _page(parts: Parts, form: Form, number: int, *, status: int = 200, fault: str = "") -> Page:
    prices = parts.prices
    target = prices.shelf.aliases.get(number)
    if target is not None:
        return Onward(f"/console/services/{target}", f"{number} is an alias of this service.")
    found, entry, offer = prices.shelf.get(number), _entry(parts, number), await _only_offer(number)
    if found is None and entry is None and not offer:
        raise NotFoundException
    sources, offers = await prices.sources(parts.shelf_providers), _offers(found, entry, offer)
    return page(
        "console/service.html",
        status=status,
        number=number,
        service=found,
        entry=entry,
        fault=fault,
        unsold=prices.shelf.unsold.get(number),
        pins=[("", "The cheapest that can"), *((offer, f"Only {offer}") for offer in offers)],
        form=form,
        why=explain(found, NOBODY, sources) if found else None,
        terms=found.terms(NOBODY) if found else None,
        currency=parts.settings.panel.currency,
        imported=number >= FIRST_IMPORTED_ID,
        aliases=prices.shelf.aliases_of(number),
        learned=[one for one in await finding_store.found() if f"{one.provider}:{one.service}" in offers],
    )


def _offers(found: ShelfService | None, entry: ServiceEntry | None, offer: str) -> list[str]:
    if entry is not None:
        return [f"{ref.provider}:{ref.service}" for ref in entry.offers]
    return [f"{one.provider}:{one.service}" for one in found.offers] if found else [offer]


def _entry(parts: Parts, number: int) -> ServiceEntry | None:
    return next((entry for entry in parts.prices.services.services if entry.id == number), None)


async def _only_offer(number: int) -> str:
    """What an id that was given at an import stands for; "" for any other."""
    if number < FIRST_IMPORTED_ID:
        return ""
    found = await catalog_store.imported_as(number)
    return f"{found[0]}:{found[1]}" if found is not None else ""


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
