"""The markup in an editor: what an edit would change as it is typed, applied at once, and every revision kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import Any

from aggregator.catalog import store
from aggregator.catalog.drafts import Draft, Overtaken
from aggregator.catalog.explain import explain
from aggregator.catalog.preview import PriceChange
from aggregator.catalog.store import RevisionRow
from aggregator.settings import MARKUP_FILE, ConfigurationError, Fault
from aggregator.settings.files import CannotWrite
from aggregator.web.console.deeds import done, reason
from aggregator.web.section import Section
from aggregator.web.visit import NotHere, Page, Visit, Who
from pricing.markup import Buyer

SHOWN = 200
"""Changes on one page; the rest are counted."""
HISTORY = 20
MOST = 200_000

section = Section()


@section.get("/console/prices", Who.OWNER)
async def prices(visit: Visit) -> Page:
    return await _editor(visit, await visit.parts.edits.draft(MARKUP_FILE))


@section.post("/console/prices/preview", Who.OWNER)
async def preview(visit: Visit) -> Page:
    """The piece below the editor, or, for whoever runs no scripts, the whole page with it."""
    text = visit.form.prose("text", most=MOST)
    told = await _foretell(visit, text)
    if visit.request.headers.get("x-part"):
        return visit.part("console/price_changes.html", **told)
    begun = await visit.parts.edits.draft(MARKUP_FILE)
    return await _editor(visit, begun, text=text, base=visit.form.text("base"), **told)


@section.post("/console/prices", Who.OWNER)
async def apply(visit: Visit) -> Page:
    text, base = visit.form.prose("text", most=MOST), visit.form.text("base")
    try:
        saved = await visit.parts.edits.save(MARKUP_FILE, text, base=base, actor=visit.author, reason=reason(visit))
    except ConfigurationError as error:
        now = await visit.parts.edits.draft(MARKUP_FILE)
        return await _editor(visit, now, status=400, text=text, base=base, file_faults=error.faults)
    except CannotWrite as error:
        now = await visit.parts.edits.draft(MARKUP_FILE)
        return await _editor(visit, now, status=400, text=text, base=base, file_faults=[_as_fault(error)])
    except Overtaken as error:
        lines = list(diff(error.now.text, error.mine))
        return visit.render(
            "console/overtaken.html", status=409, now=error.now, mine=error.mine, lines=lines, told_why=str(error)
        )
    return visit.go("/console/prices", f"Applied as revision {saved.id}. New orders are charged by it from now on.")


@section.get("/console/prices/{revision:int}", Who.OWNER)
async def revision(visit: Visit) -> Page:
    found = await _revision(visit)
    now = await visit.parts.edits.draft(MARKUP_FILE)
    return visit.render(
        "console/revision.html", revision=found, now=now, lines=list(diff(now.text, found.text)),
        **await _foretell(visit, found.text),
    )  # fmt: skip


@section.post("/console/prices/{revision:int}", Who.OWNER)
async def revert(visit: Visit) -> Page:
    found = await _revision(visit)
    deed = visit.parts.edits.revert(found, base=visit.form.text("base"), actor=visit.author)
    return await done(visit, deed, "/console/prices", f"Back to revision {found.id}, as a new one.")


@section.get("/console/prices/why", Who.OWNER)
async def why(visit: Visit) -> Page:
    """How the price of a service comes about for a tier or one reseller."""
    shelf, query = visit.parts.prices.shelf, visit.query
    number, tier, reseller = (
        query.number("service", 0, most=2**53),
        query.get("tier", "")[:60],
        query.get("reseller", "")[:100],
    )
    found = shelf.get(number)
    sources = await visit.parts.prices.sources(visit.parts.sellers)
    told = explain(found, Buyer(tier=tier, reseller=reseller), sources) if found else None
    return visit.render(
        "console/why.html", number=number or "", tier=tier, reseller=reseller, why=told, service=found,
        unsold=shelf.unsold.get(number), currency=visit.parts.settings.panel.currency,
    )  # fmt: skip


def diff(now: str, new: str) -> Iterator[tuple[str, str]]:
    """Lines as (tone, text): what goes away, what comes, and a few around them."""
    for line in list(unified_diff(now.splitlines(), new.splitlines(), lineterm="", n=2))[2:]:
        yield {"+": "plus", "-": "minus", "@": "gap"}.get(line[:1], ""), line


async def _revision(visit: Visit) -> RevisionRow:
    found = await store.revision(visit.number("revision"))
    if found is None or found.file != MARKUP_FILE:
        raise NotHere
    return found


async def _editor(
    visit: Visit, begun: Draft, *, status: int = 200, text: str | None = None, base: str | None = None, **more: Any
) -> Page:
    told = more if "changes" in more else {**await _foretell(visit, begun.text if text is None else text), **more}
    return visit.render(
        "console/prices.html", status=status, draft=begun, text=begun.text if text is None else text,
        base=base or begun.base, revisions=await store.revisions(MARKUP_FILE, limit=HISTORY), **told,
    )  # fmt: skip


async def _foretell(visit: Visit, text: str) -> dict[str, Any]:
    """Every change that a text would make; or what is wrong with it."""
    changes: Sequence[PriceChange] = ()
    faults: Sequence[Fault] = ()
    parts = visit.parts
    try:
        markup = await parts.edits.read_markup(text)
        changes = await parts.prices.foretell(parts.sellers, markup)
    except ConfigurationError as error:
        faults = error.faults
    below = [change for change in changes if change.below_cost]
    return {
        "changes": [*below, *(change for change in changes if not change.below_cost)][:SHOWN], "many": len(changes),
        "below": len(below), "file_faults": faults, "services": len(parts.prices.shelf),
    }  # fmt: skip


def _as_fault(error: CannotWrite) -> Fault:
    return Fault(MARKUP_FILE, 1, str(error))
