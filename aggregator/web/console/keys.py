"""A reseller's API keys for the owner: made, given other rules, revoked; each on the record."""

from __future__ import annotations

from typing import Any

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide

from aggregator.resellers import accounts, keys
from aggregator.resellers.addresses import read_addresses
from aggregator.resellers.keys import LONGEST_LABEL, Key
from aggregator.resellers.model import KeyRules, Reseller
from aggregator.web.console.deeds import done, reason
from aggregator.web.console.resellers import named
from aggregator.web.dependencies import Author, Form, Id, or_404
from aggregator.web.forms import FormFault
from aggregator.web.responses import Page, page

SPELLINGS = (
    ("", "As the reseller's"),
    ("auto", "As the request"),
    ("classic", "Always classic"),
    ("json", "Always JSON"),
)
SAME_LINK = (("allow", "Is taken"), ("queue", "Waits for the other"), ("refuse", "Is refused"))
LONGEST_REPEAT_SECONDS = 86_400


async def key_of(key_id: Id, reseller_id: Id) -> Key:
    return or_404(next((one for one in await keys.of_reseller(reseller_id) if one.id == key_id), None))


class KeysController(Controller):
    path = "/resellers/{reseller_id:int}/keys"
    dependencies = {"reseller": Provide(named), "key": Provide(key_of)}

    @post()
    async def make(self, form: Form, author: Author, reseller: NamedDependency[Reseller]) -> Page:
        rules = KeyRules(
            label=form.text("label", most=LONGEST_LABEL),
            requests_per_second=_rate(form),
            read_only=form.flag("read_only"),
        )
        async with form.once():
            key = await accounts.add_key(reseller.name, rules, actor=author)
        return page("console/key.html", reseller=reseller, key=key)

    @get("/{key_id:int}")
    async def show(self, reseller: NamedDependency[Reseller], key: NamedDependency[Key]) -> Page:
        return page(
            "console/key_rules.html",
            reseller=reseller,
            key=key,
            spellings=SPELLINGS,
            same_link=SAME_LINK,
            longest=LONGEST_LABEL,
            longest_repeat=LONGEST_REPEAT_SECONDS,
        )

    @post("/{key_id:int}")
    async def change(
        self, form: Form, author: Author, reseller: NamedDependency[Reseller], key: NamedDependency[Key]
    ) -> Page:
        return await done(
            accounts.change_key(key.prefix, _rules(form), actor=author, reason=reason(form)),
            f"/console/resellers/{reseller.id}",
            f"The key {key.prefix}... is changed. It holds from the next request on.",
        )

    @post("/{key_id:int}/revoke")
    async def revoke(
        self, form: Form, author: Author, reseller: NamedDependency[Reseller], key: NamedDependency[Key]
    ) -> Page:
        return await done(
            accounts.revoke_key(key.prefix, actor=author, reason=reason(form)),
            f"/console/resellers/{reseller.id}",
            f"The key {key.prefix}... opens nothing any more.",
        )


def _rules(form: Form) -> dict[str, Any]:
    try:
        addresses = read_addresses(form.prose("addresses", most=4000))
    except ValueError as error:
        raise FormFault("addresses", f"The list of addresses cannot be read: {error}.") from None
    return {
        "label": form.text("label", most=LONGEST_LABEL),
        "requests_per_second": _rate(form),
        "read_only": form.flag("read_only"),
        "addresses": addresses,
        "spelling": form.choice("spelling", dict(SPELLINGS), "") or None,
        "same_link": form.choice("same_link", dict(SAME_LINK), "allow"),
        "duplicate_seconds": form.whole("duplicate_seconds", most=LONGEST_REPEAT_SECONDS),
    }


def _rate(form: Form) -> str | None:
    rate = form.text("rate", most=20)
    if rate and form.decimal("rate") < 0:
        raise FormFault("rate", "Please write requests a second, 0 for no limit.")
    return rate or None
