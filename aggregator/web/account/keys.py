"""A reseller's API keys: shown once when they are made, afterwards only by what they begin with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide

from aggregator.resellers import keys
from aggregator.resellers.accounts import Refusal
from aggregator.resellers.keys import LONGEST_LABEL, OVERLAP_MS, Key
from aggregator.resellers.model import KeyRules
from aggregator.web.dependencies import Form, Id, Parts, SellerId, or_404
from aggregator.web.responses import Onward, Page, page


async def key_of(seller_id: SellerId, key_id: Id) -> Key:
    return or_404(next((key for key in await keys.of_reseller(seller_id) if key.id == key_id), None))


class KeysController(Controller):
    path = "/keys"
    dependencies = {"key": Provide(key_of)}

    @get()
    async def listed(self, seller_id: SellerId) -> Page:
        return page("account/keys.html", keys=await keys.of_reseller(seller_id))

    @get("/new")
    async def blank(self, parts: Parts, form: Form) -> Page:
        return _form(parts, form, KeyRules())

    @post("/new")
    async def make(self, parts: Parts, form: Form, seller_id: SellerId) -> Page:
        rules, fault = _read(parts, form)
        if rules is None:
            return _form(parts, form, KeyRules(), fault=fault)
        async with form.once():
            key = await keys.make(seller_id, rules)
        return page("account/key_made.html", key=key, label=rules.label, replaced=False)

    @get("/{key_id:int}")
    async def show(self, parts: Parts, form: Form, key: NamedDependency[Key]) -> Page:
        return _form(parts, form, key.rules, key=key)

    @post("/{key_id:int}")
    async def change(self, parts: Parts, form: Form, seller_id: SellerId, key: NamedDependency[Key]) -> Page:
        rules, fault = _read(parts, form)
        if rules is None:
            return _form(parts, form, key.rules, key=key, fault=fault)
        await keys.change(seller_id, key.id, rules)
        return Onward("/keys", f"The key {key.prefix}… is changed.")

    @post("/{key_id:int}/replace")
    async def replace(self, form: Form, seller_id: SellerId, key: NamedDependency[Key]) -> Page:
        overlap = OVERLAP_MS[form.choice("overlap", tuple(OVERLAP_MS), "24")]
        async with form.once():
            new = await keys.replace(seller_id, key.id, overlap_ms=overlap)
        return page("account/key_made.html", key=new, label=key.rules.label, replaced=overlap > 0)

    @post("/{key_id:int}/revoke")
    async def revoke(self, seller_id: SellerId, key: NamedDependency[Key]) -> Page:
        await keys.revoke(seller_id, key.id)
        return Onward("/keys", f"The key {key.prefix}… opens nothing any more.")


def _read(parts: Parts, form: Form) -> tuple[KeyRules | None, str]:
    try:
        rules = keys.read_rules(
            label=form.text("label", most=LONGEST_LABEL),
            spelling=form.choice("spelling", ("json", "classic"), ""),
            rate=form.text("rate", most=20),
            addresses=form.prose("addresses", most=4000),
            read_only=form.flag("read_only"),
            most_per_second=_most(parts),
        )
    except Refusal as error:
        return None, str(error)
    return rules, ""


def _form(parts: Parts, form: Form, rules: KeyRules, *, key: Key | None = None, fault: str = "") -> Page:
    typed: dict[str, Any] = {
        "label": rules.label,
        "spelling": rules.spelling or "",
        "rate": rules.requests_per_second or "",
        "addresses": rules.addresses.replace(" ", "\n"),
        "read_only": rules.read_only,
    }
    if fault:
        typed = {name: form.get(name, "") for name in typed}
    status = 400 if fault else 200
    return page("account/key.html", status=status, key=key, typed=typed, fault=fault, most=_most(parts))


def _most(parts: Parts) -> Decimal:
    return Decimal(str(parts.settings.limits.requests_per_second))
