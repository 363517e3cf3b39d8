"""What was learned of a provider while dealing with it, laid over its settings; remembered across restarts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog.upstream import word_store
from aggregator.catalog.upstream.word_store import CapabilityRow, WordRow
from aggregator.catalog.upstream.words import ERROR, STATUS
from aggregator.settings import ProviderSettings
from aggregator.storage import signals
from aggregator.storage.transaction import write
from providers.adapter import Found, Profile
from providers.dialect import Dialect
from providers.reading.error_texts import find_word
from providers.reading.words import normal_word


class Knowledge(Struct, frozen=True, kw_only=True):
    """Of one provider."""

    status_words: dict[str, str] = {}
    error_words: dict[str, str] = {}
    """Whole texts, each with its code."""
    multi_status: bool | None = None
    batch_size: int | None = None
    of: str | None = None
    """The fingerprint of the address and preset that the two above were found at."""


NOTHING = Knowledge()


def fingerprint(provider: ProviderSettings) -> str:
    """Changes with the address or the preset: then it is another panel."""
    return hashlib.sha256(f"{provider.preset}\n{provider.profile.url}".encode()).hexdigest()[:16]


async def load() -> dict[str, Knowledge]:
    """All that is known, by provider."""
    told, found = await word_store.meanings(), await word_store.capabilities()
    names = {*found, *(row.provider for row in told)}
    return {name: _gathered([row for row in told if row.provider == name], found.get(name)) for name in names}


def _gathered(told: Iterable[WordRow], found: CapabilityRow | None) -> Knowledge:
    meanings: dict[str, dict[str, str]] = {STATUS: {}, ERROR: {}}
    for row in told:
        meanings[row.kind][row.text] = row.meaning or ""
    able = found or CapabilityRow(multi_status=None, batch_size=None, learned_of=None)
    return Knowledge(
        status_words=meanings[STATUS],
        error_words=meanings[ERROR],
        multi_status=able.multi_status,
        batch_size=able.batch_size,
        of=able.learned_of,
    )


def taught(provider: ProviderSettings, known: Knowledge) -> Profile:
    """The provider as configured, with what was learned; what its owner wrote into providers.toml goes first."""
    dialect = _with_words(provider.profile.dialect, known)
    if known.of == fingerprint(provider):
        dialect = _with_capabilities(dialect, known)
    return replace(provider.profile, dialect=dialect)


def _with_words(dialect: Dialect, known: Knowledge) -> Dialect:
    """An error text counts only as a whole: a short one may stand inside others that mean something else."""
    owned = {normal_word(word) for word in dialect.status_words}
    statuses = {word: said for word, said in known.status_words.items() if normal_word(word) not in owned}
    errors = {f"={text}": code for text, code in known.error_words.items() if not find_word(text, dialect.error_words)}
    return replace(
        dialect, status_words={**statuses, **dialect.status_words}, error_words={**errors, **dialect.error_words}
    )


def _with_capabilities(dialect: Dialect, known: Knowledge) -> Dialect:
    unable = dialect.multi_status == "auto" and known.multi_status is False
    return replace(
        dialect,
        multi_status="off" if unable else dialect.multi_status,
        batch_size=min(dialect.batch_size, known.batch_size or dialect.batch_size),
    )


def grown(known: Knowledge, found: Found, provider: ProviderSettings) -> Knowledge | None:
    """What is known with what an adapter found out besides; None where that is nothing new."""
    of = fingerprint(provider)
    before = known if known.of == of else replace(known, multi_status=None, batch_size=None, of=of)
    after = replace(
        before,
        multi_status=before.multi_status if found.multi_status is None else found.multi_status,
        batch_size=before.batch_size if found.batch_size is None else found.batch_size,
    )
    return after if (after.multi_status, after.batch_size) != (before.multi_status, before.batch_size) else None


async def keep(provider: str, known: Knowledge) -> None:
    """Store what was found out, for the next process and the others."""
    row = CapabilityRow(multi_status=known.multi_status, batch_size=known.batch_size, learned_of=known.of)

    async def work() -> None:
        await word_store.keep_capabilities(provider, row)
        await signals.raise_signal(signals.WORDS)

    await write(work)


def changed(before: Mapping[str, Knowledge], now: Mapping[str, Knowledge]) -> set[str]:
    """The providers of whom something else is known now."""
    return {name for name in {*before, *now} if before.get(name, NOTHING) != now.get(name, NOTHING)}
