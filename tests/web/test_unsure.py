"""The queue of unsure orders: each way out asks back, and each provider's evidence is told as it is."""

from __future__ import annotations

import asyncio
import re

import pytest

from aggregator.orders.state import OrderState
from aggregator.storage import decisions
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


async def test_an_unsure_order_is_settled_once_however_often_and_by_whomever_it_is_pressed(web: Web) -> None:
    """Two owners press opposite buttons in the same moment: one wins, the other sees it."""
    olga, oleg = await web.owner("olga"), await web.owner("oleg")
    order = await unsure_order(await make_reseller(), seconds_ago=400)
    queue = await olga.get("/console/orders/unsure")
    attempt = re.search(r'name="attempt" value="(\d+)"', queue)
    assert attempt
    told = await asyncio.gather(
        olga.post(f"/console/orders/{order.id}/found", upstream="5001", attempt=attempt[1], back="queue", sure="1"),
        oleg.post(f"/console/orders/{order.id}/write-off", attempt=attempt[1], back="queue", sure="1"),
    )
    again = await olga.post(f"/console/orders/{order.id}/write-off", attempt=attempt[1], back="queue", sure="1")
    assert [bad(page) for page in (*told, again)].count(False) == 1
    verdicts = [row.verdict for row in await decisions.about("order", order.id)]
    assert len(verdicts) == 1
    assert (await order_now(order.id)).state in (OrderState.ACTIVE, OrderState.CANCELLED)


def bad(page: str) -> bool:
    """Whether the message on a page is that something could not be done."""
    return 'class="told bad"' in page


async def test_many_unsure_orders_are_shown_before_they_are_decided(web: Web, boss: Visitor) -> None:
    """And what became unsure after the look is left alone."""
    ann = await make_reseller()
    first, second = [await unsure_order(ann, seconds_ago=400) for _ in range(2)]
    window = {"provider": "alpha", "since": "2020-01-01T00:00", "until": "2040-01-01T00:00", "verdict": "write-off"}
    page = await boss.post("/console/orders/unsure/many", window)
    assert "Orders 2" in plain(page)
    assert (await order_now(first.id)).state is OrderState.UNSURE
    late = await unsure_order(ann, seconds_ago=400)
    ids = re.search(r'name="ids" value="([^"]+)"', page)
    assert ids
    done = await boss.post("/console/orders/unsure/many", window, ids=ids[1], sure="1", reason="it was down")
    assert "2 orders were decided" in plain(done)
    states = [(await order_now(order.id)).state for order in (first, second, late)]
    assert states == [OrderState.CANCELLED, OrderState.CANCELLED, OrderState.UNSURE]
