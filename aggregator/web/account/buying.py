"""Between a form and an order: read exactly as the API reads the same words, for the same deeds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import urlencode

from litestar.di import NamedDependency

from aggregator.api.fields import read_add
from aggregator.api.wire import Action, read_request
from aggregator.errors import TooManyRequests
from aggregator.orders.intake.types import Ask
from aggregator.resellers import store
from aggregator.resellers.model import Caller
from aggregator.web.dependencies import Me, Parts, SellerId

TheCaller: TypeAlias = NamedDependency[Caller]
_FORM = {"content-type": "application/x-www-form-urlencoded"}


async def caller_of(me: Me, seller_id: SellerId) -> Caller:
    """The reseller who looks, as the API knows whoever holds a key."""
    # Keys have positive numbers: the limit of requests is counted for a person beside them.
    return Caller(
        reseller=await store.get(seller_id), key=-me.id, spelling="auto", requests_per_second=None, read_only=False
    )


async def acting(parts: Parts, caller: Caller, action: Action) -> None:
    """Where something is to be done: refused for frozen accounts and past the limit of requests."""
    parts.keys.allow(caller, action)
    if wait := await parts.keys.count(caller):
        raise TooManyRequests(wait)


def ask_of(fields: Iterable[tuple[str, str]], *, request_id: str | None = None) -> Ask:
    """The order that these fields want; raises `ResellerError`."""
    given = [(name, value) for name, value in fields if value.strip() and name not in ("key", "action", "request_id")]
    if request_id is not None:
        given.append(("request_id", request_id))
    request = read_request("POST", _FORM, b"", urlencode(given).encode())
    return read_add(request)
