"""What can go wrong with a provider, and for each error: may another provider be tried for the same order."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """What a provider's error text means (PROTOCOL.md, "Errors")."""

    KEY_INVALID = "KEY_INVALID"
    ACCOUNT_BLOCKED = "ACCOUNT_BLOCKED"
    FUNDS = "FUNDS"
    SERVICE_GONE = "SERVICE_GONE"
    LINK_INVALID = "LINK_INVALID"
    LINK_DUPLICATE = "LINK_DUPLICATE"
    QTY_MIN = "QTY_MIN"
    QTY_MAX = "QTY_MAX"
    PARAMS = "PARAMS"
    RATE_LIMIT = "RATE_LIMIT"
    MAINTENANCE = "MAINTENANCE"
    TOO_LARGE = "TOO_LARGE"
    ORDER_NOT_FOUND = "ORDER_NOT_FOUND"
    REFILL_DISABLED = "REFILL_DISABLED"
    REFILL_TOO_EARLY = "REFILL_TOO_EARLY"
    REFILL_RUNNING = "REFILL_RUNNING"
    REFILL_EXPIRED = "REFILL_EXPIRED"
    REFILL_NOT_FOUND = "REFILL_NOT_FOUND"
    ORDER_NOT_COMPLETED = "ORDER_NOT_COMPLETED"
    CANCEL_DISABLED = "CANCEL_DISABLED"
    CATALOGUE_EMPTY = "CATALOGUE_EMPTY"
    BATCH_TOO_BIG = "BATCH_TOO_BIG"
    DUPLICATE_REQUEST = "DUPLICATE_REQUEST"
    INTERNAL = "INTERNAL"
    TRANSPORT = "TRANSPORT"
    UNKNOWN = "UNKNOWN"


class ProviderError(Exception):
    """The parent of all. `text` is for the owner only: what was observed, secrets masked, at most 500 characters."""

    may_try_another = False
    """For an `add`: is it certain that this provider did not take the order?"""

    def __init__(self, text: str = "", *, code: Code = Code.UNKNOWN, raw: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.raw = raw
        """The reply as received, masked and cut to 2,000 characters; empty when there was none."""
        self.unknown = ""
        """The provider's own words where nobody knows what they mean, masked; empty where they are known."""
        self.status: int | None = None
        """The HTTP status of the reply, where there was one."""


class Unreachable(ProviderError):
    """Nothing was sent: no address, no connection, no TLS, or a page in front of the panel refused us."""

    may_try_another = True

    def __init__(self, text: str = "", *, code: Code = Code.TRANSPORT, raw: str = "") -> None:
        super().__init__(text, code=code, raw=raw)


class NoTurn(Unreachable):
    """Our own pace left no turn for the call in time: nothing was sent, and the provider has failed at nothing."""


class Refused(ProviderError):
    """The provider said no, in words on the allow-list of refusals."""

    may_try_another = True

    def __init__(
        self,
        text: str = "",
        *,
        code: Code,
        raw: str = "",
        learned_minimum: int | None = None,
        learned_maximum: int | None = None,
        learned_step: int | None = None,
        retry_after: float | None = None,  # seconds, not money
    ) -> None:
        super().__init__(text, code=code, raw=raw)
        self.learned_minimum = learned_minimum
        self.learned_maximum = learned_maximum
        self.learned_step = learned_step
        self.retry_after = retry_after


class Unsure(ProviderError):
    """The request may have reached the provider and nobody knows what became of it."""


class Garbled(ProviderError):
    """A reply to a read that cannot be understood: nothing follows from it."""
