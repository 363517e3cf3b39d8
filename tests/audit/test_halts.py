"""What a red audit concerns stands still: nothing of it is bought, nothing paid back, until a later one is green."""

from __future__ import annotations

from pathlib import Path

from aggregator.audit import run
from aggregator.orders import halts, store
from aggregator.orders.aftersales.cancel import Canceller
from aggregator.orders.dispatching import queue_store
from aggregator.orders.halts import Concerned
from aggregator.orders.model import Order
from aggregator.orders.reporting import provider_stats_store
from aggregator.orders.unsure import resolve
from aggregator.resellers import accounts
from aggregator.storage.tables import Signal
from tests.builders import accept_order, begin_attempt, make_reseller, order_now
from tests.orders.panels import PARTIAL_300, ScriptedPanel, dispatch, dispatch_all, open_panel, poll, state_of

SPOIL = "update wallets set balance = balance + 1 where reseller = {}"


async def states(*orders: Order) -> list[str]:
    return [await state_of(order) for order in orders]


async def test_one_resellers_orders_wait_while_the_others_go_on(tmp_path: Path, panel_database: str) -> None:
    """Bob's wallet holds what nobody paid in; ann buys, and is paid back, as if nothing were."""
    alpha = ScriptedPanel("2.40")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        ann, bob = await make_reseller("ann"), await make_reseller("bob")
        hers, his = await accept_order(ann), await accept_order(bob)
        await dispatch_all(panel)
        hers_too, his_too = await accept_order(ann), await accept_order(bob)
        await Signal.raw(SPOIL, bob.id)

        assert not (await run.run()).green
        assert (await halts.standing())["wallet-equals-entries"] == [Concerned(reseller=bob.id)]
        assert await halts.why(ann.id, hers.id) is None
        assert "wallet-equals-entries (its reseller)" in (await halts.why(bob.id, his.id) or "")
        assert (await provider_stats_store.halted()).count == 2
        assert (await panel.readiness()).parts["audit"] == "red"
        assert b'aggregator_audit_red_rows{promise="wallet-equals-entries"} 1.0' in await panel.metrics.text()
        alpha.reply = PARTIAL_300
        await dispatch_all(panel)
        await poll(panel)

        assert await states(hers, hers_too, his, his_too) == ["partial", "partial", "active", "queued"]
        assert None not in await panel.tracker.replies(bob.id, [str(his.id), str(his_too.id)], "json")
        assert not (await run.run()).green

        await accounts.square("bob", keep="entries", note="changed by hand", actor="owner")
        assert (await run.run()).green
        assert await halts.standing() == {}
        assert (await panel.readiness()).parts["audit"] == "ok"
        await dispatch_all(panel)
        await poll(panel)
        assert await states(his, his_too) == ["partial", "partial"]
        assert (await run.run()).green


async def test_the_write_itself_asks(tmp_path: Path, panel_database: str) -> None:
    """An order that was claimed before the audit turned red stays where it is."""
    async with open_panel(tmp_path, panel_database, {"alpha": ScriptedPanel("2.40")}) as panel:
        ann = await make_reseller()
        order = await accept_order(ann)
        assert [claimed.id for claimed in await queue_store.claim_due(1)] == [order.id]
        await Signal.raw(SPOIL, ann.id)
        await run.run()
        assert not await store.mark_placing([order.id])
        await dispatch(panel)
        assert await state_of(order) == "queued"


async def test_what_a_person_decides_is_done_nevertheless(tmp_path: Path, panel_database: str) -> None:
    """The reseller's own wish to cancel waits with the rest; the owner's does not."""
    async with open_panel(tmp_path, panel_database, {"alpha": ScriptedPanel("2.40")}) as panel:
        ann = await make_reseller()
        wished, called_off = await accept_order(ann), await accept_order(ann)
        await Signal.raw(SPOIL, ann.id)
        await run.run()

        canceller = Canceller(lambda: panel.prices.shelf, panel.tracker, panel.wake)
        await canceller.cancel(ann, wished.id)
        await resolve.call_off(called_off.id, actor="owner", reason="he asked me")
        assert await states(wished, called_off) == ["queued", "cancelled"]
        assert (await order_now(wished.id)).cancel_wish

        await accounts.square("ann", keep="wallet", note="a gift", actor="owner")
        assert (await run.run()).green
        await dispatch(panel)
        assert await state_of(wished) == "cancelled"


async def test_a_row_that_names_nobody_stops_everything(panel_database: str) -> None:
    ann = await make_reseller()
    order = await accept_order(ann)
    await Signal.raw("update wallets set currency = 'EUR'")
    await make_reseller("bob")
    await run.run()
    assert await halts.standing() == {"one-currency": [Concerned()]}
    assert not await store.mark_placing([order.id])
    await Signal.raw("update wallets set currency = 'USD'")
    await run.run()
    assert await store.mark_placing([order.id]) == {order.id}


async def test_a_promise_about_time_stops_nothing(panel_database: str) -> None:
    """A worker that was away makes nobody's money doubtful."""
    await begin_attempt(await accept_order(await make_reseller()))
    await Signal.raw("update attempts set deadline_at = 1")
    assert [finding.promise for finding in (await run.run()).broken] == ["no-attempt-overdue"]
    assert await halts.standing() == {}
