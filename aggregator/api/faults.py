"""Every error as the reply that its reader can act on: code, body, headers."""

from __future__ import annotations

from types import MappingProxyType

import msgspec

from aggregator.api.http import KEPT_BY_NOBODY, Answer, Headers
from aggregator.api.texts import text_of
from aggregator.api.views import Spelling
from aggregator.errors import (
    AccountInactive,
    InvalidKey,
    ResellerError,
    ServiceNotFound,
    TemporarilyUnavailable,
    TooManyRequests,
)

RETRY_SECONDS = 5
"""When a client may ask again after we were unable to answer."""

_JSON_CODES: MappingProxyType[type[Exception], int] = MappingProxyType(
    {InvalidKey: 401, AccountInactive: 401, TooManyRequests: 429, ServiceNotFound: 500}
)
_SERVICE_NOT_FOUND = b'{"success": false, "name": "SERVICE_NOT_FOUND", "message": "Service not found or unauthorized"}'


def refuse(error: Exception, spelling: Spelling, *, of_status: bool = False) -> Answer:
    """The reply to `error`; any exception that is no ResellerError is an internal error without a word of detail.

    The classic spelling answers refusals with 200, since its clients drop the text of any other code. `of_status`:
    the request asked for statuses. There, what is not the client's fault has no body at all, because chained panels
    give an order up for good on the first error text they read (PROTOCOL.md, "Limits").
    """
    if of_status and (isinstance(error, TooManyRequests) or not _is_refusal(error)):
        return Answer(503, b"", _retry_after(error))
    if spelling is Spelling.JSON and isinstance(error, ServiceNotFound):
        return Answer(500, _SERVICE_NOT_FOUND)
    code = _code(error, spelling)
    body = msgspec.json.encode({"error": text_of(error, spelling)})
    return Answer(code, body, _retry_after(error) if code in (429, 503) else KEPT_BY_NOBODY)


def _is_refusal(error: Exception) -> bool:
    return isinstance(error, ResellerError) and not isinstance(error, TemporarilyUnavailable)


def _code(error: Exception, spelling: Spelling) -> int:
    if not _is_refusal(error):
        return 503 if isinstance(error, TemporarilyUnavailable) else 500
    return 200 if spelling is Spelling.CLASSIC else _JSON_CODES.get(type(error), 400)


def _retry_after(error: Exception) -> Headers:
    seconds = error.retry_after if isinstance(error, TooManyRequests) else RETRY_SECONDS
    return (*KEPT_BY_NOBODY, (b"retry-after", b"%d" % seconds))
