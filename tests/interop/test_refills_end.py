"""Refills that would never end: what hangs, what waits at a provider that is gone, and what cannot be sent at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aggregator.audit.run import audit
from aggregator.orders import refill_store
from aggregator.storage import clock, migrations, tables
from tests.api.served import Client
from tests.catalog.panels import settings_of
from tests.interop.market import ANYBODYS, FOLLOWERS, Market, market
from tests.interop.test_refills import DISABLED, RUNNING, delivered, told
from tests.interop.upstream import Page, Upstream

DAY = 86_400_000
NOT_COMPLETED = {"error": "The order is not completed"}


async def asked(client: Client, order: int) -> Any:
    return (await client.form("refill", order=order)).json()


async def days_pass(refill: object, days: int) -> None:
    """As if it had been asked for so long ago."""
    row = tables.Refill
    await row.update({row.created_at: clock.now() - days * DAY}).where(row.id == int(str(refill)))


async def due_in_days(refill: object) -> int:
    row = tables.Refill
    (kept,) = await row.select(row.due_at).where(row.id == int(str(refill)))
    return round(int(kept["due_at"] - clock.now()) / DAY)


async def pending(trade: Market, ann: Client, order: int, *, days: int) -> Any:
    """A refill that its provider took so many days ago and has not begun."""
    refill = (await asked(ann, order))["refill"]
    await trade.refill()
    await days_pass(refill, days)
    return refill


async def test_a_refill_that_hangs_is_asked_for_daily_and_its_end_is_told(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    refill = await pending(trade, ann, await delivered(trade, ann), days=45)
    await trade.refill()
    assert await told(ann, refill) == {"status": "Pending"}
    assert await due_in_days(refill) == 1
    trade.alpha.replies["refill_status"] = {"status": "Completed"}
    await trade.refill()
    assert await told(ann, refill) == {"status": "Completed"}


async def test_a_refill_that_hangs_gives_way_to_a_new_one(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await delivered(trade, ann)
    refill = await pending(trade, ann, order, days=29)
    assert await asked(ann, order) == RUNNING
    await days_pass(refill, 31)
    again = (await asked(ann, order))["refill"]
    assert await told(ann, refill) == {"status": "Rejected"}
    trade.alpha.replies["refill"] = {"refill": "502"}
    await trade.refill()
    await trade.refill()
    assert await told(ann, again) == {"status": "Pending"}
    assert len(trade.alpha.asked("refill")) == 2


@pytest.mark.parametrize("says", [{"status": "Pending"}, {"error": "Refill not found"}, Page("<html>502</html>", 502)])
async def test_every_refill_ends_in_the_end(trade: Market, ann: Client, says: Any) -> None:
    order = await delivered(trade, ann)
    refill = await pending(trade, ann, order, days=91)
    trade.alpha.replies["refill_status"] = says
    await trade.refill()
    assert await told(ann, refill) == {"status": "Rejected"}
    assert (await asked(ann, order)).keys() == {"refill"}


async def test_a_late_end_counts_more_than_how_late_it_is(trade: Market, ann: Client) -> None:
    refill = await pending(trade, ann, await delivered(trade, ann), days=91)
    trade.alpha.replies["refill_status"] = {"status": "Completed"}
    await trade.refill()
    assert await told(ann, refill) == {"status": "Completed"}


async def test_a_refill_that_its_provider_does_not_know_ends_after_a_day(trade: Market, ann: Client) -> None:
    refill = await pending(trade, ann, await delivered(trade, ann), days=0)
    trade.alpha.replies["refill_status"] = {"error": "Refill not found"}
    await trade.refill()
    assert await told(ann, refill) == {"status": "Pending"}
    await days_pass(refill, 2)
    await trade.refill()
    assert await told(ann, refill) == {"status": "Rejected"}


async def test_a_refill_that_can_never_be_sent_is_rejected(trade: Market, ann: Client) -> None:
    """The wrong moment may last for ever."""
    trade.alpha.replies["refill"] = {"error": "Too many requests"}
    refill = (await asked(ann, await delivered(trade, ann)))["refill"]
    await days_pass(refill, 29)
    await trade.refill()
    assert await told(ann, refill) == {"status": "Pending"}
    await days_pass(refill, 31)
    await trade.refill()
    assert await told(ann, refill) == {"status": "Rejected"}
    assert len(trade.alpha.asked("refill")) == 1


async def test_a_refill_that_was_given_up_in_an_earlier_version_is_taken_up_again(any_trade: Market) -> None:
    """It had no time at which anything would be done about it."""
    trade, ann = any_trade, await any_trade.reseller()
    refill = await pending(trade, ann, await delivered(trade, ann), days=45)
    row = tables.Refill
    await row.update({row.due_at: None}, force=True)
    assert [finding.promise for finding in await audit() if finding.broken] == ["open-refill-is-followed"]
    await row.raw(migrations.STEPS[21](True)[0])
    trade.alpha.replies["refill_status"] = {"status": "Completed"}
    await trade.panel.refiller.run_once("alpha")
    assert await told(ann, refill) == {"status": "Completed"}


async def without_alpha(trade: Market) -> None:
    """Nobody watches its ended orders any more, and its owner takes it out of the configuration."""
    attempt = tables.Attempt
    await attempt.update({attempt.poll_at: None}, force=True)
    await trade.panel.take_providers(tuple(one for one in trade.panel.upstreams if one.profile.name != "alpha"))


@pytest.mark.parametrize("sent", [False, True])
async def test_what_waits_at_a_provider_that_is_gone_is_rejected(any_trade: Market, *, sent: bool) -> None:
    """Promised and never sent, or sent and never heard of again; and no new one is promised."""
    trade, ann = any_trade, await any_trade.reseller()
    order = await delivered(trade, ann)
    refill = (await asked(ann, order))["refill"]
    if sent:
        await trade.refill()
    await without_alpha(trade)
    assert await told(ann, refill) == {"status": "Rejected"}
    assert await asked(ann, order) == DISABLED
    assert await tables.Refill.count() == 1


async def test_what_is_asked_for_in_the_last_moment_is_rejected_in_its_turn(trade: Market, ann: Client) -> None:
    """Another process had not heard yet that the provider is gone."""
    order = await delivered(trade, ann)
    refill = (await asked(ann, order))["refill"]
    row = tables.Refill
    await without_alpha(trade)
    await row.update({row.state: "requested", row.ended_at: None, row.due_at: 0}, force=True)
    await trade.refill()
    assert await told(ann, refill) == {"status": "Rejected"}


async def test_a_refill_that_is_on_its_way_while_its_provider_goes_is_left_to_its_deadline(
    trade: Market, ann: Client
) -> None:
    refill = (await asked(ann, await delivered(trade, ann)))["refill"]
    sending: dict[Any, Any] = {tables.Refill.state: "sending", tables.Refill.due_at: clock.now() + 60_000}
    await tables.Refill.update(sending, force=True)
    await without_alpha(trade)
    assert await told(ann, refill) == {"status": "Pending"}
    await trade.refill()
    assert await told(ann, refill) == {"status": "Rejected"}


async def test_a_provider_with_another_name_keeps_its_refills(tmp_path: Path, fresh_sqlite: str) -> None:
    async with market(tmp_path, fresh_sqlite, upstreams={"alpha": Upstream()}) as trade:
        ann = await trade.reseller()
        order = await delivered(trade, ann)
        refill = (await asked(ann, order))["refill"]
        config = tmp_path / "config"
        for file, old, new in (
            ("providers.toml", 'name = "alpha"', 'name = "omega"\nformerly = "alpha"'),
            ("services.toml", "alpha:", "omega:"),
        ):
            text = (config / file).read_text()
            (config / file).write_text(text.replace(old, new))
        await trade.panel.take_providers(tuple(settings_of(config, fresh_sqlite).providers))
        assert await told(ann, refill) == {"status": "Pending"}
        await trade.panel.refiller.run_once("omega")
        assert len(trade.alpha.asked("refill")) == 1
        assert [row.state for row in await refill_store.of_order(order)] == ["pending"]


@pytest.mark.parametrize("setting", ['refill = "off"', 'preset = "perfectpanel_old"'])
async def test_a_refill_is_not_promised_where_refills_are_off(tmp_path: Path, empty_url: str, setting: str) -> None:
    preset = {"alpha": "perfectpanel_old"} if setting.startswith("preset") else {}
    lines = "" if preset else setting
    async with market(tmp_path, empty_url, presets=preset, lines=lines, upstreams={"alpha": Upstream()}) as trade:
        ann = await trade.reseller()
        order = await delivered(trade, ann)
        assert await asked(ann, order) == DISABLED
        several = (await ann.form("refill", orders=str(order))).json()
        assert several == [{"order": order, "refill": DISABLED}]
        assert await tables.Refill.count() == 0
        rows = {row["service"]: row for row in (await ann.form("services")).json()}
        assert not rows[FOLLOWERS]["refill"]
        assert rows[FOLLOWERS]["cancel"] is not bool(preset)


async def test_what_came_in_part_is_refilled_where_that_is_offered(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await trade.buy(ann)
    await trade.ask(order, status="Partial", remains="500")
    refill = (await asked(ann, order))["refill"]
    await trade.refill()
    assert len(trade.alpha.asked("refill")) == 1
    trade.alpha.replies["refill_status"] = {"status": "Completed"}
    await trade.refill()
    assert await told(ann, refill) == {"status": "Completed"}


@pytest.mark.parametrize(("flag", "says"), [(None, NOT_COMPLETED), (False, DISABLED)])
async def test_what_came_in_part_is_not_refilled_where_nobody_offers_it(
    tmp_path: Path, fresh_sqlite: str, flag: bool | None, says: Any
) -> None:
    """Old panels refill whole orders without saying so."""
    async with market(tmp_path, fresh_sqlite, upstreams={"alpha": silent(flag)}) as trade:
        ann = await trade.reseller()
        whole, part = await delivered(trade, ann), await trade.buy(ann, link="https://x.example/part")
        await trade.ask(part, status="Partial", remains="500")
        assert await asked(ann, part) == says
        assert ("refill" in await asked(ann, whole)) == (flag is None)


def silent(flag: bool | None) -> Upstream:
    """A panel that says this of refills, or nothing at all."""
    upstream = Upstream()
    for row in upstream.rows:
        row["refill"] = flag
        if flag is None:
            del row["refill"]
    return upstream


async def test_what_was_called_off_whole_is_not_refilled(trade: Market, ann: Client) -> None:
    order = await trade.buy(ann, service=FOLLOWERS + ANYBODYS)
    trade.bravo.refuses = "Incorrect service"
    await trade.ask(order, status="Canceled", remains="1000")
    await trade.send_out()
    assert await asked(ann, order) == NOT_COMPLETED
