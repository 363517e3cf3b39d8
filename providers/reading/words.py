"""What the words of other panels' statuses mean."""

from __future__ import annotations

import unicodedata

from providers.reading.error_texts import plain_text
from providers.vocabulary import Phase, RefillPhase

_PHASES: dict[Phase, str] = {
    Phase.PENDING: "pending, awaiting, queued, queue, submitted, creating, new, waiting, created, scheduled",
    Phase.PROCESSING: "processing, process, in process, on process, accepted",
    Phase.IN_PROGRESS: (
        "in progress, inprogress, active, running, sending, holding, limit, progress, started, on hold"
    ),
    Phase.COMPLETED: "completed, complete, success, done, finished, delivered, refill, refilling",
    Phase.PARTIAL: "partial, partially completed, partially, partial completed",
    Phase.CANCELLED: "canceled, cancelled, cancel, canelled, refunded, refund, refunds",
    Phase.ERROR: "error, fail, failed, rejected, invalid",
    Phase.PAUSED: "paused, pause, stopped",
    Phase.EXPIRED: "expired",
    Phase.UNKNOWN: "unknown",
}
_REFILL_PHASES: dict[RefillPhase, str] = {
    RefillPhase.PENDING: "pending, awaiting, queued, 0",
    RefillPhase.IN_PROGRESS: "in progress, inprogress, processing, in progess",
    RefillPhase.COMPLETED: "completed, complete, success, done, refilled",
    RefillPhase.REJECTED: "rejected, declined, canceled, cancelled, error, fail, failed, expired",
}
_PHASE_OF = {word: phase for phase, words in _PHASES.items() for word in words.split(", ")}
_REFILL_PHASE_OF = {word: phase for phase, words in _REFILL_PHASES.items() for word in words.split(", ")}
_NUMBERED = dict(enumerate(("pending", "processing", "completed", "partial", "canceled", "refunded")))
_REFUNDED = ("refunded", "refund", "refunds")


_MARKS = " .!:*\u2022\u2705\u2714\ufe0f"
"""What is put around a word to decorate it."""


def normal_word(word: str) -> str:
    """One spelling for "IN_PROGRESS", "In-progress." and " <b>in  progress</b>"."""
    folded = unicodedata.normalize("NFKC", plain_text(word)).casefold().replace("_", " ").replace("-", " ")
    return " ".join(folded.split()).strip(_MARKS)


def standard_word(word: str, aliases: dict[str, str], *, numeric: bool) -> str:
    """The table's word for theirs (PROTOCOL.md, "Statuses"): the owner's aliases first, digits only if allowed."""
    said = normal_word(word)
    aliased = {normal_word(theirs): normal_word(ours) for theirs, ours in aliases.items()}
    if said in aliased:
        return aliased[said]
    if said.isascii() and said.isdigit():
        return _NUMBERED.get(int(said[:3]), "") if numeric else ""
    return said


def phase_of(word: str) -> Phase:
    """The phase of a standard word; UNKNOWN settles nothing."""
    return _PHASE_OF.get(word, Phase.UNKNOWN)


def is_refunded(word: str) -> bool:
    """Whether the word itself says that everything was paid back."""
    return word in _REFUNDED


def read_refill_phase(word: str) -> RefillPhase:
    """Where a refill stands."""
    return _REFILL_PHASE_OF.get(normal_word(word), RefillPhase.UNKNOWN)
