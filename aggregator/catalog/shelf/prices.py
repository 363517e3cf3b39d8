"""The prices in force: the newest good revisions of markup.toml and services.toml, and the shelf made from them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import structlog
from msgspec import Struct

from aggregator.catalog import learned_store, store
from aggregator.catalog.shelf import sold_store
from aggregator.catalog.shelf.aliases import Imported, OnceSold, own_ids
from aggregator.catalog.shelf.offers import Offers
from aggregator.catalog.shelf.preview import PriceChange, compare
from aggregator.catalog.shelf.shelf import NOBODY, Shelf, ShelfService, build
from aggregator.catalog.store import RevisionRow
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
    while True:
        newest = await store.newest_revision(file)
        if newest is not None and newest.text == text:
            return False
        if at_start and newest is not None and newest.author != BY_FILE and await store.was_in_force(file, text):
            log.warning(
                "configuration.outdated",
                file=file,
                revision=newest.id,
                author=newest.author,
                kept="what was saved at the console: copy it into the file, or edit the file while the panel runs",
            )
            return False
        if newest is not None:
            await asyncio.to_thread(refuse_loss, newest.text, text, found_in or file)
        if await write(partial(_add_after, newest, file, text)):
            return True


async def _add_after(seen: RevisionRow | None, file: str, text: str) -> bool:
    """False where there is a newer one than was seen."""
    await signals.raise_signal(signals.CATALOGUE)  # first, so that who saves at the same time waits for us
    newest = await store.newest_revision(file)
    if (newest and newest.id) != (seen and seen.id):
        return False
    await store.add_revision(file, text, BY_FILE)
    return True


class _Read(Struct, frozen=True, kw_only=True):
    """All that a shelf is made from beside the two files, as it stood at one moment."""

    edition: int
    """How often the catalogue had changed by then, at least."""
    shelf_providers: tuple[ProviderSettings, ...]
    offers: Offers
    imported: Imported
    sold: OnceSold


class Prices:
    """The shelf of this process, made again when a signal says so."""

    def __init__(self, currency: str, services: ServicesFile, markup: MarkupFile) -> None:
        self._currency = currency
        self.services = services
        self.markup = markup
        self.shelf = Shelf({}, {}, markup.book)
        self._reloading = asyncio.Lock()  # so that the last shelf to be put here is the newest
        self._read: _Read | None = None
        self._revisions: dict[str, int] = {}
        self.settle: Callable[[], object] = lambda: None
        """Called when a shelf has just been made: `gc.freeze` in a process that serves."""

    @property
    def edition(self) -> int:
        """How often the catalogue had changed when the shelf was made, at least: a later shelf has a higher one."""
        return self._read.edition if self._read is not None else 0

    async def reload(self, providers: Iterable[ProviderSettings]) -> None:
        """Read revisions and listings from the database and make the shelf from them, beside the event loop."""
        async with self._reloading:
            with _uncollected(self.settle):
                await self._reload(tuple(providers))

    async def _reload(self, shelf_providers: tuple[ProviderSettings, ...]) -> None:
        edition = await _edition()
        await self._read_revisions()
        read = await self._read_now(shelf_providers, edition)
        self.shelf, self._read = await asyncio.to_thread(self._make_ready, read), read

    async def preview_changes(self, providers: Iterable[ProviderSettings], markup: MarkupFile) -> list[PriceChange]:
        """What another markup would change."""
        shelf = self.shelf
        if markup.fx == self.markup.fx:
            return await asyncio.to_thread(lambda: compare(shelf, shelf.at(markup.book)))
        read = await self._known(providers)
        return await asyncio.to_thread(lambda: compare(shelf, self._make(read, markup)))

    async def foresee(self, providers: Iterable[ProviderSettings], entry: ServiceEntry) -> ShelfService | None:
        """A [[service]] as it would be sold; None where nothing could."""
        read, book = await self._known(providers), self.markup.book
        made = await asyncio.to_thread(build, [entry], read.offers, read.imported, book, import_rest=False)
        return made.get(entry.id)

    async def sources(self, providers: Iterable[ProviderSettings]) -> Offers:
        """The listings behind the shelf, to explain a price by."""
        return (await self._known(providers)).offers

    async def _known(self, providers: Iterable[ProviderSettings]) -> _Read:
        """What the shelf was made from, while nothing has changed since; else what is there now."""
        edition, shelf_providers, read = await _edition(), tuple(providers), self._read
        if read is not None and (read.edition, read.shelf_providers) == (edition, shelf_providers):
            return read
        return await self._read_now(shelf_providers, edition)

    async def _read_now(self, shelf_providers: tuple[ProviderSettings, ...], edition: int) -> _Read:
        imported = await store.imported()
        sold = await sold_store.sold([number for number, _ in own_ids(self.services.services, imported)])
        listings, rows, learned = await store.listings(), await store.providers(), await learned_store.learned()
        offers = await asyncio.to_thread(Offers, listings, shelf_providers, rows, self.markup.fx, learned)
        return _Read(edition=edition, shelf_providers=shelf_providers, offers=offers, imported=imported, sold=sold)

    def _make_ready(self, read: _Read) -> Shelf:
        """With the usual terms of everything, so that nobody who asks has to wait for them."""
        shelf = self._make(read, self.markup)
        for service in shelf:
            service.terms(NOBODY)
        return shelf

    def _make(self, read: _Read, markup: MarkupFile) -> Shelf:
        return build(
            self.services.services,
            read.offers.at(markup.fx),
            read.imported,
            markup.book,
            import_rest=self.services.import_rest,
            sold=read.sold,
            categories=self.services.categories,
        )

    async def _read_revisions(self) -> None:
        """Each is read once, beside the event loop: a file of thousands of services takes a second."""
        for file in (MARKUP_FILE, SERVICES_FILE):
            newest = await store.newest_revision(file)
            if newest is not None and newest.id != self._revisions.get(file):
                self._revisions[file] = newest.id
                await self._take(file, newest.text)

    async def _take(self, file: str, text: str) -> None:
        try:
            if file == MARKUP_FILE:
                self.markup = await asyncio.to_thread(read_markup, text, file, currency=self._currency)
            else:
                self.services = await asyncio.to_thread(read_services, text, file)
        except ConfigurationError as error:
            # A revision was good when it was made; this program may know less than the one that made it.
            log.error("prices.unreadable", faults="; ".join(map(str, error.faults)))  # noqa: TRY400  # in a line


@contextmanager
def _uncollected(settle: Callable[[], object]) -> Iterator[None]:
    """A look of the collector through all that a shelf is made of would hold everybody up, and find nothing.

    A shelf that was replaced goes without it, for it has no cycles.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        settle()
        if collects:
            gc.enable()


async def _edition() -> int:
    return (await signals.read()).get(signals.CATALOGUE, 0)
