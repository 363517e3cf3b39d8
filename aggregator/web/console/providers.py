"""The panels we buy from: how each does, a new one tested and added, switched off, imported by category."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import quote

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

from aggregator.catalog import finding_store
from aggregator.catalog import store as catalog_store
from aggregator.catalog.model import ListingRow
from aggregator.catalog.shelf import category_store
from aggregator.catalog.shelf.category_store import Listed
from aggregator.catalog.shelf.offers import Offers
from aggregator.catalog.shelf.shelf import NOBODY
from aggregator.catalog.syncing.looked import Matter, looked
from aggregator.catalog.syncing.sync_report import tell_sync
from aggregator.catalog.upstream import word_store
from aggregator.catalog.upstream.probe import name_of, remember, try_configured, try_new
from aggregator.errors import CannotBeDone
from aggregator.orders.reporting.provider_stats import ProviderStanding, standings
from aggregator.orders.upstream_ids import account_door_store
from aggregator.settings import ProviderSettings, RangedPackages
from aggregator.settings.edits import Value
from aggregator.settings.fields import FOREIGN_CURRENCY, WEB_ADDRESS
from aggregator.settings.presets import preset_names
from aggregator.settings.providers import PROVIDER_NAME
from aggregator.settings.secrets import is_reference
from aggregator.web.console.deeds import done, reason, why
from aggregator.web.console.trials import Pending, Trials
from aggregator.web.dependencies import Author, Form, HttpRequest, Me, Params, Parts, allow, or_404
from aggregator.web.forms import FormFault
from aggregator.web.responses import Onward, Page, page, page_apart
from pricing.markup import fits
from pricing.offer import Offer

PAGE = 100
"""Categories on a page."""
SAMPLES = 8
"""Services of a category whose prices are shown before it is imported."""
TESTS, TESTS_SECONDS = 30, 900

_PACKAGES = {
    RangedPackages.DEFAULT.value: "sold by the 1,000",
    RangedPackages.PACKAGE.value: "sold as one package each",
    RangedPackages.OFF.value: "not sold",
}


_trials = Trials()


class Category(Struct, kw_only=True):
    """What a provider lists under one heading, and what it would be sold for."""

    name: str
    count: int = 0
    sold: bool
    samples: list[tuple[ListingRow, str, str]]
    """Some of it: the listing, what it costs us, and our price, in the panel's currency."""


def provider_of(parts: Parts, name: FromPath[str]) -> ProviderSettings:
    return or_404(parts.upstreams.settings(name))


class ProvidersController(Controller):
    path = "/providers"
    dependencies = {"provider": Provide(provider_of, sync_to_thread=False)}

    @get()
    async def providers(self, parts: Parts) -> Page:
        found = await _standings(parts)
        return page(
            "console/providers.html", standings=found, listed=await catalog_store.count_listed(), words=await _words()
        )

    @get("/new")
    async def new(self, form: Form) -> Page:
        return page("console/provider_new.html", form=form, presets=_presets(), words=await _words())

    @post("/new")
    async def test_new(self, parts: Parts, form: Form, me: Me) -> Page:
        """Try it, buy nothing, and offer to add it; the key stays here."""
        await allow(parts, f"test:{me.id}", calls=TESTS, seconds=TESTS_SECONDS)
        try:
            url, key, preset = _read_url(form), form.text("key", most=500, needed=True), form.get("preset", "")
            name = form.text("name", most=40) or name_of(url)
            if not PROVIDER_NAME.fits(name):
                raise FormFault("name", f"A name has {PROVIDER_NAME.words}.")
            if is_reference(key):
                raise FormFault("key", "Please type the key itself; it is kept in a file that only the panel may read.")
        except FormFault as error:
            return page(
                "console/provider_new.html",
                status=400,
                form=form,
                presets=_presets(),
                faults={error.field: str(error)},
                words=await _words(),
            )
        tried = await try_new(url, key, preset if preset in preset_names() else None, parts.settings)
        token = _trials.keep(Pending(owner=me.id, name=name, url=url, key=key, tried=tried))
        return page("console/provider_tried.html", name=name, url=url, tried=tried, trial=token, new=True)

    @post("/add")
    async def add(self, parts: Parts, form: Form, me: Me, author: Author) -> Page:
        """Write it into providers.toml, selling nothing of it yet."""
        pending = _trials.find(form.get("trial", ""), me.id)
        if pending is None:
            return Onward("/console/providers/new", "That test is too old: please type the key once more.", bad=True)
        currency = form.text("currency", most=5).upper()
        if currency and not FOREIGN_CURRENCY.fits(currency):
            raise FormFault("currency", f"A currency is {FOREIGN_CURRENCY.words}.")
        values: dict[str, Value] = {
            "name": pending.name,
            "url": pending.url,
            "preset": pending.tried.preset,
            "currency": currency or None,
            "import_categories": [],
        }
        try:
            await parts.edits.add_provider(values, key=pending.key, actor=author)
        except CannotBeDone as error:
            return Onward("/console/providers/new", why(error)[:400], bad=True)
        _trials.forget(form.get("trial", ""))
        await parts.syncer.sync(pending.name)
        await parts.prices.reload(parts.shelf_providers)
        return Onward(_path(pending.name), "Added. Now choose what of it is sold; so far nothing is.")

    @get("/of/{name:str}")
    async def show(
        self, request: HttpRequest, parts: Parts, params: Params, provider: NamedDependency[ProviderSettings]
    ) -> Page:
        name = provider.profile.name
        standing = next(each for each in await _standings(parts) if each.name == name)
        listed, number = await category_store.categories(name), params.number("page")
        ranged, first_ranged = await category_store.ranged_packages(name)
        return await page_apart(
            request,
            "console/provider.html",
            one=provider,
            standing=standing,
            changes=list(await catalog_store.changes(provider=name, limit=10)),
            listings=sum(category.count for category in listed),
            categories=await _categories(parts, provider, listed[(number - 1) * PAGE : number * PAGE]),
            number=number,
            more=len(listed) > number * PAGE,
            many=len(listed),
            elsewhere=await account_door_store.foreign(name, await account_door_store.doors_of(provider.profile)),
            ranged=ranged,
            first_ranged=first_ranged,
            import_rest=parts.prices.services.import_rest,
            words=await word_store.words(name),
            learned=await finding_store.found(name),
        )

    @post("/of/{name:str}/test")
    async def test(self, parts: Parts, me: Me, provider: NamedDependency[ProviderSettings]) -> Page:
        await allow(parts, f"test:{me.id}", calls=TESTS, seconds=TESTS_SECONDS)
        tried = await try_configured(provider, parts.settings)
        await remember(provider, tried.trial)
        return page(
            "console/provider_tried.html",
            name=provider.profile.name,
            url=provider.profile.url,
            tried=tried,
            trial="",
            new=False,
        )

    @post("/of/{name:str}/sync")
    async def sync(self, parts: Parts, provider: NamedDependency[ProviderSettings]) -> Page:
        report = await parts.syncer.sync(provider.profile.name)
        await parts.prices.reload(parts.shelf_providers)
        told = f"{'Not read' if report.failed else 'Read'}: {tell_sync(report)}."[:400]
        return Onward(_path(provider.profile.name), told, bad=report.failed)

    @post("/of/{name:str}/enabled")
    async def enable(
        self, parts: Parts, form: Form, author: Author, provider: NamedDependency[ProviderSettings]
    ) -> Page:
        name, on = provider.profile.name, form.flag("enabled")
        return await done(
            parts.edits.change_provider(name, {"enabled": on}, actor=author, reason=reason(form)),
            _path(name),
            f"{name} {'gets orders again.' if on else 'gets no new orders; those it has are still followed.'}",
        )

    @post("/of/{name:str}/same-account")
    async def confirm_account(self, form: Form, author: Author, provider: NamedDependency[ProviderSettings]) -> Page:
        """Its address or key changed, and it is the account that orders went to before."""
        door = form.text("door", most=64, needed=True)
        return await done(
            account_door_store.confirm(provider.profile, door, actor=author, reason=reason(form)),
            _path(provider.profile.name),
            "It is the same account: what waited for that goes on.",
        )

    @post("/of/{name:str}/import")
    async def choose(
        self, parts: Parts, form: Form, author: Author, provider: NamedDependency[ProviderSettings]
    ) -> Page:
        """Which of its categories are sold as they come; those of other pages stay as they are."""
        name = provider.profile.name
        chosen = None if form.flag("everything") else await _chosen(form, provider)
        return await done(
            parts.edits.change_provider(name, {"import_categories": chosen}, actor=author, reason=reason(form)),
            _path(name),
            "Everything of it is sold." if chosen is None else f"{len(chosen)} categories of it are sold.",
        )

    @post("/of/{name:str}/looked")
    async def look(self, form: Form, author: Author, provider: NamedDependency[ProviderSettings]) -> Page:
        """The owner has looked at what its balance lost, or at what it called off and delivered."""
        name, matter = provider.profile.name, form.get("matter", "")
        if matter not in list(Matter):
            raise NotFoundException
        return await done(
            looked(name, Matter(matter), actor=author, reason=reason(form, needed=True)),
            _path(name),
            "Closed. You are told again when there is more.",
        )

    @post("/of/{name:str}/packages")
    async def say_packages(
        self, parts: Parts, form: Form, author: Author, provider: NamedDependency[ProviderSettings]
    ) -> Page:
        """What its packages are that take a range of quantities."""
        name = provider.profile.name
        said = form.choice("ranged_packages", _PACKAGES, RangedPackages.OFF.value)
        return await done(
            parts.edits.change_provider(name, {"ranged_packages": said}, actor=author, reason=reason(form)),
            _path(name),
            f"Its ranged packages are {_PACKAGES[said]}.",
        )


def _presets() -> list[tuple[str, str]]:
    return [(name, name) for name in preset_names()]


def _read_url(form: Form) -> str:
    url = form.text("url", most=300, needed=True)
    if not WEB_ADDRESS.fits(url):
        raise FormFault("url", f"The address must be {WEB_ADDRESS.words}.")
    return url


def _path(name: str) -> str:
    return f"/console/providers/of/{quote(name)}"


async def _standings(parts: Parts) -> list[ProviderStanding]:
    return await standings(parts.upstreams, parts.prices.markup.fx, parts.prices.shelf)


async def _words() -> int:
    return len(await word_store.words())


async def _chosen(form: Form, one: ProviderSettings) -> list[str]:
    """The ticked ones, and of those on pages that were not shown, what is sold already."""
    ticked, shown = form.all("category"), frozenset(form.all("shown"))
    if not shown:
        return ticked
    listed = [category.name for category in await category_store.categories(one.profile.name)]
    wanted = frozenset(ticked)
    return [name for name in listed if name in wanted or (name not in shown and _is_sold(one, name))]


async def _categories(parts: Parts, one: ProviderSettings, shown: Sequence[Listed]) -> list[Category]:
    """With some services of each, and what these would cost."""
    rows = await category_store.samples(one.profile.name, [category.name for category in shown], each=SAMPLES)
    sources = await parts.prices.sources(parts.shelf_providers)
    found = {each.name: Category(name=each.name, count=each.count, sold=False, samples=[]) for each in shown}

    def price() -> None:
        for category in found.values():
            category.sold = _is_sold(one, category.name)
        for row in rows:
            found[row.category].samples.append(_sample(parts, sources, row))

    await asyncio.to_thread(price)
    return list(found.values())


def _is_sold(one: ProviderSettings, category: str) -> bool:
    globs = one.import_categories
    return globs is None or any(fits(glob, category) for glob in globs)


def _sample(parts: Parts, sources: Offers, row: ListingRow) -> tuple[ListingRow, str, str]:
    offer = sources.get(row.provider, row.service)
    if not isinstance(offer, Offer):
        return row, "", str(offer)
    price = parts.prices.markup.book.price(offer, service=0, name=row.name, category=row.category, buyer=NOBODY)
    return row, str(price.cost), str(price.rate)
