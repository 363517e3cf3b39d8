"""What the owner's first page calls wrong, and how soon: pure, on what was seen."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aggregator.catalog.model import ProviderRow
from aggregator.catalog.upstream.balance_store import DayRow
from aggregator.orders.model import WaitingRows
from aggregator.orders.reporting.alerts import Situation, Tone, alarms
from aggregator.orders.reporting.provider_stats import NOBODY_WAITS, ProviderStanding
from aggregator.orders.reporting.provider_stats_store import Tries
from aggregator.settings import read_providers

NOW = 1_800_000_000_000
HOUR = 3_600_000
TEXT = '[[provider]]\nname = "alpha"\nurl = "https://alpha.example"\nkey = "k"\nlow_balance_alert = 20\n'


DRIFT = DayRow(
    id=1,
    provider="alpha",
    currency="USD",
    opened_at=NOW,
    looked_at=NOW,
    balance=Decimal(92),
    lost=Decimal("7.40"),
    due=Decimal("2.40000000"),
    drift=Decimal("5.00"),
    orders="[4,3,2,1,9,8,7]",
)


def standing(row: dict[str, Any] | None = None, **seen: Any) -> ProviderStanding:
    """A provider that is well, but for what is given."""
    (provider,) = read_providers(TEXT, "providers.toml", {}, Path("/"))
    well = {"balance": "100", "currency": "USD", "synced_at": NOW, **(row or {})}
    usual: dict[str, Any] = {"tries": Tries(), "unsure": NOBODY_WAITS, "late_polls": NOBODY_WAITS, "hours_left": None}
    return ProviderStanding(provider=provider, row=ProviderRow(name="alpha", **well), **{**usual, **seen})


def situation(one: ProviderStanding | None = None, **waiting: WaitingRows) -> Situation:
    usual: dict[str, Any] = {
        name: waiting.get(name, NOBODY_WAITS) for name in ("queued", "due", "placing", "held", "halted")
    }
    return Situation(**usual, standings=[one or standing()], now=NOW, sync_ms=900_000)


def test_a_panel_that_is_well_alarms_nobody() -> None:
    assert alarms(situation()) == []


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (standing(unsure=WaitingRows(3, NOW)), "3 orders unsure at alpha"),
        (standing(late_polls=WaitingRows(1, NOW)), "1 order at alpha not asked about"),
        (standing(elsewhere=WaitingRows(2, NOW)), "The address or key of alpha changed under 2 orders"),
        (standing({"rest_until": NOW + 1, "rest_reason": "it failed"}), "alpha is left alone: it failed"),
        (standing({"held_catalogue": "it shrank"}), "catalogue of alpha is held: it shrank"),
        (standing({"synced_at": NOW - 2 * HOUR, "sync_error": "no host"}), "could be read: no host"),
        (standing(tries=Tries(sent=20, accepted=5)), "took only 25 %"),
        (standing({"balance": "19"}), "alpha runs low: 19 USD"),
        (standing(hours_left=5), "enough for 5 hours"),
        (standing({"call_offs_doubted_at": NOW}), "alpha delivers or charges what it had called off"),
        (standing(drifts=[DRIFT]), "lost 7.4 USD since 2027-01-15T08:00Z, our orders should have cost 2.4 USD"),
        (standing(drifts=[DRIFT]), "(orders 4, 3, 2, 1, 9 and 2 more)"),
    ],
)
def test_each_trouble_of_a_provider_says_what_happens_by_itself_and_what_is_safe(
    one: ProviderStanding, said: str
) -> None:
    (alarm,) = alarms(situation(one))
    assert said in alarm.what
    assert alarm.by_itself
    assert alarm.safe


def test_what_stops_orders_comes_first() -> None:
    """No worker, and a provider without money, before whatever waits for a word."""
    found = alarms(
        situation(
            standing({"balance": "0"}),
            held=WaitingRows(1, NOW),
            due=WaitingRows(2, NOW - 5),
            placing=WaitingRows(1, NOW),
        )
    )
    assert [alarm.tone for alarm in found] == [Tone.BAD, Tone.BAD, Tone.WARN]
    assert (found[0].what, found[0].since) == ("3 orders should have been sent and nobody took them", NOW - 5)


def test_what_is_served_beyond_what_was_bought_and_goes_on_is_the_worst() -> None:
    (alarm,) = alarms(replace(situation(), overserved={"alpha": WaitingRows(2, NOW - 7), "gone": WaitingRows(1, NOW)}))
    assert (alarm.tone, alarm.what, alarm.since, alarm.provider) == (
        Tone.BAD,
        "alpha serves more than was bought, and does not stop: 2 orders",
        NOW - 7,
        "alpha",
    )


def test_few_tries_say_nothing_of_a_provider() -> None:
    assert alarms(situation(standing(tries=Tries(sent=3, accepted=0)))) == []
