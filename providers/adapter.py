"""The protocol that every provider meets, and what an owner says of one provider."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from providers.dialect import Dialect
from providers.errors import Refused
from providers.vocabulary import (
    CancelRequested,
    Capability,
    Funds,
    ListedOrder,
    Listing,
    Placement,
    ProgressByOrder,
    Refill,
    RefillPhase,
    Submission,
)


class Profile(Struct, frozen=True, kw_only=True):
    """One provider as its owner configured it. `key` is a secret: never printed, logged or put in an error."""

    name: str
    url: str
    key: str
    dialect: Dialect
    currency: str | None = None
    """Where neither a row nor the balance names one."""
    requests_per_second: float = 4.0  # a pace, not money
    burst: int = 10
    parallel: int = 4
    timeout_seconds: float = 30.0
    add_timeout_seconds: float = 30.0
    services_timeout_seconds: float = 120.0
    user_agent: str = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
    )
    proxy: str | None = None
    verify_tls: bool = True
    allow_private: bool = False
    """Whether its host may lead into a network of one's own."""

    @property
    def timeout_ms(self) -> int:
        return round(self.timeout_seconds * 1000)

    @property
    def add_timeout_ms(self) -> int:
        return round(self.add_timeout_seconds * 1000)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What pretty tracebacks show."""
        return [("name", self.name), ("url", self.url)]

    def __repr__(self) -> str:
        return f"Profile({self.name!r}, {self.url!r})"


class Found(Struct, frozen=True, kw_only=True):
    """What an adapter found out by itself about asking for several orders at once; None = nothing yet."""

    multi_status: bool | None = None
    batch_size: int | None = None
    """The panel refused more ids in one question."""


WRITES = frozenset({"add", "cancel", "refill"})
"""Actions that change something; a pace lets them go before reads, but never instead of them."""


class Pace(Protocol):
    """Waits until a call to a provider may leave; shared by all processes. Handed to the transport from outside."""

    async def turn(self, profile: Profile, action: str) -> None:
        """Return when a call of this action may leave."""


class Turn:
    """The right to make one call at once; what it is taken for is written down only after it is there."""

    def __init__(self) -> None:
        self._used = False

    def use(self) -> bool:
        """Whether it was still good."""
        was, self._used = self._used, True
        return not was


class Adapter(Protocol):
    """All that the rest of the program knows of a provider.

    Every method may raise `Unreachable` (nothing was sent) or `Refused`. Reads also raise `Garbled`;
    `add`, `cancel` and `refill` raise `Unsure` instead when the request may have been taken.
    """

    @property
    def profile(self) -> Profile: ...

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    @property
    def found(self) -> Found:
        """What the next process should know from its start; nothing that the profile says already."""

    async def services(self) -> list[Listing]:
        """The whole catalogue; never empty: an empty one raises `Refused` with CATALOGUE_EMPTY."""

    def turn(self) -> AbstractAsyncContextManager[Turn]:
        """A turn for one `add`, waited for as long as it takes; inside, the `add` that is given it leaves at once."""

    async def add(self, submission: Submission, turn: Turn | None = None) -> Placement:
        """Place one order, sent at most once. Without a turn it waits for one until its own deadline (`NoTurn`)."""

    async def statuses(self, orders: Sequence[str]) -> ProgressByOrder:
        """Ask for many orders in as few calls as the provider allows; never an id that was not asked."""

    async def balance(self) -> Funds: ...

    async def cancel(self, orders: Sequence[str]) -> dict[str, CancelRequested | Refused]:
        """Ask to call orders off; a taken request is not yet a cancellation."""

    async def refill(self, order: str) -> Refill: ...

    async def refill_statuses(self, references: Sequence[str]) -> dict[str, RefillPhase | Refused]: ...

    async def aclose(self) -> None: ...


@runtime_checkable
class JudgesAgain(Protocol):
    """What an adapter can do that reads the reply to an `add` by itself, without asking anybody."""

    def judge_add(self, submission: Submission, text: str, status: int) -> Placement:
        """What `add` makes of such a reply, raised alike; `text` is all of it as it was kept."""


@runtime_checkable
class ListsOrders(Protocol):
    """What an adapter with `Capability.ORDER_LIST` can do besides."""

    async def recent_orders(self) -> list[ListedOrder]:
        """Our newest orders there. Raises `Garbled` rather than leave one out."""
