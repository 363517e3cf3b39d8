"""The prices in force: the newest good revisions of markup.toml and services.toml, and the shelf made from them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

import structlog

from aggregator.catalog import learned_store, sold_store, store
from aggregator.catalog.aliases import own_ids
from aggregator.catalog.offers import Offers
from aggregator.catalog.preview import PriceChange, compare
from aggregator.catalog.shelf import Shelf, ShelfService, build
from aggregator.settings import (
    MARKUP_FILE,
    SERVICES_FILE,
    ConfigurationError,
    MarkupFile,
    ProviderSettings,
    ServiceEntry,
    ServicesFile,
    read_markup,
    read_services,
    refuse_loss,
)
from aggregator.storage import signals
from aggregator.storage.transaction import write

log = structlog.get_logger(__name__)


BY_FILE = "file"
"""The author of a text that was found in its file."""


async def revise(file: str, text: str, *, found_in: str = "", at_start: bool = False) -> bool:
    """Make the text of a file, read without a fault, the newest revision; whether it was not so already.

    Raises `ConfigurationError`, told of the file `found_in`, for a text that was emptied or cut off: whoever means it
    saves it at the console or with `prices apply`.
    What stands in a file `at_start` may be a copy from before an edit that a console made elsewhere, or whose file
    was lost with its container: such a text is not taken for a new edit.
    """

    async def work() -> bool:
        newest = await store.newest_revision(file)
        if newest is not None and newest.text == text:
            return False
        if at_start and newest is not None and newest.author != BY_FILE and await store.was_in_force(file, text):
            log.warning(
                "configuration.outdated", file=file, revision=newest.id, author=newest.author,
                kept="what was saved at the console: copy it into the file, or edit the file while the panel runs",
            )  # fmt: skip
            return False
        if newest is not None:
            refuse_loss(newest.text, text, found_in or file)
        await store.add_revision(file, text, BY_FILE)
        await signals.raise_signal(signals.CATALOGUE)
        return True

    return await write(work)


class Prices:
    """The shelf of this process, made again when a signal says so."""

    def __init__(self, currency: str, services: ServicesFile, markup: MarkupFile) -> None:
        self._currency = currency
        self.services = services
        self.markup = markup
        self.shelf = Shelf({}, {}, markup.book)
        self._reloading = asyncio.Lock()  # so that the last shelf to be put here is the newest
        self.edition = 0
        """How often the catalogue had changed when the shelf was made, at least: a later shelf has a higher one."""

    async def reload(self, providers: Iterable[ProviderSettings]) -> None:
        """Read revisions and listings from the database and make the shelf from them."""
        async with self._reloading:
            edition = (await signals.read()).get(signals.CATALOGUE, 0)
            await self._read_revisions()
            make = await self._maker(providers, self.markup)
            self.shelf, self.edition = await asyncio.to_thread(make), edition

    async def foretell(self, providers: Iterable[ProviderSettings], markup: MarkupFile) -> list[PriceChange]:
        """What another markup would change."""
        make = await self._maker(providers, markup)
        return await asyncio.to_thread(lambda: compare(self.shelf, make()))

    async def _maker(self, providers: Iterable[ProviderSettings], markup: MarkupFile) -> Callable[[], Shelf]:
        """Makes the shelf from what was read now: beside the event loop, for 20,000 services take a second."""
        entries, imported = self.services.services, await store.imported()
        sold = await sold_store.sold([number for number, _ in own_ids(entries, imported)])
        return partial(
            build, entries, await self._offers(providers, markup), imported, markup.book,
            import_rest=self.services.import_rest, sold=sold, categories=self.services.categories,
        )  # fmt: skip

    async def foresee(self, providers: Iterable[ProviderSettings], entry: ServiceEntry) -> ShelfService | None:
        """A [[service]] as it would be sold; None where nothing could."""
        offers, imported = await self._offers(providers, self.markup), await store.imported()
        return build([entry], offers, imported, self.markup.book, import_rest=False).get(entry.id)

    async def sources(self, providers: Iterable[ProviderSettings]) -> Offers:
        """The listings behind the shelf, to explain a price by."""
        return await self._offers(providers, self.markup)

    async def _offers(self, providers: Iterable[ProviderSettings], markup: MarkupFile) -> Offers:
        listings, rows = await store.listings(), await store.providers()
        return Offers(listings, providers, rows, markup.fx, await learned_store.learned())

    async def _read_revisions(self) -> None:
        markup, services = [await store.newest_revision(file) for file in (MARKUP_FILE, SERVICES_FILE)]
        try:
            if markup is not None:
                self.markup = read_markup(markup.text, MARKUP_FILE, currency=self._currency)
            if services is not None:
                self.services = read_services(services.text, SERVICES_FILE)
        except ConfigurationError as error:
            # A revision was good when it was made; this program may know less than the one that made it.
            log.error("prices.unreadable", faults="; ".join(map(str, error.faults)))  # noqa: TRY400  # in a line
