"""A reseller's API keys for the owner: made, given other rules, revoked; each on the record."""

from __future__ import annotations

from typing import Any

from aggregator.resellers import accounts, keys
from aggregator.resellers.addresses import read_addresses
from aggregator.resellers.keys import LONGEST_LABEL, Key
from aggregator.resellers.model import KeyRules
from aggregator.web.console.deeds import done, reason
from aggregator.web.console.resellers import named
from aggregator.web.forms import FormFault
from aggregator.web.section import Section
from aggregator.web.visit import NotHere, Page, Visit, Who

SPELLINGS = (
    ("", "As the reseller's"),
    ("auto", "As the request"),
    ("classic", "Always classic"),
    ("json", "Always JSON"),
)
SAME_LINK = (("allow", "Is taken"), ("queue", "Waits for the other"), ("refuse", "Is refused"))
LONGEST_REPEAT_SECONDS = 86_400

section = Section()


@section.post("/console/resellers/{reseller:int}/keys", Who.OWNER)
async def make(visit: Visit) -> Page:
    one = await named(visit)
    rules = KeyRules(
        label=visit.form.text("label", most=LONGEST_LABEL), requests_per_second=_rate(visit),
        read_only=visit.form.flag("read_only"),
    )  # fmt: skip
    async with visit.once():
        key = await accounts.add_key(one.name, rules, actor=visit.author)
    return visit.render("console/key.html", reseller=one, key=key)


@section.get("/console/resellers/{reseller:int}/keys/{key:int}", Who.OWNER)
async def show(visit: Visit) -> Page:
    one, key = await named(visit), await _key(visit)
    return visit.render(
        "console/key_rules.html", reseller=one, key=key, spellings=SPELLINGS, same_link=SAME_LINK,
        longest=LONGEST_LABEL, longest_repeat=LONGEST_REPEAT_SECONDS,
    )  # fmt: skip


@section.post("/console/resellers/{reseller:int}/keys/{key:int}", Who.OWNER)
async def change(visit: Visit) -> Page:
    one, key = await named(visit), await _key(visit)
    deed = accounts.change_key(key.prefix, _rules(visit), actor=visit.author, reason=reason(visit))
    told = f"The key {key.prefix}... is changed. It holds from the next request on."
    return await done(visit, deed, f"/console/resellers/{one.id}", told)


@section.post("/console/resellers/{reseller:int}/keys/{key:int}/revoke", Who.OWNER)
async def revoke(visit: Visit) -> Page:
    one, key = await named(visit), await _key(visit)
    deed = accounts.revoke_key(key.prefix, actor=visit.author, reason=reason(visit))
    return await done(visit, deed, f"/console/resellers/{one.id}", f"The key {key.prefix}... opens nothing any more.")


async def _key(visit: Visit) -> Key:
    found = [one for one in await keys.of_reseller(visit.number("reseller")) if one.id == visit.number("key")]
    if not found:
        raise NotHere
    return found[0]


def _rules(visit: Visit) -> dict[str, Any]:
    form = visit.form
    try:
        addresses = read_addresses(form.prose("addresses", most=4000))
    except ValueError as error:
        raise FormFault("addresses", f"The list of addresses cannot be read: {error}.") from None
    return {
        "label": form.text("label", most=LONGEST_LABEL), "requests_per_second": _rate(visit),
        "read_only": form.flag("read_only"), "addresses": addresses,
        "spelling": form.choice("spelling", dict(SPELLINGS), "") or None,
        "same_link": form.choice("same_link", dict(SAME_LINK), "allow"),
        "duplicate_seconds": form.whole("duplicate_seconds", most=LONGEST_REPEAT_SECONDS),
    }  # fmt: skip


def _rate(visit: Visit) -> str | None:
    rate = visit.form.text("rate", most=20)
    if rate and visit.form.decimal("rate") < 0:
        raise FormFault("rate", "Please write requests a second, 0 for no limit.")
    return rate or None
