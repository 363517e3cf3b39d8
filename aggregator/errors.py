"""What is refused: to a reseller, without a word of HTTP, and to the owner. API, pages and commands know these roots.

CannotBeDone     the owner's: pages and commands tell its text, whoever raises it, without a list of classes
ResellerError    a reseller's: the API and the pages have a text for each class
"""

from __future__ import annotations

from enum import StrEnum


class CannotBeDone(Exception):
    """The root of all that an owner is refused; the text is the whole answer, and nothing has changed.

    It may name providers, files and orders of others: whoever is no owner is told only what is raised for them.
    """


class ResellerError(Exception):
    """The parent of all: a request that we refuse, with what to fix. Nothing has changed when it is raised."""


class InvalidKey(ResellerError):
    """The key is missing, malformed, unknown or revoked: all answered alike."""


class AccountInactive(ResellerError):
    """The reseller's account is frozen, or the key may only read."""


class IncorrectRequest(ResellerError):
    """A field is missing or cannot be read. `field` names it, `hint` says what is expected."""

    def __init__(self, field: str | None = None, hint: str = "") -> None:
        super().__init__(f"{field}: {hint}" if field else "Incorrect request")
        self.field = field
        self.hint = hint


class ServiceNotFound(ResellerError):
    """A well-formed service id that we do not sell."""


class QuantityOutOfRange(ResellerError):
    """The billed quantity is outside the service's limits (units)."""

    def __init__(self, quantity: int, minimum: int, maximum: int) -> None:
        super().__init__(f"Quantity must be between {minimum} and {maximum}")
        self.quantity = quantity
        self.minimum = minimum
        self.maximum = maximum


class QuantityNoMultiple(ResellerError):
    """The billed quantity, or that of one run, is no multiple of the service's step (units)."""

    def __init__(self, step: int) -> None:
        super().__init__(f"Quantity must be a multiple of {step}")
        self.step = step


class BadLink(ResellerError):
    """The link is missing, too long, or holds control characters."""


class NotEnoughFunds(ResellerError):
    """The wallet cannot pay the charge."""


class SameLink(ResellerError):
    """An open order for this link and service exists, and the key takes only one at a time."""


class OrderNotFound(ResellerError):
    """No such order for this reseller; another's order is answered the same."""


class RequestIdTaken(ResellerError):
    """The request id belongs to an order with another payload."""


class TooManyRequests(ResellerError):
    """The key is over its limit; `retry_after` in whole seconds, at least 1."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__("Too many requests")
        self.retry_after = max(1, retry_after)


class CancelRefused(ResellerError):
    """The order cannot be called off: it has ended, or its service is sold without cancels.

    `of_order`: it is about this order alone, which has ended, or which its provider has refused to call off.
    """

    def __init__(self, *, of_order: bool = False) -> None:
        super().__init__("refused" if of_order else "disabled")
        self.of_order = of_order


class TemporarilyUnavailable(ResellerError):
    """We ourselves are unable now (database away): try again later."""


class MissingField(IncorrectRequest):
    """A field that the action, or the service's type, cannot do without."""

    def __init__(self, field: str) -> None:
        super().__init__(field, "is required")


class TooManyOrders(IncorrectRequest):
    """More ids in one call than are answered; none is, since a caller takes a missing one for trouble."""

    def __init__(self, limit: int) -> None:
        super().__init__("orders", f"must be at most {limit}")
        self.limit = limit


class RefillNotFound(ResellerError):
    """No such refill for this reseller; another's refill is answered the same."""


class RefillRefusal(StrEnum):
    """Why an order cannot be refilled now."""

    DISABLED = "disabled"
    """What its service is: nobody gets one."""
    OF_ORDER = "of_order"
    """Only whoever has this order gives none."""
    NOT_COMPLETED = "not_completed"
    TOO_EARLY = "too_early"
    RUNNING = "running"
    EXPIRED = "expired"


class RefillRefused(ResellerError):
    """The order cannot be refilled; `refusal` says why."""

    def __init__(self, refusal: RefillRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
