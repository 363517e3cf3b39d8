"""A panel that is killed, frozen and cut off all the time loses no order, buys none twice and pays back every cent."""

from __future__ import annotations

import pytest

from tests.chaos.bursts import burst
from tests.chaos.plan import draw
from tests.chaos.storm import rage

SEED = 7


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_no_order_and_no_cent_goes_wrong_while_everything_breaks(database: str) -> None:
    """What resellers were told, what the books say and what the providers saw agree, whatever died in between."""
    report = await rage(draw(SEED, database, orders=150, kills=10))
    assert report.faults == [], report.line
    assert report.kills >= 10, "too few kills to prove anything"
    assert report.unsure, "no answer was lost: the run proves little"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_adds_at_the_same_moment_never_overdraw_a_wallet(database: str) -> None:
    """Of sixty orders at once exactly those that the wallet affords are taken, over one process or two."""
    outcome = await burst(database, rounds=4, adds=60)
    assert outcome.is_good, outcome.line


def test_a_seed_always_means_the_same() -> None:
    """A run that found something can be repeated."""
    assert draw(3, "sqlite", orders=40, kills=8) == draw(3, "sqlite", orders=40, kills=8)
    assert draw(3, "sqlite", orders=40, kills=8) != draw(4, "sqlite", orders=40, kills=8)
