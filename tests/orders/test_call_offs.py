"""What was called off and is delivered after all is paid for twice: too much of it ends re-routing from there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aggregator.app import Panel
from aggregator.audit.run import audit
from aggregator.catalog import store as catalog_store
from aggregator.catalog.shelf.explain import explain
from aggregator.catalog.shelf.shelf import NOBODY
from aggregator.catalog.syncing.decide import NothingHeld
from aggregator.catalog.syncing.looked import Matter, looked
from aggregator.ledger import book
from aggregator.orders import attempt_store
from aggregator.orders.following.call_offs import is_revived, trusts_call_offs
from aggregator.orders.model import Order
from aggregator.orders.reporting import alerts
from aggregator.orders.reporting.provider_stats import standings
from aggregator.orders.state import Outcome
from aggregator.resellers.model import Reseller
from aggregator.storage import decisions, tables
from pricing.money import SCALE
from providers.vocabulary import Phase
from tests.builders import accept_order, attempt_of, make_reseller, order_now, order_of, progress_of
from tests.orders.panels import ScriptedPanel, dispatch_all, minutes_pass, move_providers, open_panel, poll, state_of

CALLED_OFF = {"status": "Canceled", "remains": "1000", "charge": "0"}
COMPLETED = {"status": "Completed", "remains": "0", "charge": "2.30"}


@pytest.mark.parametrize(
    ("revived", "called_off", "trusted"),
    [
        (0, 0, True),
        (0, 500, True),
        (1, 1, True),
        (2, 2, True),
        (2, 99, True),
        (3, 3, False),
        (3, 1000, False),
        (4, 4, False),
        (1, 100, False),
        (1, 101, True),
        (2, 200, False),
        (2, 201, True),
    ],
)
def test_three_or_one_in_a_hundred_end_trust(revived: int, called_off: int, *, trusted: bool) -> None:
    assert trusts_call_offs(revived=revived, called_off=called_off) is trusted


@pytest.mark.parametrize(
    ("phase", "remains", "charge", "last", "revived"),
    [
        (Phase.COMPLETED, 0, "2.4", "0", True),
        (Phase.COMPLETED, None, None, None, True),
        (Phase.PARTIAL, 300, "1.7", "0", True),
        (Phase.PARTIAL, 300, None, "0", True),
        (Phase.PARTIAL, 1000, "0", "0", False),
        (Phase.PARTIAL, 0, "0", "0", False),
        (Phase.PARTIAL, 1000, "2.4", "2.4", False),
        (Phase.PARTIAL, 1000, "2.4", "0", True),
        (Phase.EXPIRED, 300, "1.7", "0", True),
        (Phase.IN_PROGRESS, 400, "0", "0", True),
        (Phase.IN_PROGRESS, 1000, "2.4", "0", False),
        (Phase.IN_PROGRESS, 0, "2.4", "0", False),
        (Phase.IN_PROGRESS, None, "2.4", "0", False),
        (Phase.PENDING, 1000, "2.4", "0", False),
        (Phase.CANCELLED, 1000, "0", "0", False),
        (Phase.CANCELLED, 1000, "2.4", "2.4", False),
        (Phase.CANCELLED, 1000, "2.4", None, False),
        (Phase.CANCELLED, 1000, "2.4", "0", True),
        (Phase.UNKNOWN, None, "2.4", "0", False),
        (Phase.ERROR, None, "2.4", "0", False),
    ],
)
def test_what_counts_as_alive(
    phase: Phase, remains: int | None, charge: str | None, last: str | None, *, revived: bool
) -> None:
    attempt = attempt_of(outcome=Outcome.CALLED_OFF, last_charge=last)
    assert is_revived(order_of(), attempt, progress_of(phase, remains, charge)) is revived


@pytest.mark.parametrize(("runs_done", "revived"), [(0, False), (2, True), (5, False)])
def test_a_drip_feed_is_alive_when_runs_of_it_were_served(runs_done: int, *, revived: bool) -> None:
    """All of them begun says no more than "remains 0" beside "in progress" does."""
    attempt = attempt_of(outcome=Outcome.CALLED_OFF)
    told = progress_of(Phase.IN_PROGRESS, runs=runs_done)
    assert is_revived(order_of(runs=5), attempt, told) is revived


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.ABSENT, Outcome.WRITTEN_OFF])
def test_only_what_was_called_off_can_come_alive(outcome: Outcome) -> None:
    """What was given up without its provider's word says nothing of that word."""
    assert not is_revived(order_of(), attempt_of(outcome=outcome), progress_of(Phase.COMPLETED, 0))


@pytest.fixture
def alpha() -> ScriptedPanel:
    """The cheaper one."""
    return ScriptedPanel("2.30")


@pytest.fixture
def bravo() -> ScriptedPanel:
    return ScriptedPanel("2.40")


@pytest.fixture
async def panel(
    alpha: ScriptedPanel, bravo: ScriptedPanel, tmp_path: Path, panel_database: str
) -> AsyncIterator[Panel]:
    """A panel that re-routes, and believes what stood for a minute."""
    providers = {"alpha": alpha, "bravo": bravo}
    pace = "confirm_seconds = 60"
    async with open_panel(tmp_path, panel_database, providers, reroute=True, pace=pace) as opened:
        yield opened
        await poll(opened, *(provider.profile.name for provider in opened.upstreams))
        assert [finding for finding in await audit() if finding.broken] == []


@pytest.fixture
async def ann(panel: Panel) -> Reseller:
    return await make_reseller()


async def told(panel: Panel, order: Order, minutes: int, provider: str = "alpha") -> None:
    """The provider is asked, and once more so many minutes later."""
    await poll(panel, provider)
    await minutes_pass(order.id, minutes)
    await poll(panel, provider)


async def rerouted(panel: Panel, alpha: ScriptedPanel, ann: Reseller, many: int) -> list[Order]:
    """Orders that alpha called off and bravo has."""
    alpha.reply = CALLED_OFF
    orders = [await accept_order(ann) for _ in range(many)]
    await dispatch_all(panel)
    await poll(panel)
    for order in orders:
        await minutes_pass(order.id)
    await poll(panel)
    await dispatch_all(panel)
    assert [await outcomes(order) for order in orders] == [["alpha called_off", "bravo accepted"]] * many
    return orders


async def outcomes(order: Order) -> list[str]:
    return [f"{one.provider} {one.outcome}" for one in await attempt_store.of_order(order.id)]


async def doubted(provider: str = "alpha") -> bool:
    return (await catalog_store.provider(provider)).call_offs_doubted_at is not None


async def revive(panel: Panel, alpha: ScriptedPanel, many: int, *, first: int = 5001) -> None:
    """So many of alpha's orders complete after all."""
    alpha.replies |= {str(first + number): COMPLETED for number in range(many)}
    await poll(panel)


async def distrusted(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    await rerouted(panel, alpha, ann, 3)
    await revive(panel, alpha, 3)
    assert await doubted()


async def test_two_are_an_accident_and_the_third_ends_trust(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    """However often, and by however many pollers, each is seen alive."""
    orders = await rerouted(panel, alpha, ann, 3)
    await revive(panel, alpha, 2)
    await asyncio.gather(*(poll(panel) for _ in range(3)))
    assert not await doubted()
    await revive(panel, alpha, 3)
    assert await doubted()
    revived = [(await attempt_store.of_order(order.id))[0].revived_at for order in orders]
    assert None not in revived
    assert {await state_of(order) for order in orders} == {"active"}


async def test_what_it_calls_off_then_is_refunded_once_its_word_has_stood_ten_times_as_long(
    panel: Panel, alpha: ScriptedPanel, bravo: ScriptedPanel, ann: Reseller
) -> None:
    await distrusted(panel, alpha, ann)
    bravo.answer_to_add = {"error": "Not enough funds on balance"}
    order = await accept_order(ann)
    await dispatch_all(panel)
    await told(panel, order, 9)
    assert await state_of(order) == "active"
    await minutes_pass(order.id, 1)
    await poll(panel)
    assert await state_of(order) == "cancelled"
    assert await outcomes(order) == ["bravo refused", "alpha accepted"]
    assert await book.balance(ann.id) == (1000 - 9) * SCALE


async def test_a_word_that_changed_meanwhile_begins_anew(
    panel: Panel, alpha: ScriptedPanel, bravo: ScriptedPanel, ann: Reseller
) -> None:
    await distrusted(panel, alpha, ann)
    bravo.answer_to_add = {"error": "Not enough funds on balance"}
    order = await accept_order(ann)
    await dispatch_all(panel)
    await told(panel, order, 9)
    alpha.reply = {"status": "Pending", "remains": "1000"}
    await poll(panel)
    alpha.reply = CALLED_OFF
    await told(panel, order, 9)
    assert await state_of(order) == "active"


async def test_other_endings_of_it_are_believed_as_before(
    panel: Panel, alpha: ScriptedPanel, bravo: ScriptedPanel, ann: Reseller
) -> None:
    """But a partial of which nothing came is a call-off by another word."""
    await distrusted(panel, alpha, ann)
    bravo.answer_to_add = {"error": "Not enough funds on balance"}
    part, nothing = [await accept_order(ann) for _ in range(2)]
    await dispatch_all(panel)
    by_id = {(await attempt_store.of_order(one.id))[-1].upstream_order or "": one for one in (part, nothing)}
    remains = {part.id: "300", nothing.id: "1000"}
    for upstream, one in by_id.items():
        alpha.replies[upstream] = {"status": "Partial", "remains": remains[one.id]}
    await poll(panel)
    for one in (part, nothing):
        await minutes_pass(one.id)
    await poll(panel)
    assert [await state_of(part), await state_of(nothing)] == ["partial", "active"]


async def test_it_is_asked_again_after_each_confirm_time(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    await distrusted(panel, alpha, ann)
    await tables.Provider.raw("update providers set balance = '0' where name = 'bravo'")
    order = await accept_order(ann)
    await dispatch_all(panel)
    for minutes in (0, 1, 3):
        await minutes_pass(order.id, minutes)
        await poll(panel)
        now = await order_now(order.id)
        (attempt,) = await attempt_store.of_order(order.id)
        assert now.sight_at is not None
        assert attempt.poll_at is not None
        assert (attempt.poll_at - now.sight_at) % 60_000 == 0


async def test_its_offers_come_last_and_it_is_told_why(
    panel: Panel, alpha: ScriptedPanel, bravo: ScriptedPanel, ann: Reseller
) -> None:
    """It still gets what nobody else takes."""
    await distrusted(panel, alpha, ann)
    await panel.prices.reload(panel.upstreams)
    order = await accept_order(ann)
    await dispatch_all(panel)
    assert await outcomes(order) == ["bravo accepted"]
    service = panel.prices.shelf.get(1)
    assert service is not None
    offers = explain(service, NOBODY, await panel.prices.sources(panel.upstreams)).offers
    assert [
        offer.provider for offer in offers if "gets orders last: it delivers what it called off" in offer.reason
    ] == ["alpha"]
    found = await standings(panel.upstreams, panel.prices.markup.fx)
    said = [alarm.what for alarm in alerts.alarms(await alerts.look(found, sync_ms=900_000))]
    assert "alpha delivers or charges what it had called off" in said
    bravo.answer_to_add = {"error": "Not enough funds on balance"}
    second = await accept_order(ann)
    await dispatch_all(panel)
    assert await outcomes(second) == ["bravo refused", "alpha accepted"]


async def test_somebody_who_has_looked_trusts_it_again_until_three_more(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    await distrusted(panel, alpha, ann)
    await looked("alpha", Matter.CALL_OFFS, actor="owner", reason="they had a bad day")
    assert [(row.verdict, row.reason) for row in await decisions.about("provider", 0)] == [
        ("looked", "they had a bad day")
    ]
    with pytest.raises(NothingHeld):
        await looked("alpha", Matter.CALL_OFFS, actor="owner", reason="again")
    await poll(panel)
    assert not await doubted()
    await rerouted(panel, alpha, ann, 3)
    await revive(panel, alpha, 5)
    assert not await doubted()
    await revive(panel, alpha, 6)
    assert await doubted()


async def thirty_days_pass() -> None:
    """Since everything that came alive did."""
    await tables.Attempt.raw("update attempts set revived_at = revived_at - {}", 30 * 86_400_000 + 1)


async def test_trust_does_not_come_back_by_waiting(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    await distrusted(panel, alpha, ann)
    await thirty_days_pass()
    await poll(panel)
    assert await doubted()


async def test_what_came_alive_long_ago_ends_no_trust(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    await rerouted(panel, alpha, ann, 5)
    await revive(panel, alpha, 2)
    await thirty_days_pass()
    await revive(panel, alpha, 4)
    assert not await doubted()
    await revive(panel, alpha, 5)
    assert await doubted()


async def test_a_renamed_provider_is_doubted_as_before(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller, tmp_path: Path
) -> None:
    await distrusted(panel, alpha, ann)
    text = (tmp_path / "providers.toml").read_text()
    await move_providers(panel, tmp_path, text.replace('name = "alpha"', 'name = "omega"\nformerly = "alpha"'))
    assert await doubted("omega")


async def test_what_comes_alive_and_what_is_called_off_in_one_round(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    """The word that ends trust counts before the others of its round."""
    await rerouted(panel, alpha, ann, 3)
    order = await accept_order(ann)
    await dispatch_all(panel)
    await poll(panel)
    await minutes_pass(order.id)
    await revive(panel, alpha, 3)
    assert await state_of(order) == "active"
    await minutes_pass(order.id, 9)
    await poll(panel)
    assert await state_of(order) == "cancelled"
    assert await outcomes(order) == ["alpha accepted"]


async def test_with_no_time_to_confirm_ten_times_that_is_none_either(tmp_path: Path, panel_database: str) -> None:
    alpha, bravo = ScriptedPanel("2.30"), ScriptedPanel("2.40")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}, reroute=True) as panel:
        ann = await make_reseller()
        alpha.reply = CALLED_OFF
        for _ in range(3):
            await accept_order(ann)
        await dispatch_all(panel)
        await poll(panel)
        await dispatch_all(panel)
        await revive(panel, alpha, 3)
        await tables.Provider.raw("update providers set balance = '0' where name = 'bravo'")
        order = await accept_order(ann)
        await dispatch_all(panel)
        await poll(panel)
        assert (await outcomes(order), await state_of(order)) == (["alpha accepted"], "cancelled")
