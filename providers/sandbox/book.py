"""The sandbox's orders and its customer's money: what is charged and given back always adds up."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from providers.sandbox import refusals
from providers.sandbox.amounts import EXACT, read_count
from providers.sandbox.catalogue import Service
from providers.sandbox.life import Life, Reading
from providers.sandbox.tricks import HONEST, Tricks, revived, twist
from providers.vocabulary import Phase


class Aging(Struct, kw_only=True):
    """Something that grows older with time, or with being asked for where time stands still."""

    born: float  # seconds on the book's clock, not money
    asked: int = 0
    """How many status calls there were."""


class Order(Aging, kw_only=True):
    """An order that was taken; `price` is what is charged for one unit, `charge` what is kept of all now."""

    id: int
    service: Service
    link: str
    units: int
    price: Decimal
    life: Life
    tricks: Tricks = HONEST
    runs: int = 1
    """Of a drip-feed; the posts of a subscription."""
    charge: Decimal = Decimal(0)
    forced: Reading | None = None
    cancels: int = 0
    """How many cancels named it."""

    @property
    def gross(self) -> Decimal:
        """What was charged when the order was taken."""
        return EXACT.multiply(self.price, Decimal(self.units))

    def stated(self, amount: Decimal, reading: Reading) -> Decimal:
        """What a status says of an amount that was charged for it."""
        if self.tricks.keeps and reading.phase is Phase.CANCELLED:
            return Decimal(0)
        return amount if self.tricks.states else EXACT.divide(amount, self.tricks.times)


class Refill(Aging, kw_only=True):
    """A refill that was asked for."""

    id: int
    order: Order


class Book:
    """Takes orders, lets them live, and moves the money that follows from how they stand."""

    def __init__(
        self,
        *,
        balance: Decimal,
        speed: float,  # seconds of a lifetime, not money
        id_from: int,
        cancel_pays_all: bool,
        clock: Callable[[], float],
        debits_late: float = 0,  # seconds, not money
    ) -> None:
        self.balance = balance
        self.speed = speed
        self.orders: dict[int, Order] = {}
        """By their ids; of two with one id the later one."""
        self.taken: list[Order] = []
        """All, as they came."""
        self.refills: dict[int, Refill] = {}
        self.next_id = id_from
        self._cancel_pays_all = cancel_pays_all
        self._clock = clock
        self._debits_late = debits_late
        self._alive: dict[int, Order] = {}
        """By their places in `taken`."""

    def take(
        self, service: Service, link: str, units: int, life: Life, *, tricks: Tricks = HONEST, runs: int = 1
    ) -> Order:
        """Accept an order and charge it; raises `Refusal` for lack of funds."""
        listed = service.rate if service.is_package else service.rate.scaleb(-3, EXACT)
        order = Order(
            id=self.next_id,
            service=service,
            link=link,
            units=units,
            price=EXACT.multiply(listed, tricks.times),
            life=twist(life, tricks, units=units, runs=runs),
            tricks=tricks,
            runs=runs,
            born=self._clock(),
        )
        self._afford(order.gross)
        self.next_id += 1
        self._alive[len(self.taken)] = self.orders[order.id] = order
        self.taken.append(order)
        self._keep(order, order.gross)
        return order

    def find(self, order: str) -> Order:
        """The order with this id; raises `Refusal` when there is none."""
        found = self.orders.get(read_count(order) or 0)
        if found is None:
            raise refusals.no_such_order()
        return found

    def ask(self, order: Order) -> Reading:
        """How an order stands, for a customer who asks: counts as a status call."""
        order.asked += 1
        return self.look(order)

    def look(self, order: Order) -> Reading:
        """How an order stands; money that is due by now has moved."""
        reading = order.forced or order.life.read(order.units, self._age(order))
        kept = order.units - self._undelivered(order, reading)
        self._keep(order, EXACT.multiply(order.price, Decimal(kept)))
        return self._counted(order, reading)

    def settle(self) -> None:
        """Let everything that is due by now move."""
        for place, order in list(self._alive.items()):
            self.look(order)
            if order.forced or order.life.is_over(self._age(order)):
                del self._alive[place]

    def force(self, order: Order, reading: Reading) -> None:
        """Let an order stand so from now on, whatever its life would have been."""
        order.forced = reading
        self.look(order)

    def _counted(self, order: Order, reading: Reading) -> Reading:
        """With the runs, or posts, that a panel that plays a trick with them counts."""
        tricks = order.tricks
        if tricks.runs is not None and order.runs > 1:
            return replace(reading, runs=(order.units - reading.remains) * order.runs // order.units)
        if tricks.more_posts and order.service.kind == "subscription":
            served = order.runs + tricks.more_posts if reading.phase is Phase.COMPLETED else 0
            return replace(reading, posts=served)
        return reading

    def call_off(self, order: Order) -> None:
        """Cancel what is not delivered yet; raises `Refusal` when it is too late or not offered."""
        if not order.service.cancel:
            raise refusals.cancel_disabled()
        now = self.look(order)
        if now.phase in (Phase.COMPLETED, Phase.PARTIAL, Phase.CANCELLED):
            raise refusals.cannot_cancel()
        begun = now.remains < order.units
        end = Reading(Phase.PARTIAL if begun else Phase.CANCELLED, now.remains)
        if order.tricks.revives and not begun:
            self._end_for_now(order)
        else:
            self.force(order, end)

    def _end_for_now(self, order: Order) -> None:
        """Cancelled from this moment on, and delivered a lifetime later."""
        order.life = revived(Life(endings=((Phase.CANCELLED, None),)))
        order.born, order.asked = self._clock() - self.speed, 1
        self.look(order)

    def refill(self, order: Order) -> Refill:
        """Begin a refill; raises `Refusal` when it is not offered, too early, or one is running."""
        if not order.service.refill:
            raise refusals.refill_disabled()
        if self.look(order).phase is not Phase.COMPLETED:
            raise refusals.not_completed()
        if any(refill.order is order and self._age(refill) < 1 for refill in self.refills.values()):
            raise refusals.refill_running()
        refill = Refill(id=len(self.refills) + 1, order=order, born=self._clock())
        self.refills[refill.id] = refill
        return refill

    def ask_refill(self, refill: str) -> Phase:
        """How a refill stands; raises `Refusal` when there is none with this id."""
        found = self.refills.get(read_count(refill) or 0)
        if found is None:
            raise refusals.no_such_refill()
        found.asked += 1
        return Life().read(2, self._age(found)).phase

    def charges(self) -> Decimal:
        """What is kept of all orders together."""
        total = Decimal(0)
        for order in self.taken:
            total = EXACT.add(total, order.charge)
        return total

    def shown(self) -> Decimal:
        """The balance as the customer is told it: what was charged lately may not have reached it yet."""
        total = self.balance
        for order in self.taken:
            if self._clock() - order.born < self._debits_late:
                total = EXACT.add(total, order.charge)
        return total

    def _afford(self, charge: Decimal) -> None:
        if charge > self.balance:
            self.settle()
        if charge > self.balance:
            raise refusals.no_funds()

    def _keep(self, order: Order, charge: Decimal) -> None:
        self.balance = EXACT.add(self.balance, EXACT.subtract(order.charge, charge))
        order.charge = charge

    def _undelivered(self, order: Order, reading: Reading) -> int:
        if reading.phase is Phase.CANCELLED and order.tricks.keeps:
            return 0
        by_runs = order.tricks.runs is not None and order.runs > 1
        if reading.phase is Phase.CANCELLED and not by_runs and (self._cancel_pays_all or reading.remains <= 0):
            return order.units
        if reading.phase in (Phase.PARTIAL, Phase.CANCELLED):
            return max(0, min(reading.remains, order.units))
        return 0

    def _age(self, thing: Aging) -> float:
        """In lifetimes. Where a lifetime takes no time, the first question finds the end, the third what comes late."""
        if self.speed > 0:
            return (self._clock() - thing.born) / self.speed
        return 1 + (thing.asked - 1) / 2 if thing.asked else 0
