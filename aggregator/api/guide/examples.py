"""The examples of the API, read from their one file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct

from aggregator.api.views import Spelling, Status
from aggregator.api.wire import Action
from providers.vocabulary import ServiceType

FILE = Path(__file__).with_name("examples.toml")
KEY = "YOUR_API_KEY"
"""What stands for the reader's own key."""

Value: TypeAlias = str | int
Fields: TypeAlias = Mapping[str, Value]


class SoldService(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service of the examples' panel."""

    id: int
    name: str
    category: str
    type: ServiceType
    rate: str
    """A plain decimal, per 1,000 or per package."""
    min: int
    max: int
    refill: bool = False
    cancel: bool = False
    dripfeed: bool = False


class EarlierOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order that the reader of the examples has, and how it stands."""

    id: int
    service: int
    quantity: int
    """Of one run or post."""
    state: Status
    runs: int = 1
    runs_done: int | None = None
    start_count: int | None = None
    remains: int | None = None
    """Units; None = all of an open order, none of a completed one."""


class Example(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request and its reply in both spellings."""

    name: str
    title: str
    action: Action
    json: str
    """The reply to a JSON body, byte by byte."""
    classic: str
    """The reply to a form."""
    note: str = ""
    """A sentence or two in which `backquotes` mark fields."""
    type: ServiceType | None = None
    """The order type that an `add` is an example of."""
    key: str = KEY
    send: dict[str, Value] = {}
    code: int = 200
    """The HTTP status of the reply to a JSON body; a form is answered with 200."""
    first: bool = False
    """The reply is a list, of which only the first rows are shown."""

    @property
    def fields(self) -> dict[str, Value]:
        """All that is sent."""
        return {"key": self.key, "action": self.action.value, **self.send}

    @property
    def refused(self) -> bool:
        return self.name.startswith("refused-")

    def reply(self, spelling: Spelling) -> str:
        """The body."""
        return self.json if spelling is Spelling.JSON else self.classic

    def status(self, spelling: Spelling) -> int:
        """The HTTP status."""
        return self.code if spelling is Spelling.JSON else 200


class Examples(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of them, and the panel and the reseller that they were seen at."""

    balance: str
    service: tuple[SoldService, ...]
    order: tuple[EarlierOrder, ...]
    example: tuple[Example, ...]

    def of(self, action: Action) -> list[Example]:
        """Those of one action that are not refused."""
        return [example for example in self.example if example.action is action and not example.refused]

    @property
    def refused(self) -> list[Example]:
        return [example for example in self.example if example.refused]

    def named(self, name: str) -> Example:
        return next(example for example in self.example if example.name == name)


@cache
def examples() -> Examples:
    """Read once."""
    return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), Examples)
