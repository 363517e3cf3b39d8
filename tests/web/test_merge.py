"""Selling several services as one: what becomes of each id is shown before the press, and can be taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from aggregator.settings import SERVICES_FILE
from providers.sandbox import Sandbox
from tests.catalog.panels import panel_over
from tests.web.kit import Visitor, Web, plain

REFS = "alpha:1,bravo:7"


def row(service: int, name: str, rate: str, **told: Any) -> dict[str, Any]:
    usual = {"category": "Best", "type": "Default", "min": 10, "max": 1000, "refill": False, "cancel": False}
    return {"service": service, "name": name, "rate": rate, **usual, **told}


@pytest.fixture
async def pair(tmp_path: Path, fresh_sqlite: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Web]:
    """Alpha and bravo sell the same thing; alpha's can be cancelled."""
    monkeypatch.setenv("SANDBOX_KEY", "sandbox")
    alpha = Sandbox(catalogue=[row(1, "Instagram Likes [NR]", "0.50", cancel=True)])
    bravo = Sandbox(catalogue=[row(7, "Instagram Likes | No Refill", "0.45")])
    sandboxes = {"alpha": alpha, "bravo": bravo}
    async with panel_over(tmp_path, fresh_sqlite, sandboxes, services="import_rest = true\n") as built:
        for name in sandboxes:
            await built.syncer.sync(name)
        await built.look()
        await built.jobs.announce()
        yield Web(built, alpha)


@pytest.fixture
async def owner(pair: Web) -> Visitor:
    return await pair.owner()


async def test_the_page_says_before_the_press_what_becomes_of_each_id(pair: Web, owner: Visitor) -> None:
    assert "See what becomes of each id" in plain(await owner.get("/console/services/matches"))
    page = plain(await owner.get(f"/console/services/matches/merge?refs={quote(REFS)}"))
    assert "An alias of 100002: it can be ordered as before" in page
    assert "no cancel any more" in page
    assert [service.id for service in pair.panel.prices.shelf] == [100_001, 100_002]


async def test_a_merge_keeps_every_id_and_can_be_taken_back(pair: Web, owner: Visitor) -> None:
    before = (pair.panel.settings.directory / SERVICES_FILE).read_text()
    assert "under the id 100002" in plain(await owner.post("/console/services/matches", refs=REFS))
    shelf = pair.panel.prices.shelf
    assert ([service.id for service in shelf], shelf.aliases) == ([100_002], {100_001: 100_002})
    page = plain(await owner.get("/console/services/100001"))
    assert "100001 is an alias of this service" in page
    assert "Take it apart" in page
    assert "100002" in plain(await owner.get("/console/services?q=100001"))
    assert "is taken apart" in plain(await owner.post("/console/services/100002/apart", reason="no"))
    assert [service.id for service in pair.panel.prices.shelf] == [100_001, 100_002]
    assert (pair.panel.settings.directory / SERVICES_FILE).read_text().strip() == before.strip()


async def test_a_suggestion_that_is_gone_merges_nothing(owner: Visitor) -> None:
    assert "That suggestion is gone" in plain(await owner.get("/console/services/matches/merge?refs=alpha%3A9"))
    assert "That suggestion is gone" in plain(await owner.post("/console/services/matches", refs="alpha:9"))


async def test_offers_of_another_order_type_are_refused(pair: Web, owner: Visitor) -> None:
    pair.sandbox.set_catalogue([row(1, "Instagram Likes [NR]", "0.50", type="Poll")])
    await pair.panel.syncer.sync("alpha")
    await pair.panel.look()
    block = '[[service]]\nid = 1\noffers = ["bravo:7", "alpha:1"]\n'
    draft = await pair.panel._parts().edits.draft(SERVICES_FILE)
    with pytest.raises(Exception, match="alpha:1 is of type Poll, the service is Default"):
        await pair.panel._parts().edits.save(SERVICES_FILE, block, base=draft.base, actor="owner")
