"""Resellers for the owner: their money, their terms, their keys, and who may come in."""

from __future__ import annotations

from urllib.parse import quote

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide

from aggregator.ledger import book
from aggregator.ledger.book import Kept
from aggregator.orders import halts
from aggregator.orders.reporting import search_store
from aggregator.orders.reporting.search_store import OrderSearch
from aggregator.people import authentication
from aggregator.people import store as people_store
from aggregator.resellers import accounts, keys
from aggregator.resellers import store as reseller_store
from aggregator.resellers.accounts import Refusal
from aggregator.resellers.model import Reseller
from aggregator.storage import decisions
from aggregator.web.console.deeds import done, reason
from aggregator.web.console.orders import lines
from aggregator.web.dependencies import Author, Form, Id, Params, Parts, or_404
from aggregator.web.forms import FormFault
from aggregator.web.responses import Onward, Page, page
from pricing.money import parse_units, print_units

STATEMENT = 30
ORDERS = 10
SPELLINGS = ("auto", "classic", "json")
SPELLING_OPTIONS = (("auto", "As the request is spelled"), ("classic", "Always classic"), ("json", "Always JSON"))


async def named(reseller_id: Id) -> Reseller:
    return or_404(await reseller_store.find_by_id(reseller_id))


class ResellersController(Controller):
    path = "/resellers"
    dependencies = {"reseller": Provide(named)}

    @get()
    async def resellers(self, parts: Parts, form: Form, params: Params) -> Page:
        found = await reseller_store.all_with_balances()
        words = params.get("q", "").strip()
        shown = [(one, balance) for one, balance in found if words.casefold() in f"{one.name} {one.tier}".casefold()]
        spent = await parts.business.spent()
        return page(
            "console/resellers.html",
            resellers=shown,
            spent=spent,
            query=words,
            form=form,
            total=sum(balance for _, balance in found),
        )

    @post()
    async def add(self, parts: Parts, form: Form, author: Author) -> Page:
        """A new reseller with a key, shown this once."""
        name, tier = form.text("name", most=100, needed=True), form.text("tier", most=60)
        async with form.once():
            new = await accounts.add(name, currency=parts.settings.panel.currency, tier=tier, actor=author)
        return page("console/key.html", reseller=new.reseller, key=new.key)

    @post("/invite")
    async def invite(self, parts: Parts, form: Form, author: Author) -> Page:
        """An invitation to sign up, or for a reseller that is here to have a sign-in; shown this once."""
        name = form.get("reseller", "")
        one = await accounts.named(name) if name else None
        token = await authentication.invite(reseller=one.id if one else None, author=author)
        url = f"{parts.settings.panel.public_url.rstrip('/')}/sign-up?invite={quote(token)}"
        return page("console/invite.html", reseller=one, url=url)

    @get("/{reseller_id:int}")
    async def show(self, parts: Parts, form: Form, reseller: NamedDependency[Reseller]) -> Page:
        return await _page(parts, form, reseller)

    @post("/{reseller_id:int}/money")
    async def money(self, parts: Parts, form: Form, reseller: NamedDependency[Reseller]) -> Page:
        """What it would come to, before anything moves."""
        kind = form.choice("kind", ("deposit", "adjust"), "deposit")
        try:
            amount = form.money("amount")
            note, reference = form.text("note", most=300, needed=kind == "adjust"), form.text("reference", most=100)
            if amount == 0 or (kind == "deposit" and amount < 0):
                raise FormFault("amount", "A deposit is more than 0; to take money back, correct the balance.")
        except FormFault as error:
            return await _page(parts, form, reseller, status=400, faults={f"{kind}-{error.field}": str(error)})
        balance = await book.balance(reseller.id)
        return page(
            "console/money.html",
            reseller=reseller,
            kind=kind,
            amount=amount,
            balance=balance,
            note=note,
            reference=reference,
            after=balance + amount,
            fields={"kind": kind, "amount": print_units(amount), "note": note, "reference": reference},
        )

    @post("/{reseller_id:int}/move")
    async def move(self, form: Form, author: Author, reseller: NamedDependency[Reseller]) -> Page:
        """The second press: money moves, once for this form."""
        token = form.once_token
        amount, note, path = _amount(form), form.text("note", most=300), f"/console/resellers/{reseller.id}"
        try:
            if form.get("kind") == "adjust":
                balance, moved = await accounts.adjust(reseller.name, amount, note=note, actor=author, form=token), True
            else:
                reference = form.text("reference", most=100) or None
                balance, moved = await accounts.fund(
                    reseller.name, amount, reference=reference, note=note, actor=author, form=token
                )
        except Refusal as error:
            return Onward(path, str(error), bad=True)
        if not moved:
            return Onward(path, "This reference was taken before: nothing moved.", bad=True)
        return Onward(path, f"Done. {reseller.name} has {print_units(balance, 2)} now.")

    @post("/{reseller_id:int}/square")
    async def compare(self, form: Form, reseller: NamedDependency[Reseller]) -> Page:
        """What the wallet holds beside what its entries come to, and what keeping either would do."""
        keep = _kept(form)
        held, told = await book.balance(reseller.id), await book.balance_from_entries(reseller.id)
        if held == told:
            return Onward(f"/console/resellers/{reseller.id}", "The wallet is what its entries say: nothing to square.")
        note = form.text("note", most=300, needed=True)
        return page(
            "console/square.html",
            reseller=reseller,
            keep=keep,
            held=held,
            told=told,
            note=note,
            fields={"keep": keep, "note": note, "held": print_units(held)},
        )

    @post("/{reseller_id:int}/squared")
    async def square(self, form: Form, author: Author, reseller: NamedDependency[Reseller]) -> Page:
        """The second press: one of the two is set right, once for this form."""
        note = form.text("note", most=300)
        return await done(
            accounts.square(
                reseller.name,
                keep=_kept(form),
                note=note,
                actor=author,
                seen=_amount(form, "held"),
                form=form.once_token,
            ),
            f"/console/resellers/{reseller.id}",
            "Squared. Run the audit: what stood still goes on when it is green.",
        )

    @post("/{reseller_id:int}/terms")
    async def terms(self, form: Form, author: Author, reseller: NamedDependency[Reseller]) -> Page:
        return await done(
            accounts.change(
                reseller.name,
                tier=form.text("tier", most=60),
                spelling=form.choice("spelling", SPELLINGS, reseller.spelling),
                frozen=None,
                actor=author,
                reason=reason(form),
            ),
            f"/console/resellers/{reseller.id}",
            "Saved. It holds from the next request on.",
        )

    @post("/{reseller_id:int}/frozen")
    async def freeze(self, form: Form, author: Author, reseller: NamedDependency[Reseller]) -> Page:
        frozen = form.flag("frozen")
        return await done(
            accounts.change(reseller.name, tier=None, spelling=None, frozen=frozen, actor=author, reason=reason(form)),
            f"/console/resellers/{reseller.id}",
            "Frozen: no new orders. Running ones go on." if frozen else "Open again.",
        )


async def _page(
    parts: Parts, form: Form, one: Reseller, *, status: int = 200, faults: dict[str, str] | None = None
) -> Page:
    orders = await search_store.find(OrderSearch(reseller=one.id), limit=ORDERS)
    return page(
        "console/reseller.html",
        status=status,
        faults=faults or {},
        one=one,
        balance=await book.balance(one.id),
        statement=await book.statement(one.id, limit=STATEMENT),
        keys=await keys.of_reseller(one.id),
        people=await people_store.of_reseller(one.id),
        lines=await lines(orders, {one.id: one.name}),
        decisions=await decisions.about("reseller", one.id),
        spelling_options=SPELLING_OPTIONS,
        form=form,
        spent=(await parts.business.spent()).get(one.id, (0, 0)),
        halted=await halts.why(one.id),
    )


def _kept(form: Form) -> Kept:
    return "entries" if form.get("keep") == "entries" else "wallet"


def _amount(form: Form, name: str = "amount") -> int:
    try:
        return parse_units(form.get(name, ""))
    except ValueError:
        raise FormFault(name, "This form cannot be read: please begin again.") from None
