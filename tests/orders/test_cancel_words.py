"""What the owner's cancel is said to have done is what it did."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.orders.aftersales.cancel_words import tell_asking
from aggregator.orders.model import CANCEL_TAKEN
from aggregator.orders.state import OrderState, Outcome
from aggregator.settings import ProviderSettings
from providers.adapter import Profile
from providers.dialect import PRESETS
from tests.builders import attempt_of, order_of


def configured(preset: str = "perfectpanel") -> dict[str, ProviderSettings]:
    profile = Profile(name="alpha", url="https://alpha.example/api/v2", key="k", dialect=PRESETS[preset])
    return {"alpha": ProviderSettings(profile=profile)}


def told(
    providers: dict[str, ProviderSettings] | None, *, state: OrderState = OrderState.ACTIVE, **attempt: Any
) -> str:
    known: dict[str, Any] = {"provider": "alpha", "outcome": Outcome.ACCEPTED, **attempt}
    return tell_asking(order_of(state=state), [attempt_of(**known)], providers)


def test_who_takes_cancels_is_asked() -> None:
    assert told(configured()) == "alpha is asked to cancel it"
    assert told(None) == "alpha is asked to cancel it", "a faulty file keeps nobody from asking"


def test_who_takes_none_or_is_gone_is_not() -> None:
    assert "alpha takes no cancels, so it is not asked" in told(configured("perfectpanel_old"))
    assert "alpha is in no providers.toml, so nobody is asked" in told({})


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        ({"cancel_asks": 1}, "has not answered an earlier request"),
        ({"cancel_asks": 1, "cancel_answer": CANCEL_TAKEN}, "took an earlier request to cancel it, and is not asked"),
        ({"cancel_asks": 1, "cancel_answer": "CANCEL_DISABLED"}, "refused to cancel it (CANCEL_DISABLED), and is"),
    ],
)
def test_what_came_of_earlier_requests_is_said(attempt: dict[str, Any], words: str) -> None:
    assert words in told(configured(), **attempt)


def test_of_an_order_that_may_be_nowhere_that_is_said() -> None:
    assert "nobody knows yet if alpha has it" in told(configured(), state=OrderState.UNSURE, outcome=Outcome.UNSURE)
    assert "before it goes anywhere" in tell_asking(order_of(state=OrderState.QUEUED), [], configured())
