"""The queue of unsure orders: each way out asks back, and each provider's evidence is told as it is."""

from __future__ import annotations

import re

import pytest

from aggregator.orders.state import OrderState
from pricing.money import print_units
from tests.builders import make_reseller, order_now, unsure_order
from tests.web.kit import Visitor, Web, plain


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """What providers.toml refers to, for whoever reads it anew."""
    monkeypatch.setenv("SANDBOX_KEY", "sandbox")


@pytest.mark.parametrize(
    ("way", "told"), [("found", "Paid by the reseller"), ("absent", "Paid by"), ("write-off", "Goes back")]
)
async def test_each_way_out_of_doubt_asks_back_with_its_amount(web: Web, boss: Visitor, way: str, told: str) -> None:
    """The first press changes nothing; the second one, of what was shown, does."""
    order = await unsure_order(await make_reseller(), seconds_ago=400)
    page = await boss.post(f"/console/orders/{order.id}/{way}", upstream="5001", back="queue")
    assert told in plain(page)
    assert print_units(order.charge) in plain(page).replace(",", "")
    assert (await order_now(order.id)).state is OrderState.UNSURE
    fields = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.partition('class="card confirm"')[2])
    )
    await boss.post(f"/console/orders/{order.id}/{way}", {**fields, "reason": "seen"})
    assert (await order_now(order.id)).state is not OrderState.UNSURE


async def test_a_provider_that_gives_no_evidence_is_said_not_to_and_may_be_let(web: Web, boss: Visitor) -> None:
    """Each provider's own sentence, and the switch where it stands."""
    await unsure_order(await make_reseller(), seconds_ago=400)
    page = plain(await boss.get("/console/orders/unsure"))
    assert "alpha gives no evidence: none settles by itself" in page
    assert "gives no evidence" in plain(await boss.get("/console"))
    done = await boss.post("/console/orders/unsure/balance-decides", provider="alpha")
    assert "The balance of alpha decides from now on" in plain(done)
    assert "balance_decides = true" in (web.panel.settings.directory / "providers.toml").read_text()
    assert "Let its balance decide" not in await boss.get("/console/orders/unsure")
    nobody = await boss.send("/console/orders/unsure/balance-decides", {"provider": "nobody"})
    assert nobody.status_code == 404
