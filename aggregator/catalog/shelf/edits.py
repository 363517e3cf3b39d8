"""The owner's edits of prices, services and providers from elsewhere than an editor: checked, written, published."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial

import msgspec

from aggregator.catalog import store
from aggregator.catalog.shelf import drafts
from aggregator.catalog.shelf.drafts import Draft, Overtaken
from aggregator.catalog.shelf.merging import refuse_mixed_types
from aggregator.catalog.shelf.prices import Prices
from aggregator.catalog.store import RevisionRow
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.settings import (
    MARKUP_FILE,
    PROVIDERS_FILE,
    SERVICES_FILE,
    ConfigurationError,
    Fault,
    MarkupFile,
    ProviderSettings,
    Settings,
    cross_check,
    load,
    read_markup,
)
from aggregator.settings.edits import (
    Value,
    append_block,
    change_provider,
    change_service,
    remove_service,
    write_block,
)
from aggregator.settings.files import keep_secret, write_text
from aggregator.settings.providers import PROVIDER_NAME
from aggregator.storage import decisions, signals
from aggregator.storage.transaction import off_loop, write


class Edits:
    """Saves edits for this process; the others see them as they see those of an editor."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        prices: Prices,
        upstreams: Upstreams,
        shelf_providers: Iterable[ProviderSettings],
        take_providers: Callable[[tuple[ProviderSettings, ...]], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._directory = settings.directory
        self._environ = environ
        self._prices = prices
        self._upstreams = upstreams
        self._shelf_providers = shelf_providers
        self._take_providers = take_providers

    async def draft(self, file: str) -> Draft:
        return await drafts.draft(self._directory, file, revised=file != PROVIDERS_FILE)

    async def by_hand(self) -> list[Draft]:
        """The files whose text is not in force: being edited, faulty, lost, or not to be read."""
        return [begun for file in (MARKUP_FILE, SERVICES_FILE) if (begun := await self.draft(file)).by_hand]

    async def read_markup(self, text: str) -> MarkupFile:
        """For a preview. Raises `ConfigurationError`."""
        return await off_loop(partial(read_markup, text, MARKUP_FILE, currency=self._settings.panel.currency))

    async def save(self, file: str, text: str, *, base: str, actor: str, reason: str = "") -> RevisionRow:
        """Check a text of markup.toml or services.toml, write the file, and make it the newest revision.

        Raises `ConfigurationError`, `Overtaken` where the file is no longer what the edit began with, `CannotWrite`.
        """
        text = _tidy(text)
        await self.check({file: text})

        async def work() -> None:
            await self._expect(file, base, text)
            number = await store.add_revision(file, text, actor)
            await decisions.record("file", number, "saved", file, actor=actor, reason=reason)
            # Last of all: a file that is there without its revision would be taken for an edit by hand.
            await off_loop(lambda: write_text(self._directory / file, text))

        await write(work)
        await self._prices.reload(self._shelf_providers)
        newest = await store.newest_revision(file)
        assert newest is not None
        return newest

    async def revert(self, revision: RevisionRow, *, base: str, actor: str) -> RevisionRow:
        """An earlier text is the newest once more."""
        reason = f"back to revision {revision.id} of {revision.author}"
        return await self.save(revision.file, revision.text, base=base, actor=actor, reason=reason)

    async def change_service(
        self, number: int, changes: Mapping[str, Value], *, offer: str = "", actor: str, reason: str = ""
    ) -> None:
        """Set keys of a [[service]]; one that is sold as it comes gets a block with its one offer."""
        begun = await self._settled_draft(SERVICES_FILE)
        text = await off_loop(lambda: change_service(begun.text, SERVICES_FILE, number, changes, offer=offer))
        await self.save(SERVICES_FILE, text, base=begun.base, actor=actor, reason=reason)

    async def remove_service(self, number: int, *, actor: str, reason: str = "") -> None:
        """Take a [[service]] out: its listings are sold as they come again, each under its own id."""
        begun = await self._settled_draft(SERVICES_FILE)
        text = await off_loop(lambda: remove_service(begun.text, SERVICES_FILE, number))
        await self.save(SERVICES_FILE, text, base=begun.base, actor=actor, reason=reason)

    async def add_service(self, block: str, *, actor: str, reason: str = "") -> None:
        """Put a [[service]] block below all others."""
        begun = await self._settled_draft(SERVICES_FILE)
        await self.save(SERVICES_FILE, append_block(begun.text, block), base=begun.base, actor=actor, reason=reason)

    async def add_provider(self, values: Mapping[str, Value], *, key: str, actor: str) -> None:
        """Write a [[provider]] into providers.toml, and its key into a file of its own.

        Raises `ConfigurationError`, `Overtaken`, `CannotWrite`.
        """
        name = str(values.get("name", ""))
        begun = await self.draft(PROVIDERS_FILE)
        _refuse_taken(name, self._upstreams)
        tried = write_block("provider", {**values, "key": key})
        await self.check({PROVIDERS_FILE: append_block(begun.text, tried)})
        kept = await off_loop(lambda: keep_secret(self._directory, name, key))
        block = write_block("provider", _with_key(values, kept))
        await self._save_providers(append_block(begun.text, block), begun, f"{name} added", actor=actor, reason="")

    async def change_provider(self, name: str, changes: Mapping[str, Value], *, actor: str, reason: str = "") -> None:
        """Set keys of a [[provider]]."""
        begun = await self.draft(PROVIDERS_FILE)
        text = await off_loop(lambda: change_provider(begun.text, PROVIDERS_FILE, name, changes))
        told = f"{name}: " + ", ".join(
            f"{key} = {msgspec.json.encode(value).decode()}" for key, value in changes.items()
        )
        await self._save_providers(text, begun, told, actor=actor, reason=reason)

    async def check(self, texts: Mapping[str, str]) -> Settings:
        """What `aggregator check` says of the configuration with these texts; raises `ConfigurationError`."""
        good = {file: (await self.draft(file)).in_force for file in (MARKUP_FILE, SERVICES_FILE)}
        instead = {file: revision.text for file, revision in good.items() if revision is not None}
        types = await store.listed_types() if SERVICES_FILE in texts else {}
        return await off_loop(partial(self._check, texts, {**instead, **texts}, types))

    def _check(
        self, texts: Mapping[str, str], instead: Mapping[str, str], types: Mapping[tuple[str, str], str]
    ) -> Settings:
        settings = load(self._directory, self._environ, instead=instead)
        # What another file says wrong is not this edit's fault: an offer of a provider that was taken out, say.
        faults = [fault for fault in cross_check(settings).faults if fault.file.endswith(tuple(texts))]
        if faults:
            raise ConfigurationError(faults)
        if types:
            refuse_mixed_types(SERVICES_FILE, settings.services, types, known=self._prices.services.services)
        return settings

    async def _save_providers(self, text: str, begun: Draft, told: str, *, actor: str, reason: str) -> None:
        settings = await self.check({PROVIDERS_FILE: text})

        async def work() -> None:
            await self._expect(PROVIDERS_FILE, begun.base, text)
            await decisions.record("file", 0, "saved", f"{PROVIDERS_FILE}: {told}", actor=actor, reason=reason)
            await off_loop(lambda: write_text(self._directory / PROVIDERS_FILE, text))

        await write(work)
        await self._take_providers(settings.providers)

    async def _settled_draft(self, file: str) -> Draft:
        begun = await self.draft(file)
        if begun.by_hand:
            raise ConfigurationError([Fault(file, 1, "was edited by hand and is not in force: mend it first")])
        return begun

    async def _expect(self, file: str, base: str, mine: str) -> None:
        """Raising the signal first lets whoever saves at the same time wait, and then see what we wrote."""
        await signals.raise_signal(signals.CATALOGUE)
        now = await self.draft(file)
        if now.base != base:
            raise Overtaken(now, mine)


def _tidy(text: str) -> str:
    """As browsers send a text, and as files hold it."""
    text = text.replace("\r\n", "\n")
    return text if not text or text.endswith("\n") else text + "\n"


def _with_key(values: Mapping[str, Value], reference: str) -> dict[str, Value]:
    """The key in its usual place, after the address."""
    order = ["name", "url", "key", *(key for key in values if key not in ("name", "url"))]
    return {key: {**values, "key": reference}[key] for key in order}


def _refuse_taken(name: str, upstreams: Upstreams) -> None:
    if not PROVIDER_NAME.fits(name):
        raise ConfigurationError([Fault(PROVIDERS_FILE, 1, f"name must be {PROVIDER_NAME.words}")])
    if upstreams.settings(name) is not None:
        raise ConfigurationError([Fault(PROVIDERS_FILE, 1, f"there is a provider {name} already")])
