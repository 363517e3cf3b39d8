"""A call leaves when it is its turn: what is written down first has its turn already, and who gets none never sent."""

from __future__ import annotations

import asyncio

import pytest

from providers.adapter import Adapter, Profile
from providers.errors import NoTurn
from providers.panel import Panel
from providers.vocabulary import ServiceType, Submission
from providers.wire.transport import Transport
from tests.providers.panel_server import Canned, Patience, panel_server, profile_of

ORDER = Submission(service="1", type=ServiceType.DEFAULT, link="https://x.example/u", quantity=10)
ACCEPTED, BALANCE = Canned(body={"order": 7}), Canned(body={"balance": "5"})


class Barrier(Patience):
    """A pace at which nobody's turn ever comes."""

    async def turn(self, profile: Profile, action: str) -> None:
        await super().turn(profile, action)
        await asyncio.Event().wait()


async def test_an_order_that_gets_no_turn_before_its_deadline_never_left() -> None:
    """Whoever wrote the deadline down may be sure that nothing is sent after it."""
    async with panel_server(ACCEPTED) as panel:
        profile = profile_of(panel.url, add_timeout_seconds=0.2)
        adapter: Adapter = Panel(profile, Transport(profile, Barrier()))
        with pytest.raises(NoTurn):
            await adapter.add(ORDER)
        await adapter.aclose()
        assert panel.sent == []


async def test_an_order_whose_turn_was_taken_before_leaves_at_once() -> None:
    """Waiting for the turn takes nothing of its deadline; a turn is good for one call."""
    pace = Patience()
    async with panel_server(ACCEPTED, ACCEPTED) as panel:
        profile = profile_of(panel.url, parallel=2)
        adapter: Adapter = Panel(profile, Transport(profile, pace))
        async with adapter.turn() as turn:
            assert pace.turns == ["add"]
            assert (await adapter.add(ORDER, turn)).order == "7"
            assert pace.turns == ["add"]
            await adapter.add(ORDER, turn)
        assert pace.turns == ["add", "add"]
        await adapter.aclose()


async def test_every_call_waits_for_its_turn_and_says_what_it_is() -> None:
    """Every try of a read has a turn of its own."""
    pace = Patience()
    async with panel_server(Canned(raw=b""), BALANCE, ACCEPTED, Canned(body={"cancel": 1})) as panel:
        profile = profile_of(panel.url)
        adapter = Panel(profile, Transport(profile, pace))
        await adapter.balance()
        await adapter.add(ORDER)
        await adapter.cancel(["7"])
        await adapter.aclose()
    assert pace.turns == ["balance", "balance", "add", "cancel"]
