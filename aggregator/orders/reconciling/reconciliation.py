"""Tells whether our orders explain what a provider's balance lost in a day: sums, nothing read or written.

What cannot be known speaks for the provider, so that a difference is one: an order that may or may not have been
charged in the day counts as charged, and a rise counts as a top-up only as far as no refund explains it
(providers/PROTOCOL.md, "Reconciliation"). Amounts are in the provider's currency, times in milliseconds since 1970.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from aggregator.catalog.upstream.balance_store import Judgement, Move
from aggregator.orders.state import Outcome

MOST_ORDERS = 50
"""No more are named."""
RELATIVE_NOISE = Decimal("0.0001")
"""How far all costs together may be off, of themselves: rates are kept, and converted, with so many digits."""
EXACT = Decimal("0.00001")
"""A cost that is so near to one with the digits of the balance, of itself, is charged without rounding."""
_NOTHING = Decimal(0)


class Purchase(Struct, frozen=True, kw_only=True):
    """An attempt as far as it may have cost something; the columns of its row."""

    order_id: int
    outcome: Outcome
    upstream_order: str | None
    cost_theirs: str
    overcharge: str | None = None
    overcharged_at: int | None = None
    currency: str
    created_at: int
    answered_at: int | None
    deadline_at: int


class Debit(Struct, frozen=True, kw_only=True):
    """What an attempt should have cost, and between which moments it was charged, if it was."""

    order: int
    cost: Decimal
    begun: int
    ended: int


class ExpectedRefund(Struct, frozen=True, kw_only=True):
    """What should have come back for an order, by its provider's word.

    It came after `since`, when all of the order was still to come, and before `at`, when its ending was first seen.
    """

    order: int
    amount: Decimal
    since: int
    at: int


class Period(Struct, frozen=True, kw_only=True):
    """Which looks are judged."""

    opened_at: int
    looked_at: int
    known_from: int
    """Since when the movements before the period are known."""
    grace_ms: int
    """How far money may lag behind words."""
    debit_lag_ms: int = 0
    """How long after its answer an order may still be charged, beside that."""

    @property
    def lag_ms(self) -> int:
        return self.grace_ms + self.debit_lag_ms


def cost_of(bought: Purchase) -> Decimal | None:
    """What it should have cost by its provider's list; None = it was not taken.

    A charge above it that a price listed since explains, or that the owner agreed to, is what it should have cost.
    """
    not_taken = bought.outcome in (Outcome.REFUSED, Outcome.NOT_SENT)
    absent = bought.outcome is Outcome.ABSENT and bought.upstream_order is None
    if not_taken or absent:
        return None
    explained = bought.overcharge if bought.overcharged_at is None else None
    return Decimal(explained or bought.cost_theirs)


def debit_of(bought: Purchase) -> Debit | None:
    """None where nothing was taken. One of which nobody knows whether it was is a debit, too."""
    cost = cost_of(bought)
    if cost is None:
        return None
    ended = min(bought.answered_at or bought.deadline_at, bought.deadline_at)
    return Debit(order=bought.order_id, cost=cost, begun=bought.created_at, ended=ended)


def refund_of(bought: Purchase, *, units: int, quantity: int, since: int, at: int) -> ExpectedRefund:
    """What should come back for units of an order that did not come."""
    amount = (cost_of(bought) or _NOTHING) * units / quantity  # decimals, compared with their noise
    return ExpectedRefund(order=bought.order_id, amount=amount, since=since, at=at)


class _Timeline:
    """Debits in the order in which they began, so that a look asks for a few of them and not for a day's."""

    def __init__(self, debits: Iterable[Debit]) -> None:
        self._debits = sorted(debits, key=lambda one: one.begun)
        self._longest = max((one.ended - one.begun for one in self._debits), default=0)

    def sure_in(self, move: Move, lag: int) -> Decimal:
        """What was charged between two looks, and at no other time."""
        these = self._begun_between(move.since, move.at)
        return sum((one.cost for one in these if one.ended + lag <= move.at), _NOTHING)

    def possible_in(self, move: Move, lag: int) -> Decimal:
        """What may have been charged between two looks."""
        these = self._begun_between(move.since - lag - self._longest, move.at)
        return sum((one.cost for one in these if one.ended + lag >= move.since), _NOTHING)

    def _begun_between(self, first: int, last: int) -> Sequence[Debit]:
        low = bisect_left(self._debits, first, key=lambda one: one.begun)
        return self._debits[low : bisect_right(self._debits, last, lo=low, key=lambda one: one.begun)]


def judge(
    period: Period, moves: Sequence[Move], debits: Sequence[Debit], refunds: Sequence[ExpectedRefund]
) -> Judgement:
    """What the balance lost in a period, top-ups apart, against what our orders should have cost.

    `moves` since `known_from`; `debits` from as long before the period as one may still be charged in it; `refunds`
    also of words that were said after it, since they explain what rose in it.
    """
    inside = [move for move in moves if move.at > period.opened_at]
    earlier = [move for move in moves if move.at <= period.opened_at]
    charged = [one for one in debits if _may_fall_in(one, period)]
    back = [one for one in refunds if _is_due_in(one, period)]
    fell = sum((-move.came_in for move in inside), _NOTHING)
    timeline = _Timeline(debits)
    topped_up = sum((_top_up(move, timeline, refunds, period) for move in _steady(inside)), _NOTHING)
    cost = sum((one.cost for one in charged), _NOTHING)
    due_back = _surely_back(back, earlier, timeline, period)
    noise = _noise([one.cost for one in charged] + [one.amount for one in back], moves)
    return Judgement(lost=fell + topped_up, due=cost - due_back, noise=noise, orders=_concerned(back, charged))


def _may_fall_in(debit: Debit, period: Period) -> bool:
    return debit.begun <= period.looked_at and debit.ended + period.lag_ms >= period.opened_at


def _is_due_in(refund: ExpectedRefund, period: Period) -> bool:
    """Its word was said in the period, long enough ago; and it did not come when nobody looked."""
    said = period.opened_at < refund.at <= period.looked_at - period.grace_ms
    return said and refund.since >= period.known_from


def _steady(moves: Sequence[Move]) -> list[Move]:
    """Without a fall that the next look took back to the digit: a balance that was shown wrongly for a moment."""
    wrong = {
        one
        for one, other in pairwise(range(len(moves)))
        if moves[one].came_in < 0 and moves[other].after == moves[one].before
    }
    return [move for number, move in enumerate(moves) if number not in wrong and number - 1 not in wrong]


def _top_up(move: Move, bought: _Timeline, refunds: Iterable[ExpectedRefund], period: Period) -> Decimal:
    """What rose beyond what our orders could have given back then, and above what was surely bought beside it."""
    if move.came_in <= 0:
        return _NOTHING
    could = sum((one.amount for one in refunds if _may_come_in(one, move, period)), _NOTHING)
    return max(_NOTHING, move.came_in + bought.sure_in(move, period.lag_ms) - could)


def _may_come_in(refund: ExpectedRefund, move: Move, period: Period) -> bool:
    return refund.since <= move.at and refund.at + period.grace_ms >= move.since


def _surely_back(
    refunds: Sequence[ExpectedRefund], earlier: Sequence[Move], bought: _Timeline, period: Period
) -> Decimal:
    """What came back in the period, less what may have come before it, behind what was bought then."""
    late = [one for one in refunds if one.since < period.opened_at]
    sure = sum((one.amount for one in refunds), _NOTHING) - sum((one.amount for one in late), _NOTHING)
    hiding = [move for move in earlier if any(_may_come_in(one, move, period) for one in late)]
    hidden = sum((max(_NOTHING, move.came_in + bought.possible_in(move, period.lag_ms)) for move in hiding), _NOTHING)
    return sure + max(_NOTHING, sum((one.amount for one in late), _NOTHING) - hidden)


def _noise(amounts: Sequence[Decimal], moves: Iterable[Move]) -> Decimal:
    """Half a last digit for each amount that must have been rounded and, where there is one, the balance's own."""
    digits = max((_digits(shown) for move in moves for shown in (move.before, move.after)), default=0)
    last_digit = Decimal(1).scaleb(-digits)
    rounded = sum(1 for amount in amounts if abs(amount - amount.quantize(last_digit)) > amount * EXACT)
    half_digit = Decimal(5).scaleb(-digits - 1)
    return sum(amounts, _NOTHING) * RELATIVE_NOISE + (last_digit + rounded * half_digit if rounded else _NOTHING)


def _digits(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _concerned(back: Sequence[ExpectedRefund], charged: Sequence[Debit]) -> tuple[int, ...]:
    """Those that gave money back by a word first, for that may have been kept; then what was bought, the newest first.

    Of each order one line, and of all no more than `MOST_ORDERS`.
    """
    newest = sorted(charged, key=lambda one: one.begun, reverse=True)
    orders = dict.fromkeys([*(one.order for one in back), *(one.order for one in newest)])
    return tuple(orders)[:MOST_ORDERS]
