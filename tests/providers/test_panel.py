"""What a panel's adapter remembers between calls, and how it is opened."""

from __future__ import annotations

import pytest

from providers.dialect import PRESETS as DIALECTS
from providers.dialect import Dialect
from providers.errors import Garbled, Refused, Unreachable
from providers.registry import PRESETS, UnknownPreset, find_preset, open_adapter
from providers.vocabulary import Capability, Progress
from tests.providers.panel_server import Canned, Patience, adapter_for, panel_server, profile_of

DONE = {"status": "Completed", "charge": "1"}
NOT_FOUND = Canned(body={"error": "Incorrect order ID"})


async def test_a_panel_without_batches_is_tried_once() -> None:
    """After a batch failed where single questions were answered, nobody asks for several any more."""
    async with panel_server(NOT_FOUND, Canned(body=DONE)) as panel, adapter_for(panel.url) as adapter:
        assert Capability.MULTI_STATUS in adapter.capabilities
        await adapter.statuses(["1", "2"])
        assert Capability.MULTI_STATUS not in adapter.capabilities
        await adapter.statuses(["1", "2"])
        assert [one.params.get("orders") for one in panel.sent] == ["1,2", None, None, None, None]


async def test_a_batch_that_once_worked_is_not_given_up() -> None:
    """One poisoned batch says nothing about the panel."""
    worked = Canned(body={"1": DONE, "2": DONE})
    async with panel_server(worked, NOT_FOUND, Canned(body=DONE)) as panel, adapter_for(panel.url) as adapter:
        await adapter.statuses(["1", "2"])
        await adapter.statuses(["1", "2"])
        assert Capability.MULTI_STATUS in adapter.capabilities


async def test_a_panel_that_answers_nothing_keeps_its_capability() -> None:
    """When single questions fail as well, the batch was not the reason."""
    async with panel_server(NOT_FOUND) as panel, adapter_for(panel.url) as adapter:
        answers = await adapter.statuses(["1", "2"])
        assert all(isinstance(answer, Refused) for answer in answers.values())
        assert Capability.MULTI_STATUS in adapter.capabilities


async def test_a_smaller_batch_is_learnt() -> None:
    """The size that a panel named is kept for the next round."""
    too_big = Canned(status=400, body={"error": "Maximum 2 orders"})
    rows = Canned(body={str(number): DONE for number in range(9)})
    async with panel_server(too_big, rows) as panel, adapter_for(panel.url) as adapter:
        assert len(await adapter.statuses([str(number) for number in range(4)])) == 4
        await adapter.statuses(["5", "6", "7"])
        assert [one.params.get("orders") for one in panel.sent] == ["0,1,2,3", "0,1", "2,3", "5,6", None]


async def test_a_portion_of_cancels_that_fails_keeps_no_other() -> None:
    """Of its orders nobody knows anything; of all others what was said."""
    taken, page = [Canned(body=[{"order": n, "cancel": 1} for n in some]) for some in ("12", "56")], Canned(text="<p>")
    async with (
        panel_server(taken[0], page, taken[1]) as panel,
        adapter_for(panel.url, Dialect(batch_size=2)) as adapter,
    ):
        assert (await adapter.cancel(list("123456"))).keys() == set("1256")
        assert [one.params["orders"] for one in panel.sent] == ["1,2", "3,4", "5,6"]


async def test_a_panel_that_wants_fewer_calls_is_asked_to_cancel_nothing_more() -> None:
    taken, busy = Canned(body=[{"order": 1, "cancel": 1}]), Canned(status=429, body={"error": "Too many requests"})
    async with panel_server(taken, busy) as panel, adapter_for(panel.url, Dialect(batch_size=1)) as adapter:
        assert (await adapter.cancel(list("1234"))).keys() == {"1"}
        assert len(panel.sent) == 2


async def test_a_no_to_one_order_alone_is_about_that_order() -> None:
    no, taken = Canned(body={"error": "Incorrect order ID"}), Canned(body=[{"order": 2, "cancel": 1}])
    async with panel_server(no, taken) as panel, adapter_for(panel.url, Dialect(batch_size=1)) as adapter:
        answers = await adapter.cancel(["1", "2"])
        assert [isinstance(answers[one], Refused) for one in ("1", "2")] == [True, False]


async def test_what_was_learnt_before_the_trouble_is_kept() -> None:
    """A panel that breaks down between two batches has answered the first."""
    rows, page = Canned(body={"1": DONE, "2": DONE}), Canned(text="<html>login</html>")
    async with panel_server(rows, page) as panel, adapter_for(panel.url, Dialect(batch_size=2)) as adapter:
        answers = await adapter.statuses(["1", "2", "3", "4"])
        assert answers.keys() == {"1", "2"}
        assert all(isinstance(answer, Progress) for answer in answers.values())


async def test_a_panel_that_is_down_is_not_asked_for_each_order() -> None:
    """A hundred single questions to a dead panel would take all day."""
    page = Canned(text="<html>login</html>")
    off = Dialect(multi_status="off")
    async with panel_server(page) as panel, adapter_for(panel.url, off, parallel=2) as adapter:
        with pytest.raises(Garbled):
            await adapter.statuses([str(number) for number in range(50)])
        assert len(panel.sent) == 2


@pytest.mark.parametrize("preset", sorted(PRESETS))
async def test_every_preset_opens_an_adapter_that_reads_a_balance(preset: str) -> None:
    """A family is data; all of it goes the same way, wrapped or not."""
    async with panel_server(Canned(body={"success": True, "data": {"balance": "5"}})) as panel:
        adapter = open_adapter(profile_of(panel.url, find_preset(preset).dialect), preset, Patience())
        try:
            assert str((await adapter.balance()).balance) == "5"
        finally:
            await adapter.aclose()


def test_an_unknown_preset_names_the_known_ones() -> None:
    """Whoever mistyped sees what to write."""
    with pytest.raises(UnknownPreset, match=r"'mistic'.*mystic"):
        open_adapter(profile_of("http://127.0.0.1/"), "mistic", Patience())


def test_every_dialect_has_an_adapter_and_no_preset_a_fault() -> None:
    """A dialect without an adapter could be configured and never opened."""
    assert DIALECTS.keys() <= PRESETS.keys()
    assert [preset.dialect.faults() for preset in PRESETS.values()] == [[]] * len(PRESETS)


def test_a_dialect_says_what_is_wrong_with_it() -> None:
    """All faults at once, each naming its setting."""
    wrong = Dialect(body_format="xml", batch_size=0, cancel_means="maybe", error_words={"x": "NO_SUCH"})
    assert [fault.split(" ")[0] for fault in wrong.faults()] == [
        "body_format",
        "cancel_means",
        "error_words.'x'",
        "batch_size",
    ]


def test_what_an_error_allows() -> None:
    """Each error says whether another provider may be tried."""
    assert (Unreachable().may_try_another, Garbled().may_try_another) == (True, False)
