"""Resellers for the owner: their money, their terms, their keys, and who may come in."""

from __future__ import annotations

from urllib.parse import quote

from aggregator.ledger import book
from aggregator.ledger.book import Kept
from aggregator.orders import halts, search_store
from aggregator.orders.search_store import OrderSearch
from aggregator.people import doors
from aggregator.people import store as people_store
from aggregator.resellers import accounts, keys
from aggregator.resellers import store as reseller_store
from aggregator.resellers.accounts import Refusal
from aggregator.resellers.model import Reseller
from aggregator.storage import decisions
from aggregator.web.console.deeds import done, reason
from aggregator.web.console.orders import lines
from aggregator.web.forms import FormFault
from aggregator.web.section import Section
from aggregator.web.visit import NotHere, Page, Visit, Who
from pricing.money import parse_units, print_units

STATEMENT = 30
ORDERS = 10
SPELLINGS = ("auto", "classic", "json")
SPELLING_OPTIONS = (("auto", "As the request is spelled"), ("classic", "Always classic"), ("json", "Always JSON"))

section = Section()


@section.get("/console/resellers", Who.OWNER)
async def resellers(visit: Visit) -> Page:
    found = await reseller_store.all_with_balances()
    query = visit.query.get("q", "").strip()
    shown = [(one, balance) for one, balance in found if query.casefold() in f"{one.name} {one.tier}".casefold()]
    spent = await visit.parts.business.spent()
    return visit.render(
        "console/resellers.html", resellers=shown, spent=spent, query=query, form=visit.form,
        total=sum(balance for _, balance in found),
    )  # fmt: skip


@section.post("/console/resellers", Who.OWNER)
async def add(visit: Visit) -> Page:
    """A new reseller with a key, shown this once."""
    name, tier = visit.form.text("name", most=100, needed=True), visit.form.text("tier", most=60)
    async with visit.once():
        new = await accounts.add(
            name, currency=visit.parts.settings.panel.currency, tier=tier, actor=visit.author
        )  # fmt: skip
    return visit.render("console/key.html", reseller=new.reseller, key=new.key)


@section.post("/console/resellers/invite", Who.OWNER)
async def invite(visit: Visit) -> Page:
    """An invitation to sign up, or for a reseller that is here to have a sign-in; shown this once."""
    name = visit.form.get("reseller", "")
    one = await accounts.named(name) if name else None
    token = await doors.invite(reseller=one.id if one else None, author=visit.author)
    url = f"{visit.parts.settings.panel.public_url.rstrip('/')}/sign-up?invite={quote(token)}"
    return visit.render("console/invite.html", reseller=one, url=url)


@section.get("/console/resellers/{reseller:int}", Who.OWNER)
async def reseller(visit: Visit) -> Page:
    return await _page(visit, await named(visit))


@section.post("/console/resellers/{reseller:int}/money", Who.OWNER)
async def money(visit: Visit) -> Page:
    """What it would come to, before anything moves."""
    one, form = await named(visit), visit.form
    kind = form.choice("kind", ("deposit", "adjust"), "deposit")
    try:
        amount = form.money("amount")
        note, reference = form.text("note", most=300, needed=kind == "adjust"), form.text("reference", most=100)
        if amount == 0 or (kind == "deposit" and amount < 0):
            raise FormFault("amount", "A deposit is more than 0; to take money back, correct the balance.")
    except FormFault as error:
        return await _page(visit, one, status=400, faults={f"{kind}-{error.field}": str(error)})
    balance = await book.balance(one.id)
    return visit.render(
        "console/money.html", reseller=one, kind=kind, amount=amount, balance=balance, note=note,
        reference=reference, after=balance + amount,
        fields={"kind": kind, "amount": print_units(amount), "note": note, "reference": reference},
    )  # fmt: skip


@section.post("/console/resellers/{reseller:int}/move", Who.OWNER)
async def move(visit: Visit) -> Page:
    """The second press: money moves, once for this form."""
    one, form, token = await named(visit), visit.form, visit.once_token
    amount, note, path = _amount(visit), form.text("note", most=300), f"/console/resellers/{one.id}"
    try:
        if form.get("kind") == "adjust":
            balance, moved = await accounts.adjust(one.name, amount, note=note, actor=visit.author, form=token), True
        else:
            reference = form.text("reference", most=100) or None
            balance, moved = await accounts.fund(
                one.name, amount, reference=reference, note=note, actor=visit.author, form=token
            )
    except Refusal as error:
        return visit.go(path, str(error), bad=True)
    if not moved:
        return visit.go(path, "This reference was taken before: nothing moved.", bad=True)
    return visit.go(path, f"Done. {one.name} has {print_units(balance, 2)} now.")


@section.post("/console/resellers/{reseller:int}/square", Who.OWNER)
async def compare(visit: Visit) -> Page:
    """What the wallet holds beside what its entries come to, and what keeping either would do."""
    one, keep = await named(visit), _kept(visit)
    held, told = await book.balance(one.id), await book.moved(one.id)
    if held == told:
        return visit.go(f"/console/resellers/{one.id}", "The wallet is what its entries say: nothing to square.")
    note = visit.form.text("note", most=300, needed=True)
    return visit.render(
        "console/square.html", reseller=one, keep=keep, held=held, told=told, note=note,
        fields={"keep": keep, "note": note, "held": print_units(held)},
    )  # fmt: skip


@section.post("/console/resellers/{reseller:int}/squared", Who.OWNER)
async def square(visit: Visit) -> Page:
    """The second press: one of the two is set right, once for this form."""
    one, note = await named(visit), visit.form.text("note", most=300)
    deed = accounts.square(
        one.name, keep=_kept(visit), note=note, actor=visit.author, seen=_amount(visit, "held"), form=visit.once_token
    )  # fmt: skip
    told = "Squared. Run the audit: what stood still goes on when it is green."
    return await done(visit, deed, f"/console/resellers/{one.id}", told)


@section.post("/console/resellers/{reseller:int}/terms", Who.OWNER)
async def terms(visit: Visit) -> Page:
    one, form = await named(visit), visit.form
    deed = accounts.change(
        one.name, tier=form.text("tier", most=60), spelling=form.choice("spelling", SPELLINGS, one.spelling),
        frozen=None, actor=visit.author, reason=reason(visit),
    )  # fmt: skip
    return await done(visit, deed, f"/console/resellers/{one.id}", "Saved. It holds from the next request on.")


@section.post("/console/resellers/{reseller:int}/frozen", Who.OWNER)
async def freeze(visit: Visit) -> Page:
    one, frozen = await named(visit), visit.form.flag("frozen")
    deed = accounts.change(
        one.name, tier=None, spelling=None, frozen=frozen, actor=visit.author, reason=reason(visit)
    )  # fmt: skip
    told = "Frozen: no new orders. Running ones go on." if frozen else "Open again."
    return await done(visit, deed, f"/console/resellers/{one.id}", told)


async def named(visit: Visit) -> Reseller:
    found = await reseller_store.find_by_id(visit.number("reseller"))
    if found is None:
        raise NotHere
    return found


async def _page(visit: Visit, one: Reseller, *, status: int = 200, faults: dict[str, str] | None = None) -> Page:
    orders = await search_store.find(OrderSearch(reseller=one.id), limit=ORDERS)
    return visit.render(
        "console/reseller.html", status=status, faults=faults or {}, one=one, balance=await book.balance(one.id),
        statement=await book.statement(one.id, limit=STATEMENT), keys=await keys.of_reseller(one.id),
        people=await people_store.of_reseller(one.id), lines=await lines(orders, {one.id: one.name}),
        decisions=await decisions.about("reseller", one.id), spelling_options=SPELLING_OPTIONS, form=visit.form,
        spent=(await visit.parts.business.spent()).get(one.id, (0, 0)), halted=await halts.why(one.id),
    )  # fmt: skip


def _kept(visit: Visit) -> Kept:
    return "entries" if visit.form.get("keep") == "entries" else "wallet"


def _amount(visit: Visit, name: str = "amount") -> int:
    try:
        return parse_units(visit.form.get(name, ""))
    except ValueError:
        raise FormFault(name, "This form cannot be read: please begin again.") from None
