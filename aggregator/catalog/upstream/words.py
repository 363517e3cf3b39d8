"""Notes what providers say that nobody understands, and what the owner says it means, once and for all processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog.upstream import word_store
from aggregator.catalog.upstream.word_store import WordRow
from aggregator.errors import CannotBeDone
from aggregator.settings.spelling import read_error_meaning, read_status_meaning, suggest_meaning
from aggregator.storage import decisions, signals
from aggregator.storage.transaction import write
from providers.errors import ProviderError
from providers.reading.error_texts import normal_text
from providers.reading.verdict import ADD_REFUSALS
from providers.reading.words import normal_word
from providers.vocabulary import Phase, Progress

STATUS, ERROR = "status", "error"
REPLY_LIMIT = 2_000
READERS = {STATUS: read_status_meaning, ERROR: read_error_meaning}


class Heard(Struct, frozen=True):
    """One thing that a provider said and nobody understood."""

    kind: str
    text: str
    reply: str


class WordUnknown(CannotBeDone):
    """There is no such word to explain, or no such meaning; the message says what to write instead."""


async def note_error(provider: str, error: ProviderError | None) -> None:
    """Note the words of an error that nobody knows; does nothing for any other."""
    await note_answers(provider, [error])


async def note_answers(provider: str, answers: Iterable[object]) -> None:
    """Note every unknown word among progress and errors; equal ones are counted and written once."""
    counted = Counter(heard for answer in answers if (heard := hear(answer)) is not None)
    # The same word may stand in different replies: the last of them is kept.
    latest = {(heard.kind, heard.text): heard for heard in counted}
    times = Counter[tuple[str, str]]()
    for heard, count in counted.items():
        times[heard.kind, heard.text] += count

    async def work() -> None:
        for word, heard in latest.items():
            await word_store.hear(provider, *word, heard.reply, times[word])

    if latest:
        await write(work)


def hear(answer: object) -> Heard | None:
    """The unknown word in one answer; None where everything is understood, or nothing was said in words."""
    if isinstance(answer, Progress) and answer.phase is Phase.UNKNOWN and answer.word:
        return Heard(STATUS, answer.word, answer.raw[:REPLY_LIMIT])
    if isinstance(answer, ProviderError) and answer.unknown:
        return Heard(ERROR, answer.unknown, answer.raw[:REPLY_LIMIT])
    return None


async def explain(provider: str, text: str, meaning: str, *, actor: str, reason: str) -> list[WordRow]:
    """Say what a word means, from now on and everywhere; the words as they are then. Raises `WordUnknown`.

    A word that was heard both as a status and as an error is explained for the kind that has this meaning.
    """
    told = await explained(provider, text, meaning)

    async def work() -> None:
        for row in told:
            said = row.meaning or ""
            await word_store.explain([row.id], said, moving=is_clear_no(row), actor=actor, reason=reason)
            await decisions.record("word", row.id, "means", f"{provider}: {text} = {said}", actor=actor, reason=reason)
        await signals.raise_signal(signals.WORDS)

    await write(work)
    read = {row.id for row in told}
    return [row for row in await word_store.words(provider, everything=True) if row.id in read]


async def explained(provider: str, text: str, meaning: str) -> list[WordRow]:
    """The words as they would be with this meaning, while nothing is said yet. Raises `WordUnknown`."""
    found = find(await word_store.words(provider, everything=True), provider, text)
    told = [replace(row, meaning=said) for row in found if (said := READERS[row.kind](meaning)) is not None]
    if not told:
        raise WordUnknown(_refusal(found, meaning))
    return told


def find(rows: Iterable[WordRow], provider: str, text: str) -> list[WordRow]:
    """The words that are spelled so, however it is written; raises `WordUnknown` with the nearest."""
    known = list(rows)
    same = [row for row in known if _spelled(row.kind, row.text) == _spelled(row.kind, text)]
    if same:
        return same
    near = get_close_matches(text, [row.text for row in known], 1)
    advice = f": did you mean {near[0]!r}?" if near else ": see aggregator providers words --all"
    raise WordUnknown(f"{provider} has never said {text!r}{advice}")


def is_spelled_so(word: WordRow, text: str) -> bool:
    """Whether a text is this word, however it is written."""
    return _spelled(word.kind, word.text) == _spelled(word.kind, text)


def _spelled(kind: str, text: str) -> str:
    return normal_word(text) if kind == STATUS else normal_text(text)


def _refusal(found: list[WordRow], meaning: str) -> str:
    kinds = {row.kind for row in found}
    what = "a status such as completed, partial, cancelled, in_progress" if STATUS in kinds else "an error code"
    return f"{meaning!r} is not {what}: did you mean {suggest_meaning(meaning)}?"


def is_clear_no(row: WordRow) -> bool:
    """Whether an order answered with this word counts as not taken from now on."""
    return row.kind == ERROR and row.meaning in {code.value for code in ADD_REFUSALS}
