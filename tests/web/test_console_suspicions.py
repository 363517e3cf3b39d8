"""What a provider is suspected of: shown to the owner wherever it matters, until the owner has decided or looked."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from aggregator.catalog import learned_store, store
from aggregator.catalog.model import Hold, HoldKind
from aggregator.catalog.upstream import balance_store
from aggregator.orders.following import call_off_store
from aggregator.storage import decisions, tables
from tests.builders import HOUR, make_reseller, overcharged_order
from tests.web.kit import Visitor, Web, plain


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """What providers.toml refers to, for whoever reads it anew."""
    monkeypatch.setenv("SANDBOX_KEY", "sandbox")


async def test_what_takes_more_than_it_lists_is_shown_with_both_prices_and_decided(web: Web, boss: Visitor) -> None:
    order = await overcharged_order(await make_reseller())
    await tables.Attempt.raw("update attempts set service = '7101' where order_id = {}", order.id)
    assert "alpha took more than it lists for 1 order: 7.5 USD where 2.5 was expected" in plain(
        await boss.get("/console")
    )
    await web.panel.syncer.sync("alpha")
    assert "alpha takes more than it lists for 1 service" in plain(await boss.get("/console"))
    assert "at the worst 7.5 USD where 2.5 was expected" in plain(await boss.get("/console/providers/of/alpha"))
    assert "Overcharged 7.5 USD where 2.5 was expected" in plain(await boss.get(f"/console/orders/{order.id}"))
    held = plain(await boss.get("/console/services/held"))
    assert "it takes 7.5 where it lists 2, 275 % more" in held
    assert "Taken, not listed 2 7.5" in held
    await boss.post(
        "/console/services/held", provider="alpha", service="7101", verdict="approve", reason="they told us"
    )
    assert "Nothing is held" in plain(await boss.get("/console/services/held"))
    assert "more than it lists" not in plain(await boss.get("/console"))


async def test_what_a_provider_is_suspected_of_is_shown_until_the_owner_has_looked(web: Web, boss: Visitor) -> None:
    """On the first page, in the list and on its own page; each matter is closed by itself, with what was found."""
    await web.panel.syncer.read_balance("alpha")
    (day,) = await balance_store.days("alpha", since=0)
    judged = balance_store.Judgement(lost=Decimal("7.40"), due=Decimal("2.40"), noise=Decimal(0), orders=(1, 2))
    await balance_store.keep(day, judged)
    await call_off_store.doubt("alpha")
    matters = {"balance": "lost 7.4 USD", "call-offs": "delivers or charges what it had called off"}
    for said in matters.values():
        assert said in plain(await boss.get("/console"))
        assert said in plain(await boss.get("/console/providers/of/alpha"))
    unknown = await boss.send("/console/providers/of/alpha/looked", matter="everything", reason="x")
    assert unknown.status_code == 404
    await boss.send("/console/providers/of/alpha/looked", matter="balance", reason="")
    assert "lost 7.4 USD" in plain(await boss.get("/console/providers/of/alpha"))
    for matter, said in matters.items():
        closed = plain(await boss.post("/console/providers/of/alpha/looked", matter=matter, reason="my own order"))
        assert "Closed." in closed
        assert said not in closed
    assert [row.reason for row in await decisions.about("provider", 0)] == ["my own order"] * 2
    again = await boss.post("/console/providers/of/alpha/looked", matter="balance", reason="again")
    assert "Nothing about the balance of alpha waits for a look" in plain(again)


@pytest.mark.parametrize("kind", list(HoldKind))
async def test_every_kind_of_hold_says_what_is_in_force_meanwhile(web: Web, boss: Visitor, kind: HoldKind) -> None:
    (row,) = [row for row in await store.listings("alpha") if row.service == "7101"]
    hold = Hold(kind=kind, reason="it was seen", accepted=row)
    await learned_store.put_holds("alpha", {"7101": hold})
    page = plain(await boss.get("/console/services/held"))
    told = "Off sale: " if hold.takes_off_sale else "No order goes there" if hold.keeps_orders_away else "The old price"
    assert f"it was seen. {told}" in page


async def test_an_audit_that_cannot_run_says_why(web: Web, boss: Visitor) -> None:
    """On its own page, in the list of runs and where an owner arrives; and when none has run for long."""
    await tables.Migration.update({tables.Migration.at: tables.Migration.at - 2 * HOUR}, force=True)
    assert "No audit has ended for 120 minutes" in plain(await boss.get("/console"))
    await tables.Word.raw("alter table refills rename to renamed")
    told = [await boss.post("/console/audit"), await boss.get("/console/audit")]
    await tables.Word.raw("alter table renamed rename to refills")
    for page in (*told, await boss.get("/console")):
        assert re.search(r"Not everything could be looked at.*one-refill-at-a-time.*refills", plain(page))
    assert "promises hold" in plain(await boss.post("/console/audit"))
    assert "Not everything" not in plain(await boss.get("/console"))
