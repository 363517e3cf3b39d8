"""The inbox of words that nobody has understood: say once what each means, and it holds everywhere."""

from __future__ import annotations

import msgspec

from aggregator.catalog import word_store, words
from aggregator.catalog.word_store import WordRow
from aggregator.catalog.words import WordUnknown
from aggregator.orders import explained
from aggregator.orders.explained import Outlook
from aggregator.web.console.deeds import done, reason, settle_ms
from aggregator.web.section import Section
from aggregator.web.visit import Page, Visit, Who
from providers.errors import Code
from providers.verdict import ADD_REFUSALS
from providers.vocabulary import Phase

NOT_TAKEN = tuple(sorted(code.value for code in ADD_REFUSALS))
"""An order that is answered so was not taken: it goes to the next provider, waits, or is refunded."""
ABOUT_OTHERS = tuple(sorted(code.value for code in set(Code) - ADD_REFUSALS - {Code.UNKNOWN}))
"""About statuses, refills and cancels; an order that is answered so stays unsure."""
STATUSES = tuple(phase.value for phase in Phase if phase is not Phase.UNKNOWN)

section = Section()


@section.get("/console/providers/words", Who.OWNER)
async def inbox(visit: Visit) -> Page:
    everything = visit.query.flag("all")
    rows = await word_store.words(everything=everything)
    return visit.render(
        "console/words.html", rows=rows, everything=everything,
        waiting={row.id: await _waiting(visit, row) for row in rows},
        not_taken=NOT_TAKEN, others=ABOUT_OTHERS, statuses=STATUSES,
    )  # fmt: skip


@section.post("/console/providers/words", Who.OWNER)
async def explain(visit: Visit) -> Page:
    """First which orders it would let go on, and where to; at once where there are none, else by the second press."""
    provider, text = visit.form.get("provider", ""), visit.form.get("text", "")
    meaning = visit.form.text("meaning", most=60, needed=True)
    if not visit.form.flag("sure"):
        found = await _foresee(visit, provider, text, meaning)
        if found.orders:
            return visit.render(
                "console/word_sure.html", outlook=found, text=text, provider=provider, meaning=meaning,
                fields={"provider": provider, "text": text, "meaning": meaning, "reason": reason(visit)},
            )  # fmt: skip
    deed = _explain(visit, provider, text, meaning)
    return await done(
        visit, deed, "/console/providers/words", f"From now on it means {meaning}, wherever {provider} says it."
    )


async def _explain(visit: Visit, provider: str, text: str, meaning: str) -> None:
    await words.explain(provider, text, meaning, actor=visit.author, reason=reason(visit))
    moved = await explained.carry_out(visit.parts.upstreams, settle_ms=settle_ms(visit))
    await visit.parts.tracker.refresh(moved)
    visit.parts.wake()


async def _foresee(visit: Visit, provider: str, text: str, meaning: str) -> Outlook:
    """Nothing for what cannot be said: the deed itself tells why."""
    try:
        rows = await words.explained(provider, text, meaning)
    except WordUnknown:
        return Outlook()
    parts = visit.parts
    give_up_ms = parts.settings.pace.give_up_ms
    found = [
        await explained.foresee(
            row, parts.upstreams, settle_ms=settle_ms(visit), router=parts.router, give_up_ms=give_up_ms
        )
        for row in rows
    ]  # fmt: skip
    return next((one for one in found if one.orders), Outlook())


async def _waiting(visit: Visit, row: WordRow) -> Outlook:
    """The orders that a clear no would let go on, whichever it is."""
    if row.kind != words.ERROR or words.is_clear_no(row):
        return Outlook()
    told = msgspec.structs.replace(row, meaning=NOT_TAKEN[0])
    return await explained.foresee(told, visit.parts.upstreams, settle_ms=settle_ms(visit))
