"""One-time submit tokens: a form that moves money counts once, however often it is sent (idempotency of forms).

Its token is taken in the transaction that does what it asks for. The CSRF token is another: `web.guards`.
"""

from __future__ import annotations

from aggregator.storage import clock
from aggregator.storage.tables import UsedForm


class AlreadyUsed(Exception):
    """The form was sent before; the transaction must be given up."""

    def __init__(self) -> None:
        super().__init__("this form was sent before, and what it asked for was done then")


async def consume(token: str) -> None:
    """Take the token of a form; raises `AlreadyUsed`."""
    taken = UsedForm.insert(UsedForm(token=token, at=clock.now())).on_conflict(UsedForm.token, "DO NOTHING")
    if not await taken.returning(UsedForm.token):
        raise AlreadyUsed


async def release(token: str) -> None:
    """What the form asked for was refused: it may be sent again."""
    await UsedForm.delete().where(UsedForm.token == token)
