"""Reading an account at a provider: when a baseline is taken, when it is lost, and what makes a reading worthless."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aggregator.orders.state import Outcome
from aggregator.orders.unsure import evidence_store, resolve
from aggregator.orders.unsure.accounting import MOST_READ_SINGLY, Accountant, Weighed
from aggregator.orders.unsure.evidence import Account, AccountReading, Doubtful, OrderCost, TakenAdds, Void
from aggregator.storage import clock, tables
from providers.adapter import Adapter
from providers.vocabulary import Capability
from tests.builders import accept_order, begin_attempt
from tests.evidence.inquiries import Inquiry, attempts_of, inquiry
from tests.orders.panels import poll

DARK_MS = 10_000


@pytest.fixture
async def case(tmp_path: Path, panel_database: str) -> AsyncIterator[Inquiry]:
    """A panel with one order that runs and that the poller has seen."""
    async with inquiry(tmp_path, panel_database, offers={}) as one:
        await one.order()
        await one.panel.syncer.sync("alpha")
        await poll(one.panel)
        yield one


async def renew(case: Inquiry, account: Account) -> Account:
    adapter, settings = case.panel.upstreams.adapter("alpha"), case.panel.upstreams.settings("alpha")
    assert adapter is not None
    assert settings is not None
    return await Accountant(DARK_MS).renew(adapter, settings, account)


async def weigh(
    case: Inquiry, account: Account, *, settled_at: int = 0, taken: frozenset[int] = frozenset()
) -> Weighed:
    adapter, settings = case.panel.upstreams.adapter("alpha"), case.panel.upstreams.settings("alpha")
    assert adapter is not None
    assert settings is not None
    return await Accountant(DARK_MS).weigh(adapter, settings, account, settled_at=settled_at, taken=taken)


async def baseline(case: Inquiry) -> Account:
    """Two readings that agree."""
    account = await renew(case, await renew(case, Account()))
    assert account.baseline is not None
    return account


async def test_two_readings_that_agree_are_a_baseline(case: Inquiry) -> None:
    """What came in before, and when nobody looked, is forgotten with the old one."""
    before = Account(risen=Decimal(5), unobserved=((1, 2),))
    once = await renew(case, before)
    assert once.baseline is None
    assert once.last is not None
    assert (once.last.balance, once.seen, once.risen) == (Decimal("997.6"), Decimal("997.6"), Decimal(5))
    assert once.last.orders == {"1000": OrderCost("completed:2.4:0", Decimal("2.4"))}

    twice = await renew(case, once)

    assert twice.baseline is not None
    assert (twice.baseline.balance, twice.baseline.orders) == (once.last.balance, once.last.orders)
    assert twice.baseline.at >= once.last.at
    assert (twice.last, twice.risen, twice.unobserved) == (None, Decimal(0), ())
    assert (twice.digits, twice.charge_digits) == (1, 1)


async def test_two_readings_that_differ_are_none(case: Inquiry) -> None:
    once = await renew(case, Account())
    case.alpha.set_balance("500")
    again = await renew(case, once)
    assert again.baseline is None
    assert again.last is not None
    assert again.last.balance == Decimal(500)


async def test_no_baseline_is_taken_while_something_is_placing(case: Inquiry) -> None:
    account = await baseline(case)
    await begin_attempt(await accept_order(case.ann))
    assert await renew(case, account) is account


async def test_no_baseline_is_taken_while_something_is_unsure(case: Inquiry) -> None:
    account = await baseline(case)
    await case.order("lost")
    assert await renew(case, account) is account


async def test_no_baseline_is_taken_over_an_order_that_the_poller_has_not_seen(case: Inquiry) -> None:
    account = await baseline(case)
    await case.order(quantity=500)
    assert await renew(case, account) is account
    await poll(case.panel)
    assert await renew(case, account) is not account


@pytest.mark.parametrize("mode", ["down", "html"])
async def test_what_cannot_be_read_changes_nothing(case: Inquiry, mode: str) -> None:
    account = await baseline(case)
    case.alpha.set_mode(mode)
    assert await renew(case, account) is account
    assert await weigh(case, account) == Weighed(account)


async def test_without_a_baseline_nothing_is_weighed(case: Inquiry) -> None:
    assert await weigh(case, Account()) == Weighed(Account())


async def test_one_reading_after_everything_settled_is_not_enough(case: Inquiry) -> None:
    """The second must agree, and the first be no older than the moment when the adds had settled."""
    account = await baseline(case)
    await case.order("lostno", quantity=700)
    settled_at = clock.now()

    first = await weigh(case, account, settled_at=settled_at)
    assert (first.verdict, first.total) == (None, None)
    assert first.account.last is not None
    assert first.account.baseline == account.baseline
    early = await weigh(case, first.account, settled_at=first.account.last.at + 1)
    assert early.verdict is None

    second = await weigh(case, first.account, settled_at=first.account.last.at)

    assert second.verdict == TakenAdds(frozenset())
    assert second.total is not None
    assert (second.total.missing, second.total.given_back) == (Decimal(0), Decimal(0))
    assert second.account.baseline == account.baseline


async def test_a_reading_that_differs_from_the_last_gives_no_verdict(case: Inquiry) -> None:
    account = await baseline(case)
    order = await case.order("lost", quantity=700)
    first = await weigh(case, account)
    case.alpha.set_balance("980")
    second = await weigh(case, first.account)
    assert second.verdict is None
    case.alpha.set_balance(str(Decimal("997.6") - Decimal("1.68")))
    third = await weigh(case, (await weigh(case, second.account)).account)
    attempt = (await attempts_of(order))[0]
    assert isinstance(third.verdict, Doubtful), "money came in meanwhile: 15.92 of it"
    assert attempt.outcome == Outcome.UNSURE


async def test_what_an_earlier_verdict_called_taken_stays_reckoned_in(case: Inquiry) -> None:
    account = await baseline(case)
    order = await case.order("lost", quantity=700)
    await case.panel.syncer.sync("alpha")
    attempt = (await attempts_of(order))[0].id
    once = (await weigh(case, account)).account
    assert (await weigh(case, once)).verdict == TakenAdds(frozenset({attempt}))
    case.alpha.set_balance("997.6")
    once = (await weigh(case, replace(account, seen=None))).account
    known = await weigh(case, once, taken=frozenset({attempt}))
    assert isinstance(known.verdict, Doubtful), "all is there again, and yet it was taken"


async def test_a_price_that_the_catalogue_has_not_confirmed_since_is_not_believed(case: Inquiry) -> None:
    """It is asked for at once, unless the last sync went wrong: then its own pace holds."""
    account = await baseline(case)
    await case.order("lost", quantity=700)
    once = (await weigh(case, account)).account
    due: dict[Any, Any] = {tables.Provider.sync_due_at: clock.now() + DARK_MS, tables.Provider.sync_error: "HTTP 500"}
    await tables.Provider.update(due).where(tables.Provider.name == "alpha")
    assert isinstance((await weigh(case, once)).verdict, Doubtful)
    assert (await tables.Provider.select(tables.Provider.sync_due_at))[0]["sync_due_at"] > 0

    await tables.Provider.update({tables.Provider.sync_error: None}).where(tables.Provider.name == "alpha")
    doubtful = await weigh(case, once)

    assert doubtful.verdict == Doubtful("a price has changed, or its catalogue is older than the order")
    assert (await tables.Provider.select(tables.Provider.sync_due_at))[0]["sync_due_at"] == 0
    await case.panel.syncer.sync("alpha")
    assert isinstance((await weigh(case, once)).verdict, TakenAdds)


async def test_an_unsure_add_from_before_the_baseline_ends_it(case: Inquiry) -> None:
    """Its cost may be in the balance already; a new baseline is taken once nothing is in doubt."""
    account = await baseline(case)
    assert account.baseline is not None
    await case.order("lost", quantity=700)
    later = replace(
        account, baseline=AccountReading(account.baseline.balance, account.baseline.orders, clock.now() + 1)
    )

    weighed = await weigh(case, later)

    assert weighed.verdict == Void("the baseline is younger than an unsure add")
    assert (weighed.account.baseline, weighed.account.last, weighed.total) == (None, None, None)
    assert weighed.account.seen is not None


async def test_more_money_than_there_should_be_ends_the_baseline(case: Inquiry) -> None:
    account = await baseline(case)
    await case.order("lostno", quantity=700)
    case.alpha.set_balance("1500")
    once = (await weigh(case, account)).account

    weighed = await weigh(case, once)

    assert weighed.verdict == Void("502.4 more are there than should be: somebody paid in")
    assert (weighed.account.baseline, weighed.account.last) == (None, None)
    assert weighed.total is not None


async def test_what_evidence_called_absent_is_no_candidate(case: Inquiry) -> None:
    """What an owner gave up without any look may still have been taken."""
    account = await baseline(case)
    first = await case.order("lostno", quantity=700)
    attempt = (await attempts_of(first))[0]
    over: dict[Any, Any] = {tables.Attempt.deadline_at: attempt.created_at}
    await tables.Attempt.update(over).where(tables.Attempt.id == attempt.id)
    await resolve.absent(first.id, actor="owner", reason="not there", settle_ms=0)
    case.alpha.set_balance(str(Decimal("997.6") - Decimal(attempt.cost_theirs)))
    await case.panel.syncer.sync("alpha")
    once = (await weigh(case, account)).account
    assert (await weigh(case, once)).verdict == TakenAdds(frozenset({attempt.id}))

    await evidence_store.note(attempt.id, evidence_store.Rule.LIST, evidence_store.Seen.ABSENT, {})

    assert isinstance((await weigh(case, once)).verdict, Doubtful)


async def test_bought_in_the_dark_a_payment_may_hide_it(case: Inquiry) -> None:
    """Nobody looked between the order and now, for longer than a look may be missed."""
    account = await baseline(case)
    await case.order("lostno", quantity=700)
    once = (await weigh(case, replace(account, unobserved=((0, clock.now()),)))).account
    weighed = await weigh(case, once)
    assert weighed.verdict == Doubtful("a payment of 1.68 or less may have come in unseen")
    assert weighed.account.baseline == account.baseline
    assert weighed.total is not None


async def test_an_order_that_nobody_can_price_leaves_everything_as_it_was(case: Inquiry) -> None:
    account = await baseline(case)
    assert account.baseline is not None
    await case.order("lostno", quantity=700)
    unpriced = {order: OrderCost("open:9", None) for order in account.baseline.orders}
    changed = replace(account, baseline=AccountReading(account.baseline.balance, unpriced, account.baseline.at))
    once = (await weigh(case, changed)).account
    weighed = await weigh(case, once)
    assert weighed.verdict == Doubtful("nobody can say what order 1000 there costs now")
    assert (weighed.account.baseline, weighed.total) == (changed.baseline, None)


class Hurried:
    """A provider's adapter, while whose statuses are read something else happens."""

    def __init__(self, adapter: Adapter, meanwhile: Callable[[], Awaitable[object]], *, batches: bool = True) -> None:
        self._adapter = adapter
        self._meanwhile = meanwhile
        self.capabilities = adapter.capabilities if batches else frozenset[Capability]()
        self.balance = adapter.balance

    async def statuses(self, orders: list[str]) -> object:
        told = await self._adapter.statuses(orders)
        await self._meanwhile()
        return told


async def renew_while(case: Inquiry, account: Account, meanwhile: Callable[[], Awaitable[object]]) -> Account:
    adapter, settings = case.panel.upstreams.adapter("alpha"), case.panel.upstreams.settings("alpha")
    assert adapter is not None
    assert settings is not None
    hurried: Any = Hurried(adapter, meanwhile)
    return await Accountant(DARK_MS).renew(hurried, settings, account)


async def test_a_reading_during_which_something_moved_is_none(case: Inquiry) -> None:
    """Money, or an order that was bought or sent out meanwhile."""
    account = await baseline(case)

    async def pay() -> None:
        case.alpha.set_balance("5")

    async def nothing() -> None:
        pass

    assert await renew_while(case, account, nothing) is not account
    assert await renew_while(case, account, pay) is account
    assert await renew_while(case, account, partial(case.order, quantity=500)) is account


async def test_where_orders_are_asked_for_one_by_one_few_are_read(case: Inquiry) -> None:
    settings, adapter = case.panel.upstreams.settings("alpha"), case.panel.upstreams.adapter("alpha")
    assert adapter is not None
    assert settings is not None

    async def nothing() -> None:
        pass

    for number in range(MOST_READ_SINGLY):
        await case.order(quantity=500 + number)
    await poll(case.panel)
    slow: Any = Hurried(adapter, nothing, batches=False)
    assert (await Accountant(DARK_MS).renew(slow, settings, Account())).last is None
    assert (await Accountant(DARK_MS).renew(adapter, settings, Account())).last is not None
