"""A reseller's API keys: shown once when they are made, afterwards only by what they begin with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from aggregator.resellers import keys
from aggregator.resellers.accounts import Refusal
from aggregator.resellers.keys import LONGEST_LABEL, OVERLAP_MS, Key
from aggregator.resellers.model import KeyRules
from aggregator.web.section import Section
from aggregator.web.visit import NotHere, Page, Visit, Who

section = Section()


@section.get("/keys", Who.RESELLER)
async def listed(visit: Visit) -> Page:
    return visit.render("account/keys.html", keys=await keys.of_reseller(visit.reseller))


@section.get("/keys/new", Who.RESELLER)
async def blank(visit: Visit) -> Page:
    return _form(visit, KeyRules())


@section.post("/keys/new", Who.RESELLER)
async def make(visit: Visit) -> Page:
    rules, fault = _read(visit)
    if rules is None:
        return _form(visit, KeyRules(), fault=fault)
    async with visit.once():
        key = await keys.make(visit.reseller, rules)
    return visit.render("account/key_made.html", key=key, label=rules.label, replaced=False)


@section.get("/keys/{key:int}", Who.RESELLER)
async def show(visit: Visit) -> Page:
    key = await _mine(visit)
    return _form(visit, key.rules, key=key)


@section.post("/keys/{key:int}", Who.RESELLER)
async def change(visit: Visit) -> Page:
    key = await _mine(visit)
    rules, fault = _read(visit)
    if rules is None:
        return _form(visit, key.rules, key=key, fault=fault)
    await keys.change(visit.reseller, key.id, rules)
    return visit.go("/keys", f"The key {key.prefix}… is changed.")


@section.post("/keys/{key:int}/replace", Who.RESELLER)
async def replace(visit: Visit) -> Page:
    key = await _mine(visit)
    overlap = OVERLAP_MS[visit.form.choice("overlap", tuple(OVERLAP_MS), "24")]
    async with visit.once():
        new = await keys.replace(visit.reseller, key.id, overlap_ms=overlap)
    return visit.render("account/key_made.html", key=new, label=key.rules.label, replaced=overlap > 0)


@section.post("/keys/{key:int}/revoke", Who.RESELLER)
async def revoke(visit: Visit) -> Page:
    key = await _mine(visit)
    await keys.revoke(visit.reseller, key.id)
    return visit.go("/keys", f"The key {key.prefix}… opens nothing any more.")


async def _mine(visit: Visit) -> Key:
    found = [key for key in await keys.of_reseller(visit.reseller) if key.id == visit.number("key")]
    if not found:
        raise NotHere
    return found[0]


def _read(visit: Visit) -> tuple[KeyRules | None, str]:
    form = visit.form
    try:
        rules = keys.read_rules(
            label=form.text("label", most=LONGEST_LABEL), spelling=form.choice("spelling", ("json", "classic"), ""),
            rate=form.text("rate", most=20), addresses=form.prose("addresses", most=4000),
            read_only=form.flag("read_only"), most_per_second=_most(visit),
        )  # fmt: skip
    except Refusal as error:
        return None, str(error)
    return rules, ""


def _form(visit: Visit, rules: KeyRules, *, key: Key | None = None, fault: str = "") -> Page:
    typed: dict[str, Any] = {
        "label": rules.label, "spelling": rules.spelling or "", "rate": rules.requests_per_second or "",
        "addresses": rules.addresses.replace(" ", "\n"), "read_only": rules.read_only,
    }  # fmt: skip
    if fault:
        typed = {name: visit.form.get(name, "") for name in typed}
    status = 400 if fault else 200
    return visit.render("account/key.html", status=status, key=key, typed=typed, fault=fault, most=_most(visit))


def _most(visit: Visit) -> Decimal:
    return Decimal(str(visit.parts.settings.limits.requests_per_second))
