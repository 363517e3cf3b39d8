"""The quirks of other panels, by their numbers in PROTOCOL.md: statuses, what they settle, refills and cancels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aggregator.catalog import learned_store
from aggregator.catalog.model import ProviderRow
from aggregator.catalog.shelf.offers import NotForSale, currency_of
from aggregator.catalog.syncing.diff import compare
from aggregator.catalog.upstream import circuit_breaker
from aggregator.orders.settling.settlement import Announce, Finish, HoldForOwner, Keep, Sight
from aggregator.orders.state import OrderState
from providers.dialect import Dialect
from providers.errors import Code, ProviderError, Refused
from providers.sandbox import Sandbox
from providers.vocabulary import CancelRequested, Phase, Progress, Refill, RefillPhase, ServiceType
from tests.builders import accept_order, make_reseller, order_now
from tests.catalog.goods import listing as goods
from tests.catalog.goods import providers
from tests.catalog.goods import row as kept
from tests.catalog.panels import panel_over
from tests.providers.panel_server import Canned, adapter_for, panel_server
from tests.providers.quirks import NOW, Asked, add, refill, refill_phase, settle, several, status, told

DAY = 86_400_000
DONE = {"status": "Completed", "charge": "1"}
NOT_FOUND = {"error": "Incorrect order ID"}
NO_ORDER = (("Incorrect order ID", "ORDER_NOT_FOUND"), ("Order not found", "ORDER_NOT_FOUND"))
IMPORT = "import_rest = true\n"


def ended(progress: Progress, **settings: Any) -> tuple[OrderState, int]:
    """How an order of 1,000 ends, and how many units come back."""
    found = settle(progress, **settings)
    assert isinstance(found, Finish), found
    return found.state, found.undelivered


async def test_q21_fewer_than_no_units_left_is_none_left() -> None:
    """More was delivered than ordered: nothing comes back."""
    progress = await status({"status": "In progress", "remains": "-40"})
    announced = settle(progress)
    assert isinstance(announced, Announce)
    assert announced.remains == 0
    assert ended(told(Phase.COMPLETED, -40)) == (OrderState.COMPLETED, 0)


async def test_q21_a_count_below_nothing_is_not_stated() -> None:
    """Neither told, nor taken for the start of an order that states it later, nor for posts that were never served."""
    progress = await status({"status": "In progress", "start_count": -1, "runs": "-2", "posts": -1, "remains": 5})
    assert (progress.start_count, progress.runs, progress.posts) == (None, None, None)
    kept_before = settle(told(Phase.IN_PROGRESS, 5, start_count=70), start_count=-1)
    assert isinstance(kept_before, Announce)
    assert kept_before.start_count == 70
    other_adapter = settle(told(Phase.PARTIAL, 5, start_count=-1))
    assert isinstance(other_adapter, Finish)
    assert other_adapter.start_count is None


async def test_q22_more_left_than_ordered_is_everything_and_noted() -> None:
    progress = await status({"status": "Partial", "remains": "4000"})
    found = settle(progress)
    assert isinstance(found, Finish)
    assert (found.state, found.undelivered, found.notes) == (OrderState.CANCELLED, 1000, ("clamped",))


async def test_q23_remains_that_say_nothing_are_missing() -> None:
    said = [(await status({"status": "Partial", "remains": value})).remains for value in (None, "", "Unknown")]
    assert [*said, (await status({"status": "Partial"})).remains] == [None] * 4


async def test_q24_remains_with_decimals_are_whole_units() -> None:
    assert (await status({"status": "Partial", "remains": "1000.0000000000"})).remains == 1000
    assert (await status({"status": "Partial", "remains": "7.9"})).remains == 7


def test_q25_partial_with_nothing_left_is_told_by_the_charge_or_held() -> None:
    """A charge that fell by a fifth says that a fifth did not come; without one only the owner knows."""
    assert ended(told(Phase.PARTIAL, 0, "2.0")) == (OrderState.PARTIAL, 200)
    assert isinstance(settle(told(Phase.PARTIAL, 0, "2.5")), HoldForOwner)
    assert isinstance(settle(told(Phase.PARTIAL, 0)), HoldForOwner)


def test_q26_cancelled_with_nothing_left_gives_everything_back() -> None:
    """To a provider that means either by it, as long as nothing was delivered."""
    for remains in (0, None):
        assert ended(told(Phase.CANCELLED, remains)) == (OrderState.CANCELLED, 1000)
        assert ended(told(Phase.CANCELLED, remains), means="by_remains") == (OrderState.CANCELLED, 1000)


def test_q27_cancelled_with_some_left_is_what_the_provider_means_by_it() -> None:
    progress = told(Phase.CANCELLED, 300)
    assert ended(progress) == (OrderState.CANCELLED, 1000)
    assert ended(progress, means="by_remains") == (OrderState.PARTIAL, 300)


def test_q28_completed_with_some_left_gives_nothing_back_and_is_noted() -> None:
    found = settle(told(Phase.COMPLETED, 400))
    assert isinstance(found, Finish)
    assert (found.undelivered, found.notes) == (0, ("completed_with_remains",))


async def test_q29_a_word_that_nobody_knows_keeps_the_order_as_it_is() -> None:
    progress = await status({"status": "Teleporting", "remains": "5"})
    assert (progress.phase, progress.word) == (Phase.UNKNOWN, "Teleporting")
    assert isinstance(settle(progress), Keep)


def test_q30_an_ending_is_believed_when_it_is_said_twice() -> None:
    """The same status and the same remains, a minute apart; another number begins anew."""
    first = settle(told(Phase.PARTIAL, 300), confirm_ms=60_000)
    assert isinstance(first, Sight)
    seen: dict[str, Any] = {"sight": first.sight, "sight_at": NOW - 60_000}
    assert ended(told(Phase.PARTIAL, 300), confirm_ms=60_000, **seen) == (OrderState.PARTIAL, 300)
    assert isinstance(settle(told(Phase.PARTIAL, 200), confirm_ms=60_000, **seen), Sight)
    early: dict[str, Any] = {**seen, "sight_at": NOW - 1_000}
    assert isinstance(settle(told(Phase.PARTIAL, 300), confirm_ms=60_000, **early), Sight)


def test_q31_a_loss_after_the_end_is_paid_too() -> None:
    done = {"state": OrderState.COMPLETED, "ended_at": 1, "remains": 0}
    assert ended(told(Phase.PARTIAL, 250), **done) == (OrderState.PARTIAL, 250)


async def test_q32_batches_in_every_shape() -> None:
    """By key, by the id inside, by position in a complete list; what was left out is simply not answered."""
    listed = [{"order": 6, **DONE}, {"order": 5, "status": "Pending"}]
    for reply in ({"5": {"status": "Pending"}, "6": DONE}, listed, [{"status": "Pending"}, DONE]):
        found = await several(reply)
        assert [found[one].phase for one in ("5", "6")] == [Phase.PENDING, Phase.COMPLETED]
    assert (await several({"5": DONE})).keys() == {"5"}
    bare = await several({"5": DONE, "6": "Incorrect order ID"}, NOT_FOUND)
    assert isinstance(bare["6"], Refused)
    flat = await several(DONE, DONE, {"status": "Pending"})
    assert [flat[one].phase for one in ("5", "6")] == [Phase.COMPLETED, Phase.PENDING]


async def test_q33_a_panel_without_batches_is_asked_one_by_one() -> None:
    """It is found out by trying."""
    asked = Asked(NOT_FOUND, DONE, parallel=1)
    assert len(await asked.ask("statuses", ["5", "6"])) == 2
    assert [one.params.get("orders") for one in asked.panel.sent] == ["5,6", None, None]


@pytest.mark.parametrize("charge", ["0", None])
async def test_q34_a_charge_of_nothing_after_the_add_is_no_price(charge: str | None) -> None:
    """Nor is what we expected to pay: until the provider has said a charge, its charge tells no part."""
    progress = await status({"status": "Pending", "charge": charge})
    assert isinstance(settle(progress), Announce)
    assert isinstance(settle(told(Phase.PARTIAL, 0, "2.0"), charge=""), HoldForOwner)
    assert ended(told(Phase.PARTIAL, 0, "2.0"), charge="2.5") == (OrderState.PARTIAL, 200)


def test_q35_whether_a_partial_order_is_charged_less_changes_no_refund() -> None:
    """Where the remaining units are told, they alone count."""
    for charge in ("2.5", "1.75", "0", None):
        assert ended(told(Phase.PARTIAL, 300, charge)) == (OrderState.PARTIAL, 300)


def test_q37_a_currency_that_changes_takes_the_provider_off_sale() -> None:
    """Until its owner agrees by writing it down."""
    row = ProviderRow(name="alpha", currency="USD", currency_change="INR")
    (silent,), (agreed,) = providers(alpha='currency = "USD"'), providers(alpha='currency = "INR"')
    with pytest.raises(NotForSale, match="INR"):
        currency_of(silent, row)
    assert currency_of(agreed, row) == "INR"


async def test_q38_a_refill_without_an_id_is_a_refill() -> None:
    assert await refill({"success": "We are on it"}) == Refill(None)


async def test_q39_an_error_inside_a_refill_is_found() -> None:
    refused = await refill({"refill": {"error": "Refill is disabled for this service"}})
    assert isinstance(refused, Refused)
    assert refused.code is Code.REFILL_DISABLED


async def test_q40_one_refill_may_be_answered_as_a_list() -> None:
    assert await refill_phase([{"refill": 3, "status": "Completed"}]) is RefillPhase.COMPLETED


async def test_q41_cancels_in_every_shape() -> None:
    """By rows, by keys, or in words: a request taken, unless an order is refused by name."""
    taken = CancelRequested()
    for reply in ([{"order": 5, "cancel": 1}], {"5": {"cancel": "requested"}}, {"success": "Will be looked at"}):
        assert await Asked(reply).ask("cancel", ["5"]) == {"5": taken}
    rows = [{"order": 5, "cancel": {"error": "Cannot cancel"}}, {"order": 6, "cancel": 1}]
    found = await Asked(rows).ask("cancel", ["5", "6"])
    assert isinstance(found["5"], Refused)
    assert found["6"] == taken


async def test_q41_a_cancel_of_one_order_in_every_shape() -> None:
    """By its row alone, or by an error alone."""
    for taken in ({"order": 5, "cancel": 1}, {"order": "5", "cancel": "1"}, {"order": 5, "cancel": True}):
        assert await Asked(taken).ask("cancel", ["5"]) == {"5": CancelRequested()}
        assert await Asked(taken).ask("cancel", ["5", "6"]) == {"5": CancelRequested()}
    for row in ({"order": 5, "cancel": {"error": "Cannot cancel"}}, {"order": 5, "error": "Cannot cancel"}):
        (refused,) = (await Asked(row).ask("cancel", ["5", "6"])).values()
        assert isinstance(refused, Refused)
        assert refused.code is Code.CANCEL_DISABLED
    for http in (200, 400):
        for text, code in (("Cancel is disabled for this service", "CANCEL_DISABLED"), *NO_ORDER):
            alone = Canned(body={"error": text}, status=http)
            refused = (await Asked(alone).ask("cancel", ["5"]))["5"]
            assert isinstance(refused, Refused)
            assert refused.code == code
            assert isinstance(await Asked(alone).ask("cancel", ["5", "6"]), ProviderError), "of whichever it was said"


async def test_q41_one_order_that_is_refused_alone_keeps_no_other_from_being_asked() -> None:
    """Where a panel takes cancels one by one; trouble with the account is about all of them."""
    row, one_by_one = Canned(body={"order": 6, "cancel": 1}), Dialect(cancel_param="order")
    for no in ("Incorrect order ID", "Cancel is disabled for this service"):
        said = (Canned(body={"error": no}), row)
        async with panel_server(*said) as panel, adapter_for(panel.url, one_by_one) as adapter:
            found = await adapter.cancel(["5", "6"])
            assert isinstance(found["5"], Refused)
            assert found["6"] == CancelRequested()
    said = (Canned(body={"error": "Invalid API key"}), row)
    async with panel_server(*said) as panel, adapter_for(panel.url, one_by_one) as adapter:
        with pytest.raises(Refused):
            await adapter.cancel(["5", "6"])


def test_q42_an_order_may_complete_although_its_cancel_was_taken() -> None:
    """Nothing comes back for it."""
    assert ended(told(Phase.COMPLETED, 0), cancel_wish=True) == (OrderState.COMPLETED, 0)


async def test_q44_limits_told_by_a_refusal_are_learnt(tmp_path: Path, fresh_sqlite: str) -> None:
    """Our picture of the service was old; the next order is judged by the new one."""
    refused = await add({"error": "Quantity must be between 500 and 9000"})
    assert isinstance(refused, Refused)
    assert (refused.code, refused.learned_minimum, refused.learned_maximum) == (Code.QTY_MIN, 500, 9000)
    sandbox = Sandbox(speed=0)
    async with panel_over(tmp_path, fresh_sqlite, {"alpha": sandbox}, services=IMPORT) as panel:
        await panel.syncer.sync("alpha")
        await panel.look()
        service = next(iter(panel.prices.shelf))
        sandbox.set_mode("refuse:Quantity less than minimal 5000")
        order = await accept_order(await make_reseller(), service=service.id)
        await panel.dispatcher.run_once()
        await panel.dispatcher.idle()
        (offer,) = service.offers
        assert (await learned_store.of_service("alpha", offer.service)).minimum == 5000
        assert (await order_now(order.id)).state is OrderState.QUEUED


async def test_q45_too_many_requests_without_a_time_is_answered_with_growing_patience() -> None:
    """About 2, 5, 15 and 60 seconds, and from the start after a call that went well."""
    refused = await Asked({"error": "Too many requests"}).ask("balance")
    assert isinstance(refused, ProviderError)
    row, pauses = ProviderRow(name="alpha"), []
    for _ in range(5):
        after = circuit_breaker.after_call(row, refused, now=NOW, breaker_ms=60_000)
        assert after is not None
        pauses.append((after.rest_until - NOW) // 1000)
        row = ProviderRow(name="alpha", failures=after.failures)
    assert [low <= pause <= low * 1.25 for pause, low in zip(pauses, (2, 5, 15, 60, 60), strict=True)] == [True] * 5
    assert circuit_breaker.after_call(row, None, now=NOW, breaker_ms=60_000) == circuit_breaker.CLOSED


def test_q49_a_drip_feed_without_charge_and_remains_is_told_by_its_runs() -> None:
    """Two of five runs of 200 were done when it was stopped."""
    drip: dict[str, Any] = {"runs": 5, "quantity": 1000}
    assert ended(told(Phase.PARTIAL, runs=2), **drip) == (OrderState.PARTIAL, 600)
    announced = settle(told(Phase.IN_PROGRESS, runs=2), **drip)
    assert isinstance(announced, Announce)
    assert announced.runs_done == 2


def test_q51_what_remains_of_a_package_is_no_number_of_units() -> None:
    """It may be 0, 1 or what was inside: only a charge of nothing says that it was not delivered."""
    package: dict[str, Any] = {"type": ServiceType.PACKAGE.value, "quantity": 1, "rate_per": 1}
    for remains in (0, 1, 730):
        assert isinstance(settle(told(Phase.PARTIAL, remains, "2.5"), **package), HoldForOwner)
    assert ended(told(Phase.PARTIAL, 730, "0"), **package) == (OrderState.CANCELLED, 1)


def test_q52_an_id_that_comes_to_mean_another_service_is_held() -> None:
    """A new spelling of the same is no other service."""
    old = {"7": kept("alpha:7", name="Instagram Followers - real")}
    same = compare(old, [goods("7", name="Instagram Followers | Real, fast")], "alpha")
    other = compare(old, [goods("7", name="Telegram Post Views")], "alpha")
    assert same.holds.get("7") is None
    assert other.holds["7"] is not None


async def test_q77_pending_for_ever_settles_nothing() -> None:
    """SmartPanel says so of every state that it does not know: the order stays open, and its money with it."""
    progress = await status({"status": "Pending", "remains": "1000"}, preset="smartpanel")
    for age in (0, DAY, 400 * DAY):
        found = settle(progress, created_at=NOW - age)
        assert isinstance(found, Announce)
        assert found.phase is Phase.PENDING
