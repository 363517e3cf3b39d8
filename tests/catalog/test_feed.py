"""The feed tells resellers and the owner what changed at the providers, each thing once, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aggregator.catalog import store
from aggregator.catalog.model import Change
from aggregator.catalog.syncing.feed import tell
from aggregator.storage import clock
from providers.sandbox import Sandbox
from providers.vocabulary import ServiceType
from tests.catalog.goods import row
from tests.catalog.panels import panel_over


@pytest.mark.parametrize(
    ("told", "kind", "before", "now"),
    [
        ({"rate": "2.5"}, "dearer", "2", "2.5"),
        ({"rate": "1.99"}, "cheaper", "2", "1.99"),
        ({"minimum": 50}, "limits", "100-10000", "50-10000"),
        ({"maximum": None}, "limits", "100-10000", "100-"),
        ({"name": "Better followers"}, "renamed", "Followers 101", "Better followers"),
        ({"type": ServiceType.CUSTOM_COMMENTS}, "type", "Default", "Custom Comments"),
        ({"refill": True}, "flags", "", "refill yes"),
        ({"flaw": "no price", "rate": "0"}, "gone", "2", "no price"),
        ({"missing": 2}, "gone", "2", ""),
    ],
)
def test_each_change_has_its_kind(told: dict[str, Any], kind: str, before: str, now: str) -> None:
    (change,) = tell(row(), row(**told))
    assert (change.kind, change.before, change.now) == (kind, before, now)


@pytest.mark.parametrize("told", [{"description": "Starts at once"}, {"category": "Best"}, {"missing": 1}, {}])
def test_polish_is_no_news(told: dict[str, Any]) -> None:
    assert tell(row(), row(**told)) == []


def test_what_comes_and_comes_back_is_told_with_its_price() -> None:
    assert tell(None, row()) == [Change("101", "new", "", "2", "Followers 101")]
    assert tell(row(missing=2), row()) == [Change("101", "back", "", "2", "Followers 101")]


def test_a_service_that_changed_in_two_ways_makes_two_lines() -> None:
    assert [change.kind for change in tell(row(), row(rate="3", minimum=1))] == ["dearer", "limits"]


def test_what_is_not_sold_anyway_makes_no_noise() -> None:
    assert tell(None, row(flaw="separator")) == []
    assert tell(row(flaw="no price", rate="0"), row(flaw="placeholder price", rate="99999999")) == []


async def test_every_sync_writes_its_changes_and_the_newest_is_read_first(tmp_path: Path, database_url: str) -> None:
    rows = [
        {"service": number, "name": f"Followers {number}", "category": "Instagram", "rate": "2.00", "min": 1, "max": 9}
        for number in (1, 2)
    ]
    alpha, bravo = Sandbox(catalogue=rows), Sandbox(catalogue=rows[:1])
    async with panel_over(tmp_path, database_url, {"alpha": alpha, "bravo": bravo}) as panel:
        for provider in ("alpha", "bravo", "alpha"):
            await panel.syncer.sync(provider)
        alpha.set_rate(2, "2.10")
        await panel.syncer.sync("alpha")
        lines = await store.changes()
        assert [(line.provider, line.service, line.kind, line.before, line.now) for line in lines] == [
            ("alpha", "2", "dearer", "2", "2.1"),
            ("bravo", "1", "new", "", "2"),
            ("alpha", "2", "new", "", "2"),
            ("alpha", "1", "new", "", "2"),
        ]
        assert [line.provider for line in await store.changes(provider="bravo")] == ["bravo"]
        assert len(await store.changes(limit=2)) == 2
        assert await store.changes(since=clock.now() + 1000) == []
