"""An owner puts one provider in the place of another, and resellers find nothing missing meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aggregator.app import Panel
from aggregator.catalog.shelf.shelf import NOBODY
from providers.sandbox import Sandbox
from tests.catalog.panels import panel_over
from tests.catalog.test_sync import rows

SERVICES = 'import_rest = false\n[[service]]\nid = 1\noffers = ["alpha:1", "bravo:1"]\n'


@pytest.fixture
async def panel(tmp_path: Path, fresh_sqlite: str) -> AsyncIterator[Panel]:
    """One that buys from alpha and has never heard of bravo, who asks more, nor of one who does not know our key."""
    sandboxes = {
        "alpha": Sandbox(catalogue=rows(1)),
        "bravo": Sandbox(catalogue=rows(1, rate="2.40")),
        "locked": Sandbox(key="another"),
    }
    async with panel_over(tmp_path, fresh_sqlite, sandboxes, services=SERVICES) as opened:
        await take(opened, "alpha")
        await opened.syncer.sync("alpha")
        await opened.look()
        yield opened


async def take(panel: Panel, *names: str) -> None:
    """The owner's providers.toml now names these."""
    named = tuple(one for one in panel.settings.providers if one.profile.name in names)
    await panel.take_providers(named)


def rate(panel: Panel) -> str | None:
    service = panel.prices.shelf.get(1)
    return str(service.price(NOBODY).rate) if service else None


async def test_a_service_stays_on_sale_until_the_provider_that_takes_over_has_been_read(panel: Panel) -> None:
    assert rate(panel) == "2.5"
    await take(panel, "bravo")
    await panel.look()
    await take(panel, "bravo")  # the same text once more, as after an edit elsewhere in the file
    assert (rate(panel), [one.profile.name for one in panel.upstreams]) == ("2.5", ["bravo"])
    await panel.syncer.sync("bravo")
    await panel.look()
    assert rate(panel) == "3"


async def test_a_provider_that_cannot_be_read_is_not_waited_for(panel: Panel) -> None:
    """Then what only the old one sold goes off sale, as the owner wrote."""
    await take(panel, "locked")
    assert rate(panel) == "2.5"
    assert (await panel.syncer.sync("locked")).error
    await panel.look()
    assert rate(panel) is None


async def test_a_provider_that_nobody_replaces_leaves_at_once(panel: Panel) -> None:
    await take(panel)
    assert rate(panel) is None


async def test_a_provider_that_comes_back_is_no_longer_leaving(panel: Panel) -> None:
    """A second edit overtakes the first."""
    await take(panel, "bravo")
    await take(panel, "alpha")
    await panel.look()
    assert (rate(panel), len(list(panel.prices.shelf))) == ("2.5", 1)
