"""Which unanswered adds a provider took, told by our account there: sums and verdicts, nothing read or written.

What is left of our money and what all our orders cost add up to the same as long as nobody pays in. So what is missing
beside the orders that we know was spent on adds that nobody answered (providers/PROTOCOL.md, "Evidence"). Amounts are
in the provider's currency. A verdict is given only where nothing else explains the sum: a wrong one is worse than none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import combinations
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from aggregator.orders.model import Attempt, Order
from aggregator.orders.settling.settlement import OPEN_PHASES, charge_of
from aggregator.orders.state import Outcome
from aggregator.orders.unsure.sightings import Lists
from providers.vocabulary import Phase, Progress

MOST_CANDIDATES = 8
"""With more, something always fits."""
COARSE, SMALL = 100, 10
"""To tell adds apart, all their costs must be so many times what all sums may be off, and each what one may."""
COST_NOISE = Decimal("0.00001")
"""How far the cost that we worked out may be off, of itself: rates are kept with so many digits."""
GRAIN = Decimal("1E-8")
MOST_UNOBSERVED = 20
_NOTHING = Decimal(0)


class OrderCost(Struct, frozen=True):
    """What one order had cost us when it was read."""

    told: str
    """What was said of it, as far as money goes: as long as that is the same, nothing has moved."""
    net: Decimal | None
    """What is kept of our money for it; None = nobody can say."""


class AccountReading(Struct, frozen=True):
    """Our account at one moment: the balance, and every order that can still change."""

    balance: Decimal
    orders: dict[str, OrderCost]
    at: int


_AS_KEPT = MappingProxyType({"baseline": "clean", "unobserved": "dark"})
"""The names under which rows of baselines keep them."""


class Account(Struct, frozen=True, kw_only=True, rename=_AS_KEPT):
    """What is kept of an account between two looks. Times in milliseconds since 1970."""

    baseline: AccountReading | None = None
    """The baseline: as it stood when nothing was placing and nothing unsure."""
    last: AccountReading | None = None
    """The newest reading; two that agree count."""
    seen: Decimal | None = None
    """The balance when it was last looked at, by whomever."""
    seen_at: int = 0
    risen: Decimal = _NOTHING
    """How much came in since the baseline, seen from one look to the next."""
    fallen: Decimal = _NOTHING
    """How much went out since, seen likewise."""
    unobserved: tuple[tuple[int, int], ...] = ()
    """From when to when, since the baseline, nobody looked for so long that what came in may have gone unseen."""
    digits: int = 0
    """The most decimals that a balance there has shown."""
    charge_digits: int = 0
    lists: Lists = Lists()
    """What the provider's lists of our orders have shown."""
    listed_at: int = 0
    """When one was last asked for."""
    door: str = ""
    """Which account this is."""


class Glance(Struct, frozen=True, kw_only=True):
    """The balance as it was read at once after an add that had no answer."""

    balance: Decimal
    at: int
    risen: Decimal
    fallen: Decimal
    """What had come in and gone out by then, since the baseline."""
    bought: Decimal = _NOTHING
    """What orders cost that are younger than the baseline and had been answered by then."""


class UnsureAdd(Struct, frozen=True, kw_only=True):
    """An add that may have been taken."""

    attempt: int
    cost: Decimal
    taken: bool = False
    """Known to have been taken, by an earlier verdict."""
    sure_price: bool = True
    """Its provider still asks the price at which it was sent."""
    glance: Glance | None = None
    """None = nobody looked at once."""


class TakenAdds(Struct, frozen=True):
    """These were taken, all others were not."""

    attempts: frozenset[int]


class Void(Struct, frozen=True):
    """Somebody paid in, or took out: the baseline is worth nothing any more."""

    reason: str


class Doubtful(Struct, frozen=True):
    """No verdict."""

    reason: str


BalanceVerdict = TakenAdds | Void | Doubtful


class Sum(Struct, frozen=True):
    """What is missing beside the orders that we know, and how far that may be off."""

    missing: Decimal
    noise: Decimal
    given_back: Decimal
    """What those orders gave back meanwhile, at the least."""


def stand(order: Order, attempt: Attempt, progress: Progress, *, by_remains: bool) -> OrderCost:
    """What a reading says of one order's cost; `by_remains` = charges stay gross, as the JSON dialect has it."""
    charge = charge_of(attempt, progress)
    ended = progress.phase not in (*OPEN_PHASES, Phase.PAUSED)
    told = f"{progress.phase if ended else 'open'}:{charge}"
    if ended:
        told += f":{progress.remains}"
    return OrderCost(told, _net(order, attempt, progress, charge, by_remains=by_remains))


def _net(
    order: Order, attempt: Attempt, progress: Progress, charge: Decimal | None, *, by_remains: bool
) -> Decimal | None:
    if charge is None or progress.phase in (Phase.ERROR, Phase.UNKNOWN):
        return None
    if progress.phase in (*OPEN_PHASES, Phase.PAUSED, Phase.COMPLETED):
        return charge if charge > 0 else None
    gross, kept = attempt.base_charge, _kept(order, attempt, gross=attempt.base_charge)
    if kept is None or kept == gross:
        return None
    if abs(charge - kept) < abs(charge - gross):
        return charge
    return kept if by_remains and kept == kept.quantize(GRAIN) else None


def _kept(order: Order, attempt: Attempt, *, gross: Decimal) -> Decimal | None:
    """What the provider should have kept of a charge, as far as our own settlement knows."""
    if attempt.outcome is Outcome.CALLED_OFF:
        return _NOTHING
    if attempt.outcome is not Outcome.ACCEPTED or not order.state.ended:
        return None
    return gross * (order.quantity - order.undelivered) / order.quantity  # decimals, checked for exactness


def agree(one: AccountReading, other: AccountReading) -> bool:
    """Whether no money moved between two readings."""
    return one.balance == other.balance and one.orders == other.orders


def look(account: Account, balance: Decimal, at: int, *, unobserved_ms: int) -> Account:
    """The account after a look at its balance: what came in is counted, down to the last digit shown.

    After more than `unobserved_ms` without a look a payment may have hidden behind what was bought meanwhile.
    """
    digits = max(account.digits, _digits(balance))
    came_in, went_out, unobserved = _NOTHING, _NOTHING, account.unobserved
    if account.seen is not None:
        came_in = max(_NOTHING, balance - account.seen - _last_digit(digits))
        went_out = max(_NOTHING, account.seen - balance - _last_digit(digits))
        if at - account.seen_at > unobserved_ms:
            unobserved = _with(unobserved, (account.seen_at, at))
    return replace(
        account,
        seen=balance,
        seen_at=at,
        risen=account.risen + came_in,
        fallen=account.fallen + went_out,
        unobserved=unobserved,
        digits=digits,
    )


def _with(unobserved: tuple[tuple[int, int], ...], one: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """The oldest grow together where there are many: longer unobserved is only more in doubt."""
    if len(unobserved) < MOST_UNOBSERVED:
        return (*unobserved, one)
    return ((unobserved[0][0], unobserved[1][1]), *unobserved[2:], one)


def unseen(account: Account, sent: Iterable[tuple[int, int, Decimal]]) -> Decimal:
    """What was bought while nobody looked; `sent` = from when to when each order may have been charged, and what."""
    return sum(
        (
            cost
            for begun, over, cost in sent
            if any(begun <= end and start <= over for start, end in account.unobserved)
        ),
        _NOTHING,
    )


def digits_of(reading: AccountReading) -> int:
    """The most decimals that a charge in this reading shows."""
    return max((_digits(one.net) for one in reading.orders.values() if one.net is not None), default=0)


def add_up(account: Account, reading: AccountReading, bases: dict[str, Decimal]) -> Sum | Doubtful:
    """What is missing since the baseline; `bases` = what each order cost at first."""
    assert account.baseline is not None
    spent, changed, back = _NOTHING, 0, _NOTHING
    for order, now in reading.orders.items():
        before = account.baseline.orders.get(order)
        if before == now or (before is not None and before.told == now.told):
            continue
        if now.net is None or (before is not None and before.net is None):
            return Doubtful(f"nobody can say what order {order} there costs now")
        first = bases.get(order, now.net) if before is None or before.net is None else before.net
        spent += now.net - (_NOTHING if before is None or before.net is None else before.net)
        changed += 1 if before is None else 2
        back += max(_NOTHING, first - now.net)
    noise = _last_digit(account.digits) + changed * _half_digit(account)
    return Sum(account.baseline.balance - reading.balance - spent, noise, back)


def weigh(  # noqa: PLR0911  # every doubt has words of its own
    account: Account, total: Sum, candidates: Sequence[UnsureAdd], *, unobserved: Decimal = _NOTHING
) -> BalanceVerdict:
    """Which of the candidates were taken: those whose costs, and no others', are what is missing.

    `unobserved` = what was bought while nobody looked. A payment may hide behind it, and behind what came back unseen.
    """
    if total.missing < -total.noise:
        return Void(f"{_plain(-total.missing)} more are there than should be: somebody paid in")
    if account.risen > total.given_back + total.noise:
        return Doubtful(f"{_plain(account.risen)} came in, {_plain(total.given_back)} of it from orders")
    if len(candidates) > MOST_CANDIDATES:
        return Doubtful(f"{len(candidates)} adds are unsure at once")
    fitting = [some for some in _choices(candidates) if _fits(account, total, some)]
    if len(fitting) != 1:
        return Doubtful(f"{_plain(total.missing)} are missing: {len(fitting)} explanations")
    hidden = unobserved + max(_NOTHING, total.given_back - account.risen)
    if any(_may_hide(account, total, some, hidden) for some in _choices(candidates) if some != fitting[0]):
        return Doubtful(f"a payment of {_plain(hidden)} or less may have come in unseen")
    if _is_chance(total, candidates, fitting[0]):
        return Doubtful("the balance is shown too coarsely to tell so many apart")
    if fitting[0] and not all(one.sure_price for one in candidates):
        return Doubtful("a price has changed, or its catalogue is older than the order")
    return TakenAdds(frozenset(one.attempt for one in fitting[0]))


def unproven(account: Account, total: Sum, candidates: Sequence[UnsureAdd], verdict: TakenAdds) -> dict[int, str]:
    """Which of the adds that were not taken are called so by the sum alone, and why that is only a suggestion.

    One credit of just what an add cost turns the sum round. It cannot where a look at once after the add still found
    all the money there, and the balance has not moved both ways since.
    """
    assert account.baseline is not None
    found = dict[int, str]()
    for one in candidates:
        if one.attempt not in verdict.attempts:
            earlier = [
                other for other in candidates if other.attempt in verdict.attempts and other.attempt < one.attempt
            ]
            doubt = _doubt(account, account.baseline, total, one.glance, earlier)
            if doubt is not None:
                found[one.attempt] = doubt
    return found


def _doubt(
    account: Account, baseline: AccountReading, total: Sum, glance: Glance | None, earlier: Sequence[UnsureAdd]
) -> str | None:
    if glance is None:
        return "the balance was not read at once after it"
    cost, noise = _cost(account, total, earlier)
    gone = baseline.balance - glance.balance - glance.bought - cost
    if gone > noise:
        return f"{_plain(gone)} were gone when the balance was read at once after it"
    if account.risen > glance.risen and account.fallen > glance.fallen:
        return "the balance has moved both ways since"
    return None


def _choices(candidates: Sequence[UnsureAdd]) -> Iterable[tuple[UnsureAdd, ...]]:
    taken = tuple(one for one in candidates if one.taken)
    open_ones = [one for one in candidates if not one.taken]
    for size in range(len(open_ones) + 1):
        for some in combinations(open_ones, size):
            yield (*taken, *some)


def _fits(account: Account, total: Sum, some: Sequence[UnsureAdd]) -> bool:
    cost, noise = _cost(account, total, some)
    return abs(total.missing - cost) <= noise


def _may_hide(account: Account, total: Sum, some: Sequence[UnsureAdd], hidden: Decimal) -> bool:
    """Whether these were taken, too, if something came in that nobody saw."""
    cost, noise = _cost(account, total, some)
    return noise < cost - total.missing <= hidden + noise


def _cost(account: Account, total: Sum, some: Sequence[UnsureAdd]) -> tuple[Decimal, Decimal]:
    """What they cost, and how far that and the sum may be off."""
    cost = sum((one.cost for one in some), _NOTHING)
    return cost, total.noise + len(some) * (_half_digit(account) + GRAIN) + cost * COST_NOISE


def _is_chance(total: Sum, candidates: Sequence[UnsureAdd], some: Sequence[UnsureAdd]) -> bool:
    """Whether a sum would fit some of them easily, though it came about otherwise (an order that was cut short)."""
    if len(some) in (0, len(candidates)):
        return False
    costs = [one.cost for one in candidates]
    return 2 ** len(costs) * total.noise * COARSE > sum(costs, _NOTHING) or min(costs) < SMALL * total.noise


def _half_digit(account: Account) -> Decimal:
    """How far one charge may be off; where no charge was seen it has as many digits as the balance."""
    return _last_digit(account.charge_digits or account.digits) / 2  # decimals, never floats


def _last_digit(digits: int) -> Decimal:
    return Decimal(1).scaleb(-digits)


def _digits(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
