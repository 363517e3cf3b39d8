"""Orders that are unsure for want of a word go on once somebody has said that it is a no; all others stay."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.catalog.upstream import word_store, words
from aggregator.catalog.upstream.word_store import WordRow
from aggregator.orders import attempt_store
from aggregator.orders.state import OrderState, Outcome
from aggregator.orders.unsure import evidence_store, explained
from aggregator.orders.unsure.evidence_store import Rule, Seen
from aggregator.storage import tables
from providers.errors import Unsure
from providers.vocabulary import ServiceType
from tests.api.served import Client
from tests.builders import later
from tests.interop.market import ANYBODYS, FOLLOWERS, Market, service, wallet
from tests.interop.upstream import Page

ANYBODY = service(ServiceType.DEFAULT, of=ANYBODYS)
NO = "Kasa pusta"
RIPE = 60.0
"""Minutes after which every unsure order is old enough."""


async def unsure(trade: Market, client: Client, said: Any = None, **fields: Any) -> int:
    """An order that alpha answered so."""
    trade.alpha.trouble = said if isinstance(said, Page) else None
    trade.alpha.refuses = NO if said is None else said if isinstance(said, str) else None
    order = await trade.buy(client, **{"service": ANYBODY, **fields})
    trade.alpha.trouble = trade.alpha.refuses = None
    assert (await trade.order(order)).state is OrderState.UNSURE
    return order


async def explain(meaning: str = "FUNDS", text: str = NO) -> WordRow:
    (row,) = await words.explain("alpha", text, meaning, actor="olga", reason="asked them")
    return row


async def sweep(trade: Market) -> None:
    """What a running panel does every second."""
    await trade.panel.look()
    await trade.panel.jobs.sweep()


async def state(trade: Market, order: int) -> OrderState:
    return (await trade.order(order)).state


async def test_an_order_that_waited_for_a_word_goes_on_by_decision(any_trade: Market) -> None:
    """To the next provider, with its money, by whom and why; nobody buys it twice."""
    trade, ann = any_trade, await any_trade.reseller()
    order = await unsure(trade, ann)
    await explain()
    await sweep(trade)
    assert await state(trade, order) is OrderState.UNSURE
    with later(RIPE):
        await sweep(trade)
        assert await state(trade, order) is OrderState.QUEUED
        await trade.send_out()
    first, second = await attempt_store.of_order(order)
    assert (first.outcome, first.error, first.error_text) == (Outcome.REFUSED, "FUNDS", NO)
    assert (second.provider, second.outcome) == ("bravo", Outcome.ACCEPTED)
    assert len(trade.bravo.taken) == 1
    (decision,) = await tables.Decision.select().where(tables.Decision.subject == "order")
    assert (decision["actor"], decision["verdict"], decision["subject_id"]) == ("olga", "refused", order)
    assert "Kasa pusta = FUNDS" in decision["reason"]
    assert "asked them" in decision["reason"]


async def test_a_young_order_goes_on_after_a_restart_too(any_trade: Market) -> None:
    """What was said is kept with the word; a sweep of another process carries it out."""
    trade, ann = any_trade, await any_trade.reseller()
    order = await unsure(trade, ann)
    await explain()
    settings = trade.panel.settings
    other = type(trade.panel)(settings)
    await other.prepare()
    try:
        await other.jobs.sweep()
        assert await state(trade, order) is OrderState.UNSURE
        with later(RIPE):
            await other.jobs.sweep()
            assert await state(trade, order) is OrderState.QUEUED
            await other.jobs.sweep()
    finally:
        await other.stop()
    assert await word_store.moving() == []


STAYS: dict[str, Any] = {
    "a page": Page("<html>Kasa pusta</html>", 502),
    "an id beside it": Page('{"order": 77, "error": "Kasa pusta"}'),
    "a flag that says yes": Page('{"status": "success", "message": "Kasa pusta"}'),
    "other words": "Kasa pusta?!",
    "a cut reply": Page('{"error": "Kasa pusta", "trace": "%s"}' % ("x" * 3000)),
    "no reply": Page(""),
}


@pytest.mark.parametrize("said", STAYS.values(), ids=STAYS.keys())
async def test_what_may_be_a_yes_stays(any_trade: Market, said: Any) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    goes, stays = await unsure(trade, ann), await unsure(trade, ann, said)
    await explain()
    with later(RIPE):
        await sweep(trade)
        assert (await state(trade, goes), await state(trade, stays)) == (OrderState.QUEUED, OrderState.UNSURE)


@pytest.mark.parametrize("meaning", ["UNKNOWN", "INTERNAL", "DUPLICATE_REQUEST", "ORDER_NOT_FOUND"])
async def test_a_word_that_is_no_clear_no_moves_nothing(any_trade: Market, meaning: str) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await unsure(trade, ann)
    await explain(meaning)
    with later(RIPE):
        await sweep(trade)
        assert await state(trade, order) is OrderState.UNSURE


async def test_a_meaning_that_is_taken_back_in_time_moves_nothing(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await unsure(trade, ann)
    await explain()
    await explain("UNKNOWN")
    with later(RIPE):
        await sweep(trade)
        assert await state(trade, order) is OrderState.UNSURE


async def test_a_resellers_own_text_in_the_reply_decides_nothing(any_trade: Market) -> None:
    """What we sent is taken out before words are read, as at the first time."""
    trade, ann = any_trade, await any_trade.reseller()
    link = "https://x.example/kasa-pusta-dzisiaj"
    await words.note_error("alpha", _heard("kasa-pusta-dzisiaj"))
    order = await unsure(trade, ann, f"Zle: {link}", link=link)
    await explain(text="kasa-pusta-dzisiaj")
    with later(RIPE):
        await sweep(trade)
        assert await state(trade, order) is OrderState.UNSURE


def _heard(text: str) -> Unsure:
    error = Unsure(text)
    error.unknown = text
    return error


async def test_evidence_that_it_was_taken_outweighs_the_words(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await unsure(trade, ann)
    (attempt,) = await attempt_store.of_order(order)
    await evidence_store.note(attempt.id, Rule.BALANCE, Seen.ACCEPTED, {})
    await explain()
    with later(RIPE):
        await sweep(trade)
        assert await state(trade, order) is OrderState.UNSURE


async def test_what_its_reseller_called_off_is_paid_back(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await unsure(trade, ann)
    assert (await ann.form("cancel", orders=order)).json() == [{"order": order, "cancel": order}]
    await explain()
    with later(RIPE):
        await sweep(trade)
        assert await state(trade, order) is OrderState.CANCELLED
    assert str(await wallet(ann)) == "1000.00"


async def test_how_many_and_where_to_is_told_before(any_trade: Market) -> None:
    """Whom nobody else serves waits for money, or is refunded where the order itself is at fault."""
    trade, ann = any_trade, await any_trade.reseller()
    settle_ms = 45_000
    shared, alone = await unsure(trade, ann), await unsure(trade, ann, service=FOLLOWERS)
    paid = sum([(await trade.order(order)).charge for order in (shared, alone)])
    for meaning, elsewhere in (("FUNDS", explained.WAITS), ("LINK_INVALID", explained.REFUNDED)):
        (row,) = await words.explained("alpha", NO, meaning)
        found = await explained.foresee(
            row, trade.panel.upstreams, settle_ms=settle_ms, router=trade.panel.router, give_up_ms=10**9
        )
        assert (found.orders, found.charged, found.young) == (2, paid, 2)
        assert found.where == {"bravo": 1, elsewhere: 1}
    assert await word_store.moving() == []
    assert [await state(trade, one) for one in (shared, alone)] == [OrderState.UNSURE] * 2
