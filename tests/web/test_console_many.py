"""One press of the owner for many services: held changes approved, ranged packages said what they are."""

from __future__ import annotations

from decimal import Decimal

import pytest

from aggregator.catalog import learned_store
from tests.web.kit import Visitor, Web, plain


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that the files name; edits of providers.toml are checked with it."""
    monkeypatch.setenv("SANDBOX_KEY", "sandbox")


async def test_many_held_changes_are_decided_with_one_press(web: Web, boss: Visitor) -> None:
    """What is ticked counts as it was seen; rises by their size, or all of a provider."""
    many, page = "/console/services/held/many", "/console/services/held"
    rows = web.sandbox.rows[:2]
    first, second = (int(row["service"]) for row in rows)

    async def raise_to(times: str, *services: int) -> dict[int, str]:
        for service in services:
            row = next(row for row in web.sandbox.rows if int(row["service"]) == service)
            web.sandbox.set_rate(service, Decimal(row["rate"]) * Decimal(times))
        await web.panel.syncer.sync("alpha")
        return {one.id: one.hold.text for one in await learned_store.held("alpha") if not one.hold.rejected}

    held = await raise_to("3", first, second)
    assert len(held) == 2
    assert "Many at once" in plain(await boss.get(page))
    assert "changed in the meantime" in plain(await boss.post(many, which="ticked", tick=f"{min(held)}:rose"))
    ticked = f"{min(held)}:{held[min(held)]}"
    assert "is believed" in plain(await boss.post(many, which="ticked", tick=ticked))
    assert len(await learned_store.held("alpha")) == 1
    assert "is held that rose by less" in plain(await boss.post(many, which="rises", provider="alpha", under="200"))
    assert "count now" in plain(await boss.post(many, which="rises", provider="alpha", under="201"))
    await raise_to("4", first, second)
    assert "is believed" in plain(await boss.post(many, which="all", provider="alpha"))
    assert await learned_store.held("alpha") == []


async def test_the_owner_says_with_one_press_what_ranged_packages_are(web: Web, boss: Visitor) -> None:
    path = "/console/providers/of/alpha"
    assert "Packages of a range" not in plain(await boss.get(path))
    package = {"service": 7999, "name": "A bunch of fans", "type": "Package", "category": "ZZ", "rate": "5", "min": 10}
    web.sandbox.set_catalogue([*web.sandbox.rows, {**package, "max": 5000}])
    assert (await web.panel.syncer.sync("alpha")).ranged_packages == 1
    assert "So far they are not sold" in plain(await boss.get(path))
    told = plain(await boss.post(f"{path}/packages", ranged_packages="default"))
    assert "are sold by the 1,000" in told
    (alpha, *_) = [one for one in web.panel.upstreams if one.profile.name == "alpha"]
    assert alpha.ranged_packages == "default"
