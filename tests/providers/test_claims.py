"""Nothing is promised of a family that no recorded exchange shows."""

from __future__ import annotations

from typing import Any

import pytest

from providers.errors import Code, Refused
from providers.registry import PRESETS, find_preset, open_adapter
from providers.vocabulary import Capability
from tests.providers.claims import BY_CAPABILITY, claims_of, shown_by
from tests.providers.panel_server import Patience, adapter_of, profile_of
from tests.providers.test_exchanges import EXCHANGES

RECORDED: list[dict[str, Any]] = [exchange.values[0] for exchange in EXCHANGES]  # type: ignore[misc]  # values hold dicts


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_claim_of_a_preset_is_shown(preset: str) -> None:
    """Whoever adds a family records what it answers to each call that it is said to take."""
    adapter = open_adapter(profile_of("http://127.0.0.1:1/", find_preset(preset).dialect), preset, Patience())
    assert claims_of(adapter) - shown_by(RECORDED, preset) == set()


def test_a_claim_that_nothing_shows_is_found() -> None:
    """The rule can fail: for a family without exchanges every claim is missing, and a refusal shows nothing."""
    refused = {"preset": "new", "call": ["cancel", ["1"]], "replies": [{}], "gives": {"1": {"refused": "PARAMS"}}}
    failed = {"preset": "new", "call": ["balance"], "replies": [{}], "raises": {"error": "Garbled"}}
    singly = {"preset": "new", "call": ["statuses", ["1"]], "replies": [{}], "gives": {"1": {"phase": "pending"}}}
    assert shown_by([refused, failed, singly], "new") == {"one status"}


def test_every_capability_is_a_claim() -> None:
    """A capability that the suite does not know would never be asked for proof."""
    assert BY_CAPABILITY.keys() == set(Capability)


@pytest.mark.parametrize("preset", sorted(PRESETS))
async def test_what_a_preset_does_not_claim_is_refused_without_a_call(preset: str) -> None:
    """A refill or cancel of a family that has none costs no request: nobody listens at this address."""
    profile = profile_of("http://127.0.0.1:1/", find_preset(preset).dialect)
    async with adapter_of(profile, preset) as adapter:
        if Capability.CANCEL not in adapter.capabilities:
            refused = (await adapter.cancel(["5"]))["5"]
            assert isinstance(refused, Refused)
            assert refused.code is Code.CANCEL_DISABLED
        if Capability.REFILL not in adapter.capabilities:
            with pytest.raises(Refused) as raised:
                await adapter.refill("5")
            assert raised.value.code is Code.REFILL_DISABLED
