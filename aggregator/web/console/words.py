"""The inbox of words that nobody has understood: say once what each means, and it holds everywhere."""

from __future__ import annotations

from aggregator.catalog import word_store, words
from aggregator.web.console.deeds import done, reason
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
    return visit.render(
        "console/words.html", rows=await word_store.words(everything=everything), everything=everything,
        not_taken=NOT_TAKEN, others=ABOUT_OTHERS, statuses=STATUSES,
    )  # fmt: skip


@section.post("/console/providers/words", Who.OWNER)
async def explain(visit: Visit) -> Page:
    provider, text = visit.form.get("provider", ""), visit.form.get("text", "")
    meaning = visit.form.text("meaning", most=60, needed=True)
    deed = words.explain(provider, text, meaning, actor=visit.author, reason=reason(visit))
    return await done(
        visit, deed, "/console/providers/words", f"From now on it means {meaning}, wherever {provider} says it."
    )
