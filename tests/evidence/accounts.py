"""An account at a provider that buys, loses answers, gets refunds and is topped up, and what its balance says."""

from __future__ import annotations

import random
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from msgspec.structs import replace

from aggregator.orders.unsure import evidence
from aggregator.orders.unsure.evidence import (
    Account,
    AccountReading,
    BalanceVerdict,
    Doubtful,
    OrderCost,
    TakenAdds,
    UnsureAdd,
)

ZERO = Decimal(0)


class Bank:
    """The provider's side: the true balance, what each order is charged, and how both are shown."""

    def __init__(self, dice: random.Random, *, decimals: int) -> None:
        self.dice = dice
        self.decimals = decimals
        self.rounding = dice.choice([ROUND_DOWN, ROUND_HALF_UP])
        self.balance = Decimal(dice.randrange(10_000, 100_000)) / 100
        self.known: dict[str, Decimal] = {}
        self.first: dict[str, Decimal] = {}
        self.hidden: dict[int, Decimal] = {}

    def price(self) -> Decimal:
        """Of an order: a panel's rate times some round quantity."""
        rate = Decimal(self.dice.randrange(5, 400)) / 100
        return rate * self.dice.randrange(1, 60) / 10

    def buy(self, cost: Decimal) -> None:
        name = str(len(self.first) + 1)
        self.known[name] = self.first[name] = cost
        self.balance -= cost

    def lose(self, attempt: int, cost: Decimal, *, taken: bool) -> None:
        """An add whose answer never comes."""
        if taken:
            self.hidden[attempt] = cost
            self.balance -= cost

    def refund(self) -> None:
        """A running order ends below its quantity."""
        if self.known:
            name = self.dice.choice(list(self.known))
            back = self.known[name] * self.dice.randrange(1, 11) / 10
            self.known[name] -= back
            self.balance += back

    def refund_unseen(self) -> None:
        """An order whose answer was lost ends below its quantity, too."""
        if self.hidden:
            attempt = self.dice.choice(list(self.hidden))
            back = self.hidden[attempt] * self.dice.randrange(1, 11) / 10
            self.hidden[attempt] -= back
            self.balance += back

    def read(self, at: int) -> AccountReading:
        orders = {name: OrderCost(str(charge), self._show(charge, 5)) for name, charge in self.known.items()}
        return AccountReading(self.shown, orders, at)

    @property
    def shown(self) -> Decimal:
        return self._show(self.balance, self.decimals)

    def _show(self, amount: Decimal, decimals: int) -> Decimal:
        return amount.quantize(Decimal(1).scaleb(-decimals), self.rounding)


def play(
    dice: random.Random, *, decimals: int, unsure: int, missed: float
) -> tuple[frozenset[int], BalanceVerdict]:  # a share, not money
    """One round: which of the unsure adds were really taken, and what the evidence says."""
    bank = Bank(dice, decimals=decimals)
    for _ in range(dice.randrange(4)):
        bank.buy(bank.price())
    baseline = bank.read(0)
    account = replace(
        evidence.look(Account(), baseline.balance, 0, unobserved_ms=1), baseline=baseline, charge_digits=5
    )
    costs = {attempt: bank.price() for attempt in range(unsure)}
    others = dice.choices(["refund", "buy", "top up", "refund unseen"], weights=[5, 5, 1, 1], k=dice.randrange(4))
    deeds: list[str | int] = [*costs, *others]
    dice.shuffle(deeds)
    sent: list[tuple[int, int, Decimal]] = []
    for moment, deed in enumerate(deeds, 1):
        if isinstance(deed, int):
            sent.append((moment, moment, costs[deed]))
            bank.lose(deed, costs[deed], taken=dice.random() < 0.5)
        elif deed == "refund":
            bank.refund()
        elif deed == "buy":
            price = bank.price()
            sent.append((moment, moment, price))
            bank.buy(price)
        elif deed == "refund unseen":
            bank.refund_unseen()
        else:
            bank.balance += dice.choice([5, 10, 20, 25, 50, 100])
        if dice.random() >= missed:
            account = evidence.look(account, bank.shown, moment, unobserved_ms=1)
    account = evidence.look(account, bank.shown, len(deeds), unobserved_ms=1)
    candidates = [UnsureAdd(attempt=attempt, cost=cost) for attempt, cost in costs.items()]
    total = evidence.add_up(account, bank.read(len(deeds)), bank.first)
    unobserved = evidence.unseen(account, sent)
    verdict = (
        total if isinstance(total, Doubtful) else evidence.weigh(account, total, candidates, unobserved=unobserved)
    )
    return frozenset(attempt for attempt, kept in bank.hidden.items() if kept), verdict


def tally(
    seed: int, rounds: int, *, decimals: int, unsure: int, missed: float = 0.0
) -> tuple[int, int]:  # a share, not money
    """How many verdicts were given, and how many of them were wrong; `missed` = the share of looks that fail."""
    dice = random.Random(seed)
    given = wrong = 0
    for _ in range(rounds):
        truth, verdict = play(dice, decimals=decimals, unsure=unsure, missed=missed)
        if isinstance(verdict, TakenAdds):
            given += 1
            wrong += verdict.attempts != truth
    return given, wrong
