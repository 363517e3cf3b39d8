"""Where a reseller arrives."""

from __future__ import annotations

from aggregator.ledger import book
from aggregator.web.section import Section
from aggregator.web.visit import Page, Visit, Who

section = Section()


@section.get("/home", Who.RESELLER)
async def home(visit: Visit) -> Page:
    return visit.render("account/home.html", balance=await book.balance(visit.reseller))
