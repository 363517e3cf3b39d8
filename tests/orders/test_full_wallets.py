"""A wallet holds 63 bits and no more: what would go beyond is refused or held in words, and nothing of it is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aggregator.audit import run
from aggregator.ledger import book
from aggregator.orders import attempt_store, store
from aggregator.orders.aftersales.cancel import Canceller
from aggregator.orders.model import Undecidable
from aggregator.orders.settling.settle import WALLET_FULL, settle
from aggregator.orders.state import Outcome
from aggregator.orders.unsure import resolve
from aggregator.resellers import accounts
from aggregator.resellers.accounts import Refusal
from aggregator.storage.tables import Signal
from pricing.money import SCALE
from providers.errors import Code, Refused
from tests.builders import accept_order, active_order, begin_attempt, make_reseller, order_now, unsure_order
from tests.orders.panels import PARTIAL_300, ScriptedPanel, dispatch_all, open_panel, poll, state_of

MOST = 2**63 - 1


async def fill(name: str = "ann") -> None:
    """To the last unit."""
    reseller = await accounts.named(name)
    await accounts.fund(name, MOST - await book.balance(reseller.id))


async def make_room() -> None:
    await accounts.adjust("ann", -1000 * SCALE, note="paid out", actor="owner")


async def test_what_a_provider_did_not_deliver_is_held_until_there_is_room(tmp_path: Path, panel_database: str) -> None:
    alpha = ScriptedPanel("2.40")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        ann = await make_reseller()
        order, called_off = await accept_order(ann), await accept_order(ann)
        await dispatch_all(panel)
        await fill()
        alpha.reply = PARTIAL_300
        for _ in range(2):
            await poll(panel)
        assert (await order_now(order.id)).held == WALLET_FULL
        assert [await state_of(one) for one in (order, called_off)] == ["active", "active"]
        assert (await run.run()).green
        await make_room()
        await poll(panel)
        assert [await state_of(one) for one in (order, called_off)] == ["partial", "partial"]
        assert (await order_now(order.id)).held is None
        assert (await run.run()).green


async def test_an_order_that_never_left_waits_to_be_paid_back(tmp_path: Path, panel_database: str) -> None:
    """The reseller's cancel is a wish then; so too where the provider has just refused it."""
    async with open_panel(tmp_path, panel_database, {"alpha": ScriptedPanel("2.40")}) as panel:
        ann = await make_reseller()
        queued, refused = await accept_order(ann), await accept_order(ann)
        attempt = await begin_attempt(refused)
        await fill()
        canceller = Canceller(lambda: panel.prices.shelf, panel.tracker, panel.wake)
        await canceller.cancel(ann, queued.id)
        assert await store.request_cancel(refused.id)
        error = Refused("bad link", code=Code.LINK_INVALID)
        await panel.dispatcher._attempts.refuse(refused, attempt, Outcome.REFUSED, error)
        assert [await state_of(one) for one in (queued, refused)] == ["queued", "queued"]
        [kept] = await attempt_store.of_order(refused.id)
        assert kept.outcome is Outcome.REFUSED
        await make_room()
        await store.make_due_now()
        await dispatch_all(panel)
        assert [await state_of(one) for one in (queued, refused)] == ["cancelled", "cancelled"]
        assert (await run.run()).green


async def test_what_an_owner_decides_is_refused_in_words(panel_database: str) -> None:
    ann = await make_reseller()
    queued, active, doubtful = await accept_order(ann), await active_order(ann), await unsure_order(ann, seconds_ago=60)
    delivered = await active_order(ann)
    await settle(delivered, 0, note="all there")
    await fill()
    decided: dict[str, Any] = {"actor": "owner", "reason": "he asked me"}
    for deed in (
        resolve.settle_by_hand(active.id, 500, **decided),
        resolve.settle_by_hand(delivered.id, 500, **decided),
        resolve.write_off(doubtful.id, settle_ms=0, **decided),
        resolve.call_off(queued.id, **decided),
    ):
        with pytest.raises(Undecidable, match="cannot hold the refund"):
            await deed
    assert await settle(await order_now(delivered.id), 10, note="a few were lost") is None
    assert (await order_now(delivered.id)).held == WALLET_FULL
    assert [await state_of(one) for one in (queued, active, doubtful)] == ["queued", "active", "unsure"]
    assert (await run.run()).green
    await make_room()
    assert (await resolve.write_off(doubtful.id, settle_ms=0, **decided)).refunded == doubtful.charge


async def test_no_deposit_and_no_correction_goes_beyond(panel_database: str) -> None:
    ann = await make_reseller()
    for amount in (MOST, MOST + 1, 10**30):
        with pytest.raises(Refusal, match=r"cannot hold that much: 92233720368\.54775807"):
            await accounts.fund("ann", amount)
        with pytest.raises(Refusal, match="cannot hold that much"):
            await accounts.adjust("ann", amount, note="a gift", actor="owner")
    await fill()
    with pytest.raises(Refusal, match="cannot hold that much"):
        await accounts.adjust("ann", 1, note="a gift", actor="owner")
    assert await book.balance(ann.id) == MOST


async def test_a_wallet_is_not_squared_to_more_than_it_can_hold(panel_database: str) -> None:
    """Its entries say so much when somebody has emptied the wallet behind them."""
    ann = await make_reseller()
    await fill()
    await Signal.raw("update wallets set balance = 0")
    await fill()
    assert await book.balance_from_entries(ann.id) == 2 * MOST
    for keep in ("entries", "wallet"):
        await Signal.raw("update wallets set balance = {}", MOST if keep == "entries" else 1)
        with pytest.raises(Refusal, match="cannot hold that much"):
            await accounts.square("ann", keep=keep, note="by hand", actor="owner")
