"""An order is accepted with its charge, or not at all: exact balances, whoever comes at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from aggregator.failpoints import VARIABLE, Failpoints, read_failpoints
from aggregator.ledger import book
from aggregator.orders.intake import accept_store
from aggregator.orders.intake.accept_store import Accepted, Repeated, TooPoor
from aggregator.orders.state import OrderState
from aggregator.storage import tables
from aggregator.storage.transaction import intercept_writes
from pricing.money import SCALE
from tests.builders import accept_order, make_reseller, moves_of, new_order, order_now

pytestmark = pytest.mark.usefixtures("panel_database")


async def orders_of(reseller: int) -> list[int]:
    rows = await tables.Order.select(tables.Order.id).where(tables.Order.reseller == reseller)
    return [row["id"] for row in rows]


async def test_an_accepted_order_is_paid_into_escrow() -> None:
    ann = await make_reseller(funds=10 * SCALE)
    order = await accept_order(ann)
    assert (order.state, order.charge, order.remains) == (OrderState.QUEUED, 3 * SCALE, 1000)
    assert await book.balance(ann.id) == 7 * SCALE
    expected = (f"wallet:{ann.id}", "escrow", 3 * SCALE, f"order:{order.id}:charge")
    assert await moves_of(order.id) == [expected]


async def test_a_wallet_can_be_spent_to_the_last_digit() -> None:
    ann = await make_reseller(funds=3 * SCALE)
    await accept_order(ann)
    assert await book.balance(ann.id) == 0


async def test_one_digit_too_little_buys_nothing_and_leaves_nothing() -> None:
    ann = await make_reseller(funds=3 * SCALE - 1)
    assert await accept_store.accept([new_order(ann.id)]) == [TooPoor()]
    assert await book.balance(ann.id) == 3 * SCALE - 1
    assert await orders_of(ann.id) == []


async def test_the_smallest_charge_is_taken() -> None:
    ann = await make_reseller(funds=1)
    order = await accept_order(ann, quantity=1, rate=1000, charge=1)
    assert await moves_of(order.id) == [(f"wallet:{ann.id}", "escrow", 1, f"order:{order.id}:charge")]


async def test_an_order_without_a_price_is_impossible() -> None:
    ann = await make_reseller()
    (verdict,) = await accept_store.accept([new_order(ann.id, rate=0, charge=0)])
    assert isinstance(verdict, Exception)
    assert "check" in str(verdict).lower()
    assert await orders_of(ann.id) == []


async def test_funds_for_ten_buy_ten_of_fifty_that_come_at_once() -> None:
    ann = await make_reseller(funds=10 * 3 * SCALE + 5)
    verdicts = await asyncio.gather(*(accept_store.accept([new_order(ann.id)]) for _ in range(50)))
    kinds = [type(verdict) for (verdict,) in verdicts]
    assert (kinds.count(Accepted), kinds.count(TooPoor)) == (10, 40)
    assert await book.balance(ann.id) == 5
    assert len(await orders_of(ann.id)) == 10


async def test_a_batch_gives_each_its_own_verdict() -> None:
    ann = await make_reseller(funds=4 * SCALE)
    verdicts = await accept_store.accept(
        [new_order(ann.id), new_order(ann.id), new_order(ann.id, charge=SCALE, rate=SCALE)]
    )
    assert [type(verdict) for verdict in verdicts] == [Accepted, TooPoor, Accepted]
    assert await book.balance(ann.id) == 0


async def test_the_poor_of_a_batch_are_no_harm_to_the_rich() -> None:
    """Nor one of a wallet's own orders to the others: each is judged in its turn."""
    ann, bob = await make_reseller("ann", funds=100 * SCALE), await make_reseller("bob", funds=7 * SCALE)
    batch = [new_order(ann.id), new_order(bob.id), new_order(bob.id), new_order(bob.id), new_order(ann.id)]
    batch.append(new_order(bob.id, charge=SCALE, rate=SCALE))
    kinds = [type(verdict) for verdict in await accept_store.accept(batch)]
    assert kinds == [Accepted, Accepted, Accepted, TooPoor, Accepted, Accepted]
    assert await book.balances([bob.id, ann.id]) == [0, 94 * SCALE]
    assert [row.balance for row in reversed(await book.statement(bob.id))] == [7 * SCALE, 4 * SCALE, SCALE, 0]


async def test_one_impossible_order_fails_alone() -> None:
    """What the database refuses for one is refused for that one; the others are accepted in the same moment."""
    ann = await make_reseller()
    batch = [new_order(ann.id) for _ in range(7)]
    batch[3] = new_order(ann.id, quantity=0)
    kinds = [isinstance(verdict, Accepted) for verdict in await accept_store.accept(batch)]
    assert kinds == [True, True, True, False, True, True, True]
    assert await book.balance(ann.id) == (1000 - 6 * 3) * SCALE


async def test_a_repeat_among_others_is_told_and_the_others_are_accepted() -> None:
    ann = await make_reseller()
    first = await accept_order(ann, request_id="r-1", payload="a")
    batch = [new_order(ann.id), new_order(ann.id, request_id="r-1", payload="a"), new_order(ann.id)]
    one, again, other = await accept_store.accept(batch)
    assert again == Repeated(first.id, same_payload=True)
    assert isinstance(one, Accepted)
    assert isinstance(other, Accepted)
    assert await book.balance(ann.id) == 991 * SCALE


async def test_two_of_one_batch_with_the_same_request_id_are_one_order() -> None:
    ann = await make_reseller()
    batch = [new_order(ann.id, request_id="r-1", payload=payload) for payload in ("a", "a", "b")]
    first, *others = await accept_store.accept(batch)
    assert isinstance(first, Accepted)
    assert others == [Repeated(first.order, same_payload=True), Repeated(first.order, same_payload=False)]


async def test_a_request_id_refused_earlier_in_its_batch_may_still_buy() -> None:
    ann = await make_reseller(funds=SCALE)
    batch = [new_order(ann.id, request_id="r"), new_order(ann.id, request_id="r", charge=SCALE, rate=SCALE)]
    assert [type(verdict) for verdict in await accept_store.accept(batch)] == [TooPoor, Accepted]


@pytest.fixture
def lost() -> Iterator[Callable[..., None]]:
    """Lose the confirmation of the next commit, or the commit itself."""

    def lose(*, committed: bool) -> None:
        passage = "after-commit" if committed else "before-commit"
        armed = read_failpoints({VARIABLE: f"accept_store.commit.{passage}:1:raise"})
        intercept_writes(armed.transaction)

    yield lose
    intercept_writes(Failpoints().transaction)


@pytest.mark.parametrize("committed", [True, False])
async def test_orders_whose_confirmation_is_lost_are_looked_up_and_charged_once(
    lost: Callable[..., None], *, committed: bool
) -> None:
    """Whether the commit had come through or not."""
    ann, bob = await make_reseller("ann"), await make_reseller("bob", funds=SCALE)
    lost(committed=committed)
    one, poor, other = await accept_store.accept([new_order(ann.id), new_order(bob.id), new_order(ann.id)])
    assert poor == TooPoor()
    assert isinstance(one, Accepted)
    assert isinstance(other, Accepted)
    assert await orders_of(ann.id) == [one.order, other.order]
    assert await book.balance(ann.id) == 994 * SCALE


async def test_a_request_id_stands_for_its_first_order() -> None:
    ann = await make_reseller()
    first = await accept_order(ann, request_id="r-1", payload="a")
    again = await accept_store.accept([new_order(ann.id, request_id="r-1", payload="a")])
    assert again == [Repeated(first.id, same_payload=True)]
    assert await book.balance(ann.id) == 997 * SCALE


async def test_a_request_id_with_another_payload_is_told_apart() -> None:
    ann = await make_reseller()
    first = await accept_order(ann, request_id="r-1", payload="a")
    other = await accept_store.accept([new_order(ann.id, request_id="r-1", payload="b")])
    assert other == [Repeated(first.id, same_payload=False)]
    assert await orders_of(ann.id) == [first.id]


async def test_two_resellers_may_use_the_same_request_id() -> None:
    ann, bob = await make_reseller("ann"), await make_reseller("bob")
    first = await accept_order(ann, request_id="r-1", payload="a")
    second = await accept_order(bob, request_id="r-1", payload="a")
    assert first.id != second.id


async def test_a_refused_order_does_not_use_its_request_id_up() -> None:
    ann = await make_reseller(funds=SCALE)
    assert await accept_store.accept([new_order(ann.id, request_id="r-1")]) == [TooPoor()]
    await accept_order(ann, request_id="r-1", charge=SCALE, rate=SCALE)


async def test_a_repeat_is_answered_although_the_wallet_is_empty_by_now() -> None:
    ann = await make_reseller(funds=3 * SCALE)
    first = await accept_order(ann, request_id="r-1", payload="a")
    again = await accept_store.accept([new_order(ann.id, request_id="r-1", payload="a")])
    assert again == [Repeated(first.id, same_payload=True)]


async def test_fifty_identical_requests_at_once_are_one_order_and_one_charge() -> None:
    ann = await make_reseller(funds=1000 * SCALE)
    same = new_order(ann.id, request_id="r-1")
    verdicts = [verdict for (verdict,) in await asyncio.gather(*(accept_store.accept([same]) for _ in range(50)))]
    told = {verdict.order for verdict in verdicts if isinstance(verdict, Accepted | Repeated)}
    assert told == set(await orders_of(ann.id))
    assert [type(verdict) for verdict in verdicts].count(Accepted) == 1
    assert len(verdicts) == 50
    assert await book.balance(ann.id) == 997 * SCALE


async def test_a_custom_id_stands_for_its_order_only_with_the_same_payload() -> None:
    ann = await make_reseller()
    first = await accept_order(ann, custom_id="c-1", payload="a")
    again = await accept_store.accept([new_order(ann.id, custom_id="c-1", payload="a")])
    assert again == [Repeated(first.id, same_payload=True)]
    second = await accept_order(ann, custom_id="c-1", payload="b")
    assert second.id != first.id
    assert await book.balance(ann.id) == 994 * SCALE


async def test_an_order_keeps_what_it_was_asked_for() -> None:
    ann = await make_reseller()
    order = await accept_order(ann, fields={"comments": ["one", "{}", "drei ß"], "username": "x"}, link="https://x/ü{}")
    kept = await order_now(order.id)
    assert kept.type_fields() == {"comments": ["one", "{}", "drei ß"], "username": "x"}
    assert kept.link == "https://x/ü{}"
