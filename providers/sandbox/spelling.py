"""How each dialect puts an answer: texts or numbers, words, HTTP codes (PROTOCOL.md, "The two dialects")."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, Protocol, TypeAlias
from zlib import crc32

from msgspec import Raw

from providers.sandbox.amounts import plain
from providers.sandbox.book import Order
from providers.sandbox.life import Reading
from providers.sandbox.refusals import Refusal
from providers.vocabulary import Phase

DialectName: TypeAlias = Literal["classic", "json"]


CLASSIC_WORDS = {
    Phase.PENDING: "Pending",
    Phase.IN_PROGRESS: "In progress",
    Phase.PROCESSING: "Processing",
    Phase.COMPLETED: "Completed",
    Phase.PARTIAL: "Partial",
    Phase.CANCELLED: "Canceled",
}
JSON_WORDS = {
    Phase.PENDING: "PENDING",
    Phase.IN_PROGRESS: "IN_PROGRESS",
    Phase.PROCESSING: "PROCESSING",
    Phase.COMPLETED: "COMPLETED",
    Phase.PARTIAL: "PARTIAL",
    Phase.CANCELLED: "CANCELLED",
}


class Spelling(Protocol):
    """What differs between the dialects; everything else is said alike in both."""

    created: int
    """The HTTP code of a placed order."""
    cancel_pays_all: bool
    """Whether a cancelled order gives everything back, whatever remains."""

    def status(self, reading: Reading) -> str: ...

    def progress(self, order: Order, reading: Reading, currency: str) -> dict[str, Any]: ...

    def balance(self, amount: Decimal) -> str: ...

    def reference(self, number: int) -> int | str:
        """The id of a single refill."""

    def refusal(self, refusal: Refusal) -> tuple[int, dict[str, object]]: ...


class ClassicSpelling:
    """Texts throughout, HTTP 200 for refusals, net charges."""

    created = 200
    cancel_pays_all = True

    def status(self, reading: Reading) -> str:
        return CLASSIC_WORDS.get(reading.phase, reading.word)

    def progress(self, order: Order, reading: Reading, currency: str) -> dict[str, Any]:
        return {
            "charge": plain(order.stated(order.charge, reading)),
            "start_count": str(start_count(order, reading) or 0),
            "status": self.status(reading),
            "remains": str(reading.remains),
            "currency": currency,
            **{name: str(count) for name, count in _counted(reading).items()},
        }

    def balance(self, amount: Decimal) -> str:
        return plain(amount)

    def reference(self, number: int) -> int | str:
        return str(number)

    def refusal(self, refusal: Refusal) -> tuple[int, dict[str, object]]:
        return 200, {"error": refusal.classic}


class JsonSpelling:
    """Numbers as numbers, HTTP codes for refusals, gross charges; `start_count` is left out while unknown."""

    created = 201
    cancel_pays_all = False

    def status(self, reading: Reading) -> str:
        return JSON_WORDS.get(reading.phase, reading.word)

    def progress(self, order: Order, reading: Reading, currency: str) -> dict[str, Any]:
        count = start_count(order, reading)
        return {
            "charge": Raw(plain(order.stated(order.gross, reading)).encode()),
            "status": self.status(reading),
            "currency": currency,
            **({} if count is None else {"start_count": count}),
            "remains": reading.remains,
            **_counted(reading),
        }

    def balance(self, amount: Decimal) -> str:
        return plain(amount, decimals=2)

    def reference(self, number: int) -> int | str:
        return number

    def refusal(self, refusal: Refusal) -> tuple[int, dict[str, object]]:
        return refusal.status, refusal.json_body


SPELLINGS: dict[DialectName, Spelling] = {"classic": ClassicSpelling(), "json": JsonSpelling()}

WORDS = {
    "pending": Phase.PENDING,
    "processing": Phase.PROCESSING,
    "in progress": Phase.IN_PROGRESS,
    "completed": Phase.COMPLETED,
    "partial": Phase.PARTIAL,
    "canceled": Phase.CANCELLED,
    "cancelled": Phase.CANCELLED,
}


def read_status(word: str) -> Phase | None:
    """The phase that a status of either dialect stands for; None for any other word."""
    return WORDS.get(" ".join(word.lower().replace("_", " ").replace("-", " ").split()))


def start_count(order: Order, reading: Reading) -> int | None:
    """What the link counted when delivery began: made up, but always the same for one link."""
    waiting = reading.phase is Phase.PENDING
    count = crc32(order.link.encode("utf-8", "replace")) % 9000 + 1000
    return None if waiting else -count if order.tricks.negative_start else count


def _counted(reading: Reading) -> dict[str, int]:
    counts = {"runs": reading.runs, "posts": reading.posts}
    return {name: count for name, count in counts.items() if count is not None}
