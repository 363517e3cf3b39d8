"""Whatever a provider says in the course of time, the reseller has the right money and reads the right words."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from aggregator.audit.run import audit
from pricing.money import SCALE
from tests.builders import accept_order, make_reseller, order_now
from tests.orders.histories import HISTORIES, History
from tests.orders.panels import ScriptedPanel, classic_reply, dispatch, minutes_pass, open_panel, poll

RATE = 4 * SCALE


@pytest.mark.parametrize("history", HISTORIES, ids=[history.name for history in HISTORIES])
async def test_after_each_word_the_reseller_has_what_is_due(
    history: History, tmp_path: Path, panel_database: str
) -> None:
    alpha = ScriptedPanel("3.20", type=history.kind)
    ann = await make_reseller()
    charge = RATE * history.quantity // 1000
    pace = f"confirm_seconds = {history.confirm_seconds}"
    more = f'cancel_means = "{history.cancel_means}"'
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, pace=pace, more=more) as panel:
        order = await accept_order(
            ann,
            quantity=history.quantity,
            rate=RATE,
            charge=charge,
            runs=history.posts or history.runs,
            type=history.kind,
            fields=history.fields,
        )
        await dispatch(panel)
        for number, step in enumerate(history.steps, 1):
            alpha.reply = step.reply
            await poll(panel)
            await minutes_pass(order.id)
            now = await order_now(order.id)
            assert Decimal(now.refunded) / SCALE == Decimal(step.refunded), f"step {number}"
            reply = await classic_reply(panel, now)
            assert {name: reply[name] for name in ("status", "remains", "charge", "start_count", "currency")} == {
                "status": step.status,
                "remains": step.remains,
                "charge": step.charge,
                "start_count": step.start_count,
                "currency": "USD",
            }, f"step {number}"
        assert [finding for finding in await audit() if finding.broken] == []
