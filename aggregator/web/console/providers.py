"""The panels we buy from: how each does, a new one tested and added, switched off, imported by category."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from aggregator.catalog import category_store, finding_store, word_store
from aggregator.catalog import store as catalog_store
from aggregator.catalog.category_store import Listed
from aggregator.catalog.looked import Matter, looked
from aggregator.catalog.model import ListingRow
from aggregator.catalog.offers import Offers
from aggregator.catalog.shelf import NOBODY
from aggregator.catalog.synced import tell_sync
from aggregator.catalog.trying import name_of, remember, try_configured, try_new
from aggregator.errors import CannotBeDone
from aggregator.orders import account_door_store
from aggregator.orders.account_doors import ForeignDoor
from aggregator.orders.business import ProviderStanding, standings
from aggregator.settings import ProviderSettings, RangedPackages
from aggregator.settings.edits import Value
from aggregator.settings.fields import FOREIGN_CURRENCY, WEB_ADDRESS
from aggregator.settings.presets import preset_names
from aggregator.settings.providers import PROVIDER_NAME
from aggregator.settings.secrets import is_reference
from aggregator.web.console.deeds import done, reason, why
from aggregator.web.console.trials import Pending, Trials
from aggregator.web.forms import FormFault
from aggregator.web.section import Section
from aggregator.web.visit import NotHere, Page, Visit, Who
from pricing.markup import fits
from pricing.offer import Offer

PAGE = 100
"""Categories on a page."""
SAMPLES = 8
"""Services of a category whose prices are shown before it is imported."""
TESTS, TESTS_SECONDS = 30, 900

_PACKAGES = {
    RangedPackages.DEFAULT.value: "sold by the 1,000", RangedPackages.PACKAGE.value: "sold as one package each",
    RangedPackages.OFF.value: "not sold",
}  # fmt: skip

section = Section()
_trials = Trials()


class Category(Struct, kw_only=True):
    """What a provider lists under one heading, and what it would be sold for."""

    name: str
    count: int = 0
    sold: bool
    samples: list[tuple[ListingRow, str, str]]
    """Some of it: the listing, what it costs us, and our price, in the panel's currency."""


@section.get("/console/providers", Who.OWNER)
async def providers(visit: Visit) -> Page:
    found = await _standings(visit)
    return visit.render(
        "console/providers.html", standings=found, listed=await catalog_store.count_listed(), words=await _words()
    )


@section.get("/console/providers/new", Who.OWNER)
async def new(visit: Visit) -> Page:
    return visit.render("console/provider_new.html", form=visit.form, presets=_presets(), words=await _words())


@section.post("/console/providers/new", Who.OWNER)
async def test_new(visit: Visit) -> Page:
    """Try it, buy nothing, and offer to add it; the key stays here."""
    await visit.allow(f"test:{visit.me.id}", calls=TESTS, seconds=TESTS_SECONDS)
    form = visit.form
    try:
        url, key, preset = _read_url(visit), form.text("key", most=500, needed=True), form.get("preset", "")
        name = form.text("name", most=40) or name_of(url)
        if not PROVIDER_NAME.fits(name):
            raise FormFault("name", f"A name has {PROVIDER_NAME.words}.")
        if is_reference(key):
            raise FormFault("key", "Please type the key itself; it is kept in a file that only the panel may read.")
    except FormFault as error:
        return visit.render(
            "console/provider_new.html", status=400, form=form, presets=_presets(),
            faults={error.field: str(error)}, words=await _words(),
        )  # fmt: skip
    tried = await try_new(url, key, preset if preset in preset_names() else None, visit.parts.settings)
    token = _trials.keep(Pending(owner=visit.me.id, name=name, url=url, key=key, tried=tried))
    return visit.render("console/provider_tried.html", name=name, url=url, tried=tried, trial=token, new=True)


@section.post("/console/providers/add", Who.OWNER)
async def add(visit: Visit) -> Page:
    """Write it into providers.toml, selling nothing of it yet."""
    form = visit.form
    pending = _trials.find(form.get("trial", ""), visit.me.id)
    if pending is None:
        return visit.go("/console/providers/new", "That test is too old: please type the key once more.", bad=True)
    currency = form.text("currency", most=5).upper()
    if currency and not FOREIGN_CURRENCY.fits(currency):
        raise FormFault("currency", f"A currency is {FOREIGN_CURRENCY.words}.")
    values: dict[str, Value] = {
        "name": pending.name, "url": pending.url, "preset": pending.tried.preset, "currency": currency or None,
        "import_categories": [],
    }  # fmt: skip
    try:
        await visit.parts.edits.add_provider(values, key=pending.key, actor=visit.author)
    except CannotBeDone as error:
        return visit.go("/console/providers/new", why(error)[:400], bad=True)
    _trials.forget(form.get("trial", ""))
    await visit.parts.syncer.sync(pending.name)
    await visit.parts.prices.reload(visit.parts.sellers)
    return visit.go(_path(pending.name), "Added. Now choose what of it is sold; so far nothing is.")


@section.get("/console/providers/of/{provider:str}", Who.OWNER)
async def provider(visit: Visit) -> Page:
    one = _known(visit)
    standing = next(each for each in await _standings(visit) if each.name == one.profile.name)
    listed, number = await category_store.categories(one.profile.name), visit.query.number("page")
    shown = listed[(number - 1) * PAGE : number * PAGE]
    ranged, first_ranged = await category_store.ranged_packages(one.profile.name)
    return await visit.render_apart(
        "console/provider.html", one=one, standing=standing, changes=await _changes(one),
        listings=sum(category.count for category in listed), categories=await _categories(visit, one, shown),
        number=number, more=len(listed) > number * PAGE, many=len(listed),
        elsewhere=await _elsewhere(one), ranged=ranged, first_ranged=first_ranged,
        import_rest=visit.parts.prices.services.import_rest, words=await word_store.words(one.profile.name),
        learned=await finding_store.found(one.profile.name),
    )  # fmt: skip


@section.post("/console/providers/of/{provider:str}/test", Who.OWNER)
async def test(visit: Visit) -> Page:
    await visit.allow(f"test:{visit.me.id}", calls=TESTS, seconds=TESTS_SECONDS)
    one = _known(visit)
    tried = await try_configured(one, visit.parts.settings)
    await remember(one, tried.trial)
    return visit.render(
        "console/provider_tried.html", name=one.profile.name, url=one.profile.url, tried=tried, trial="", new=False
    )


@section.post("/console/providers/of/{provider:str}/sync", Who.OWNER)
async def sync(visit: Visit) -> Page:
    one = _known(visit)
    report = await visit.parts.syncer.sync(one.profile.name)
    await visit.parts.prices.reload(visit.parts.sellers)
    if report.failed:
        return visit.go(_path(one.profile.name), f"Not read: {tell_sync(report)}."[:400], bad=True)
    return visit.go(_path(one.profile.name), f"Read: {tell_sync(report)}."[:400])


@section.post("/console/providers/of/{provider:str}/enabled", Who.OWNER)
async def enable(visit: Visit) -> Page:
    name, on = _known(visit).profile.name, visit.form.flag("enabled")
    deed = visit.parts.edits.change_provider(name, {"enabled": on}, actor=visit.author, reason=reason(visit))
    text = "gets orders again." if on else "gets no new orders; those it has are still followed."
    return await done(visit, deed, _path(name), f"{name} {text}")


@section.post("/console/providers/of/{provider:str}/same-account", Who.OWNER)
async def confirm_account(visit: Visit) -> Page:
    """Its address or key changed, and it is the account that orders went to before."""
    profile = _known(visit).profile
    door = visit.form.text("door", most=64, needed=True)
    deed = account_door_store.confirm(profile, door, actor=visit.author, reason=reason(visit))
    return await done(visit, deed, _path(profile.name), "It is the same account: what waited for that goes on.")


@section.post("/console/providers/of/{provider:str}/import", Who.OWNER)
async def choose(visit: Visit) -> Page:
    """Which of its categories are sold as they come; those of other pages stay as they are."""
    one = _known(visit)
    name, shown = one.profile.name, visit.form.all("shown")
    chosen = None if visit.form.flag("everything") else visit.form.all("category")
    if chosen is not None and shown:
        listed = [category.name for category in await category_store.categories(name)]
        kept = frozenset(listed) - frozenset(shown)
        ticked = frozenset(chosen)
        chosen = [each for each in listed if each in ticked or (each in kept and _is_sold(one, each))]
    deed = visit.parts.edits.change_provider(
        name, {"import_categories": chosen}, actor=visit.author, reason=reason(visit)
    )
    told = "Everything of it is sold." if chosen is None else f"{len(chosen)} categories of it are sold."
    return await done(visit, deed, _path(name), told)


async def _elsewhere(one: ProviderSettings) -> list[ForeignDoor]:
    return await account_door_store.foreign(one.profile.name, await account_door_store.doors_of(one.profile))


@section.post("/console/providers/of/{provider:str}/looked", Who.OWNER)
async def look(visit: Visit) -> Page:
    """The owner has looked at what its balance lost, or at what it called off and delivered."""
    name, matter = _known(visit).profile.name, visit.form.get("matter", "")
    if matter not in list(Matter):
        raise NotHere
    deed = looked(name, Matter(matter), actor=visit.author, reason=reason(visit, needed=True))
    return await done(visit, deed, _path(name), "Closed. You are told again when there is more.")


@section.post("/console/providers/of/{provider:str}/packages", Who.OWNER)
async def say_packages(visit: Visit) -> Page:
    """What its packages are that take a range of quantities."""
    name = _known(visit).profile.name
    said = visit.form.choice("ranged_packages", _PACKAGES, RangedPackages.OFF.value)
    deed = visit.parts.edits.change_provider(name, {"ranged_packages": said}, actor=visit.author, reason=reason(visit))
    return await done(visit, deed, _path(name), f"Its ranged packages are {_PACKAGES[said]}.")


def _presets() -> list[tuple[str, str]]:
    return [(name, name) for name in preset_names()]


def _known(visit: Visit) -> ProviderSettings:
    found = visit.parts.upstreams.settings(visit.word("provider"))
    if found is None:
        raise NotHere
    return found


def _read_url(visit: Visit) -> str:
    url = visit.form.text("url", most=300, needed=True)
    if not WEB_ADDRESS.fits(url):
        raise FormFault("url", f"The address must be {WEB_ADDRESS.words}.")
    return url


def _path(name: str) -> str:
    return f"/console/providers/of/{quote(name)}"


async def _standings(visit: Visit) -> list[ProviderStanding]:
    return await standings(visit.parts.upstreams, visit.parts.prices.markup.fx, visit.parts.prices.shelf)


async def _words() -> int:
    return len(await word_store.words())


async def _changes(one: ProviderSettings) -> list[Any]:
    return list(await catalog_store.changes(provider=one.profile.name, limit=10))


async def _categories(visit: Visit, one: ProviderSettings, shown: Sequence[Listed]) -> list[Category]:
    """With some services of each, and what these would cost."""
    rows = await category_store.samples(one.profile.name, [category.name for category in shown], each=SAMPLES)
    sources = await visit.parts.prices.sources(visit.parts.sellers)
    found = {each.name: Category(name=each.name, count=each.count, sold=False, samples=[]) for each in shown}

    def price() -> None:
        for category in found.values():
            category.sold = _is_sold(one, category.name)
        for row in rows:
            found[row.category].samples.append(_sample(visit, sources, row))

    await asyncio.to_thread(price)
    return list(found.values())


def _is_sold(one: ProviderSettings, category: str) -> bool:
    globs = one.import_categories
    return globs is None or any(fits(glob, category) for glob in globs)


def _sample(visit: Visit, sources: Offers, row: ListingRow) -> tuple[ListingRow, str, str]:
    offer = sources.get(row.provider, row.service)
    if not isinstance(offer, Offer):
        return row, "", str(offer)
    price = visit.parts.prices.markup.book.price(offer, service=0, name=row.name, category=row.category, buyer=NOBODY)
    return row, str(price.cost), str(price.rate)
