"""The markup in an editor: what an edit would change as it is typed, applied at once, and every revision kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import Any

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide

from aggregator.catalog import store
from aggregator.catalog.shelf.drafts import Draft, Overtaken
from aggregator.catalog.shelf.explain import explain
from aggregator.catalog.shelf.preview import PriceChange
from aggregator.catalog.store import RevisionRow
from aggregator.settings import MARKUP_FILE, ConfigurationError, Fault
from aggregator.settings.files import CannotWrite
from aggregator.web.console.deeds import done, reason
from aggregator.web.dependencies import Author, Form, HttpRequest, Id, Params, Parts, or_404
from aggregator.web.responses import Onward, Page, page
from pricing.markup import Buyer

SHOWN = 200
"""Changes on one page; the rest are counted."""
HISTORY = 20
MOST = 200_000


async def revision_of(revision_id: Id) -> RevisionRow:
    found = or_404(await store.revision(revision_id))
    return or_404(found if found.file == MARKUP_FILE else None)


class PricesController(Controller):
    path = "/prices"
    dependencies = {"revision": Provide(revision_of)}

    @get()
    async def prices(self, parts: Parts) -> Page:
        return await _editor(parts, await parts.edits.draft(MARKUP_FILE))

    @post("/preview")
    async def preview(self, request: HttpRequest, parts: Parts, form: Form) -> Page:
        """The piece below the editor, or, for whoever runs no scripts, the whole page with it."""
        text = form.prose("text", most=MOST)
        told = await _foretell(parts, text)
        if request.headers.get("x-part"):
            return page("console/price_changes.html", **told)
        begun = await parts.edits.draft(MARKUP_FILE)
        return await _editor(parts, begun, text=text, base=form.text("base"), **told)

    @post()
    async def apply(self, parts: Parts, form: Form, author: Author) -> Page:
        text, base = form.prose("text", most=MOST), form.text("base")
        try:
            saved = await parts.edits.save(MARKUP_FILE, text, base=base, actor=author, reason=reason(form))
        except (ConfigurationError, CannotWrite) as error:
            faults = error.faults if isinstance(error, ConfigurationError) else [Fault(MARKUP_FILE, 1, str(error))]
            now = await parts.edits.draft(MARKUP_FILE)
            return await _editor(parts, now, status=400, text=text, base=base, file_faults=faults)
        except Overtaken as error:
            lines = list(diff(error.now.text, error.mine))
            return page(
                "console/overtaken.html", status=409, now=error.now, mine=error.mine, lines=lines, told_why=str(error)
            )
        return Onward("/console/prices", f"Applied as revision {saved.id}. New orders are charged by it from now on.")

    @get("/{revision_id:int}")
    async def show(self, parts: Parts, revision: NamedDependency[RevisionRow]) -> Page:
        now = await parts.edits.draft(MARKUP_FILE)
        return page(
            "console/revision.html",
            revision=revision,
            now=now,
            lines=list(diff(now.text, revision.text)),
            **await _foretell(parts, revision.text),
        )

    @post("/{revision_id:int}")
    async def revert(self, parts: Parts, form: Form, author: Author, revision: NamedDependency[RevisionRow]) -> Page:
        return await done(
            parts.edits.revert(revision, base=form.text("base"), actor=author),
            "/console/prices",
            f"Back to revision {revision.id}, as a new one.",
        )

    @get("/why")
    async def why(self, parts: Parts, params: Params) -> Page:
        """How the price of a service comes about for a tier or one reseller."""
        shelf = parts.prices.shelf
        number, tier, reseller = (
            params.number("service", 0, most=2**53),
            params.get("tier", "")[:60],
            params.get("reseller", "")[:100],
        )
        found = shelf.get(number)
        sources = await parts.prices.sources(parts.shelf_providers)
        told = explain(found, Buyer(tier=tier, reseller=reseller), sources) if found else None
        return page(
            "console/why.html",
            number=number or "",
            tier=tier,
            reseller=reseller,
            why=told,
            service=found,
            unsold=shelf.unsold.get(number),
            currency=parts.settings.panel.currency,
        )


def diff(now: str, new: str) -> Iterator[tuple[str, str]]:
    """Lines as (tone, text): what goes away, what comes, and a few around them."""
    for line in list(unified_diff(now.splitlines(), new.splitlines(), lineterm="", n=2))[2:]:
        yield {"+": "plus", "-": "minus", "@": "gap"}.get(line[:1], ""), line


async def _editor(
    parts: Parts, begun: Draft, *, status: int = 200, text: str | None = None, base: str | None = None, **more: Any
) -> Page:
    told = more if "changes" in more else {**await _foretell(parts, begun.text if text is None else text), **more}
    return page(
        "console/prices.html",
        status=status,
        draft=begun,
        text=begun.text if text is None else text,
        base=base or begun.base,
        revisions=await store.revisions(MARKUP_FILE, limit=HISTORY),
        **told,
    )


async def _foretell(parts: Parts, text: str) -> dict[str, Any]:
    """Every change that a text would make; or what is wrong with it."""
    changes: Sequence[PriceChange] = ()
    faults: Sequence[Fault] = ()
    try:
        markup = await parts.edits.read_markup(text)
        changes = await parts.prices.preview_changes(parts.shelf_providers, markup)
    except ConfigurationError as error:
        faults = error.faults
    below = [change for change in changes if change.below_cost]
    return {
        "changes": [*below, *(change for change in changes if not change.below_cost)][:SHOWN],
        "many": len(changes),
        "below": len(below),
        "file_faults": faults,
        "services": len(parts.prices.shelf),
    }
