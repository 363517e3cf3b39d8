"""What follows from a reply that is no success: refused for sure, never reached, or nobody knows."""

from __future__ import annotations

from typing import TypeVar

from providers.errors import Code, Garbled, ProviderError, Refused, Unreachable, Unsure
from providers.masking import Mask
from providers.reading.complaints import Complaint
from providers.reading.reply import Kind, Reply

E = TypeVar("E", bound=ProviderError)
ADD_REFUSALS = frozenset(
    {
        Code.KEY_INVALID,
        Code.ACCOUNT_BLOCKED,
        Code.FUNDS,
        Code.SERVICE_GONE,
        Code.LINK_INVALID,
        Code.LINK_DUPLICATE,
        Code.QTY_MIN,
        Code.QTY_MAX,
        Code.PARAMS,
        Code.RATE_LIMIT,
        Code.MAINTENANCE,
        Code.TOO_LARGE,
    }
)
"""The allow-list of PROTOCOL.md, "Verdict on an add": after these the provider did not take the order."""
ABOUT_US = frozenset({Code.KEY_INVALID, Code.ACCOUNT_BLOCKED, Code.FUNDS, Code.RATE_LIMIT, Code.MAINTENANCE})
"""What a panel refuses to anybody who asks anything; it says nothing of an order, and passes."""
UNDECIDED = frozenset({Code.UNKNOWN, Code.INTERNAL, Code.DUPLICATE_REQUEST, Code.TRANSPORT})
REQUEST_REFUSALS = frozenset(Code) - UNDECIDED - {Code.TOO_LARGE}
"""What counts as a no to a cancel or a refill: many ids that are too much at once were each refused by nobody."""
NOT_TAKEN = {413: Code.TOO_LARGE, 414: Code.TOO_LARGE, 429: Code.RATE_LIMIT, 431: Code.TOO_LARGE}
"""HTTP statuses that are given before a request is looked into, whoever writes the body; and what they say of it."""
_SAID_BY_STATUS = (401, 402)
_FORBIDDEN, _BROKEN = 403, 500


def failed_read(reply: Reply, complaint: Complaint | None, mask: Mask) -> ProviderError:
    """The error of a read without an answer in it."""
    if reply.never_reached_the_panel:
        return _unreachable(reply, mask)
    speaks = reply.kind is not Kind.PAGE or reply.status in NOT_TAKEN
    if complaint is not None and complaint.code not in UNDECIDED and speaks:
        return refusal(complaint, mask, reply)
    error = Garbled(mask.text(_observed(reply, complaint)), code=_doubt(reply, complaint), raw=mask.raw(reply.text))
    return _with_unknown(error, complaint, mask, reply.status)


def failed_write(
    reply: Reply, complaint: Complaint | None, mask: Mask, refusals: frozenset[Code] = ADD_REFUSALS
) -> ProviderError:
    """The error of an `add`, `cancel` or `refill`: a refusal is only a known no in the panel's own words, or a status
    that is given to what was not looked into.
    """
    if reply.never_reached_the_panel:
        return _unreachable(reply, mask)
    not_taken = NOT_TAKEN.get(reply.status)
    if not_taken in refusals:
        # Limits in such words are those of a server, not of a service.
        return refusal(Complaint(code=not_taken, text=_observed(reply, complaint)), mask, reply)
    if complaint is not None and complaint.code in refusals and _is_sure(reply, complaint):
        return refusal(complaint, mask, reply)
    error = Unsure(mask.text(_observed(reply, complaint)), code=_doubt(reply, complaint), raw=mask.raw(reply.text))
    error.status = reply.status
    return _with_unknown(error, complaint, mask, reply.status)


def refusal(complaint: Complaint, mask: Mask, reply: Reply) -> Refused:
    """The complaint of a whole reply as an error."""
    return Refused(
        mask.text(complaint.text or f"HTTP {reply.status}"),
        code=complaint.code,
        raw=mask.raw(reply.text),
        learned_minimum=complaint.minimum,
        learned_maximum=complaint.maximum,
        learned_step=complaint.step,
        retry_after=reply.retry_after,
    )


def row_refusal(complaint: Complaint, mask: Mask, reply: Reply) -> Refused:
    """The complaint of one row of a reply as an error about that id alone."""
    error = Refused(
        mask.text(complaint.text),
        code=complaint.code,
        raw=mask.raw(reply.around(complaint.text)),
        learned_minimum=complaint.minimum,
        learned_maximum=complaint.maximum,
        learned_step=complaint.step,
    )
    return _with_unknown(error, complaint, mask)


def _with_unknown(error: E, complaint: Complaint | None, mask: Mask, status: int = 200) -> E:
    """Words that nobody knows, also where a status of 500 and more told a meaning in their place, are for the owner."""
    if complaint is not None and (complaint.code is Code.UNKNOWN or (complaint.from_status and status >= _BROKEN)):
        error.unknown = mask.text(complaint.text)
    return error


def _is_sure(reply: Reply, complaint: Complaint) -> bool:
    """A page proves nothing, nor do words beside which something else is said.

    Of the HTTP statuses only those count that are given before anything is done.
    """
    if reply.kind is Kind.PAGE:
        return False
    if not complaint.from_status:
        return complaint.loud or complaint.alone
    return reply.status in _SAID_BY_STATUS or (reply.status == _FORBIDDEN and reply.kind is Kind.JSON)


def _unreachable(reply: Reply, mask: Mask) -> Unreachable:
    return Unreachable(mask.text(f"HTTP {reply.status}: page {reply.title!r}"), raw=mask.raw(reply.text))


def _doubt(reply: Reply, complaint: Complaint | None) -> Code:
    if reply.kind is Kind.PAGE:
        return Code.TRANSPORT
    silent = reply.kind is not Kind.JSON or reply.value is None
    if complaint is not None and not (silent and complaint.code in UNDECIDED):
        return complaint.code
    return Code.TRANSPORT if silent else Code.UNKNOWN


def _observed(reply: Reply, complaint: Complaint | None) -> str:
    if reply.kind is Kind.PAGE:
        return f"HTTP {reply.status}: page {reply.title!r}"
    if complaint is not None and complaint.text:
        return complaint.text
    return f"HTTP {reply.status}: {reply.kind} reply without an answer"
