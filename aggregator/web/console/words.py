"""The inbox of words that nobody has understood: say once what each means, and it holds everywhere."""

from __future__ import annotations

import msgspec
from litestar import Controller, get, post

from aggregator.catalog.upstream import word_store, words
from aggregator.catalog.upstream.word_store import WordRow
from aggregator.catalog.upstream.words import WordUnknown
from aggregator.orders.unsure import explained
from aggregator.orders.unsure.explained import Outlook
from aggregator.web.console.deeds import done, reason, settle_ms
from aggregator.web.dependencies import Author, Form, Params, Parts
from aggregator.web.responses import Page, page
from providers.errors import Code
from providers.reading.verdict import ADD_REFUSALS
from providers.vocabulary import Phase

NOT_TAKEN = tuple(sorted(code.value for code in ADD_REFUSALS))
"""An order that is answered so was not taken: it goes to the next provider, waits, or is refunded."""
ABOUT_OTHERS = tuple(sorted(code.value for code in set(Code) - ADD_REFUSALS - {Code.UNKNOWN}))
"""About statuses, refills and cancels; an order that is answered so stays unsure."""
STATUSES = tuple(phase.value for phase in Phase if phase is not Phase.UNKNOWN)


class WordsController(Controller):
    path = "/providers/words"

    @get()
    async def inbox(self, parts: Parts, params: Params) -> Page:
        everything = params.flag("all")
        rows = await word_store.words(everything=everything)
        return page(
            "console/words.html",
            rows=rows,
            everything=everything,
            waiting={row.id: await _waiting(parts, row) for row in rows},
            not_taken=NOT_TAKEN,
            others=ABOUT_OTHERS,
            statuses=STATUSES,
        )

    @post()
    async def explain(self, parts: Parts, form: Form, author: Author) -> Page:
        """First which orders it lets go on, and where to; at once where there are none, else by the second press."""
        provider, text = form.get("provider", ""), form.get("text", "")
        meaning = form.text("meaning", most=60, needed=True)
        if not form.flag("sure"):
            found = await _foresee(parts, provider, text, meaning)
            if found.orders:
                return page(
                    "console/word_sure.html",
                    outlook=found,
                    text=text,
                    provider=provider,
                    meaning=meaning,
                    fields={"provider": provider, "text": text, "meaning": meaning, "reason": reason(form)},
                )
        return await done(
            _explain(parts, form, author, provider, text, meaning),
            "/console/providers/words",
            f"From now on it means {meaning}, wherever {provider} says it.",
        )


async def _explain(parts: Parts, form: Form, author: Author, provider: str, text: str, meaning: str) -> None:
    await words.explain(provider, text, meaning, actor=author, reason=reason(form))
    moved = await explained.carry_out(parts.upstreams, settle_ms=settle_ms(parts))
    await parts.tracker.refresh(moved)
    parts.wake()


async def _foresee(parts: Parts, provider: str, text: str, meaning: str) -> Outlook:
    """Nothing for what cannot be said: the deed itself tells why."""
    try:
        rows = await words.explained(provider, text, meaning)
    except WordUnknown:
        return Outlook()
    give_up_ms = round(parts.settings.pace.give_up_seconds * 1000)
    found = [
        await explained.foresee(
            row, parts.upstreams, settle_ms=settle_ms(parts), router=parts.router, give_up_ms=give_up_ms
        )
        for row in rows
    ]
    return next((one for one in found if one.orders), Outlook())


async def _waiting(parts: Parts, row: WordRow) -> Outlook:
    """The orders that a clear no would let go on, whichever it is."""
    if row.kind != words.ERROR or words.is_clear_no(row):
        return Outlook()
    told = msgspec.structs.replace(row, meaning=NOT_TAKEN[0])
    return await explained.foresee(told, parts.upstreams, settle_ms=settle_ms(parts))
