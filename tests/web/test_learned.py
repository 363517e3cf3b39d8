"""What was learned of providers, by words and by refusals, is said or taken back by presses that tell first."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.catalog import store
from aggregator.catalog.upstream import cooldown, word_store
from aggregator.orders.state import OrderState
from aggregator.storage import decisions, tables
from tests.builders import make_reseller, order_now, unsure_order
from tests.web.kit import Visitor, Web, plain


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """What providers.toml refers to, for whoever reads it anew."""
    monkeypatch.setenv("SANDBOX_KEY", "sandbox")


async def test_a_word_for_which_orders_wait_is_explained_by_a_second_press(web: Web, boss: Visitor) -> None:
    """The first says how many, how much money and where to; the second lets them go on."""
    order = await unsure_order(await make_reseller(), seconds_ago=400)
    kept: dict[Any, Any] = {tables.Attempt.reply: '{"error": "Kein Guthaben"}', tables.Attempt.reply_status: 200}
    await tables.Attempt.update(kept).where(tables.Attempt.order_id == order.id)
    await word_store.hear("alpha", "error", "Kein Guthaben", "{}", 1)
    assert "1 unsure order waits for it" in plain(await boss.get("/console/providers/words"))
    fields: dict[str, Any] = {"provider": "alpha", "text": "Kein Guthaben", "meaning": "FUNDS"}
    shown = plain(await boss.post("/console/providers/words", **fields))
    assert "Orders that go on 1" in shown
    assert "3.00" in shown
    assert (await order_now(order.id)).state is OrderState.UNSURE
    await boss.post("/console/providers/words", **fields, sure="1")
    assert (await order_now(order.id)).state is OrderState.QUEUED
    assert "Every word is understood" in plain(await boss.get("/console/providers/words"))


async def test_what_a_refusal_told_of_a_service_is_shown_and_taken_back(web: Web, boss: Visitor) -> None:
    """On the page of its provider; the service is sold as it is published again."""
    row = (await store.listings("alpha"))[0]
    await cooldown.note_refusal("alpha", row.service, cancel=True, said="Cancel is disabled for this service")
    page = plain(await boss.get("/console/providers/of/alpha"))
    assert "no cancels" in page
    assert "Cancel is disabled for this service" in page
    told = await boss.post("/console/services/forget", provider="alpha", service=row.service)
    assert f"alpha:{row.service} is sold as it is published." in plain(told)
    assert "no cancels" not in plain(await boss.get("/console/providers/of/alpha"))
    again = await boss.post("/console/services/forget", provider="alpha", service=row.service)
    assert f"Nothing was learned of alpha:{row.service}" in plain(again)
    assert (await decisions.listed(limit=1))[0].verdict == "forgotten"
