"""A sync reads a real panel over HTTP and puts on the shelf what may be believed, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aggregator.app import Panel
from aggregator.catalog import store
from aggregator.catalog.shelf.shelf import NOBODY
from aggregator.catalog.syncing.sync import SyncReport
from providers.sandbox import Sandbox
from tests.catalog.panels import opened, panel_over, settings_of, write_config
from tests.providers.sandbox_server import serving


def rows(count: int, **told: Any) -> list[dict[str, Any]]:
    """A catalogue of so many ordinary services."""
    return [
        {
            "service": number,
            "name": f"Followers {number}",
            "type": "Default",
            "category": "Instagram",
            "rate": "2.00",
            "min": "100",
            "max": "10000",
            "refill": True,
            "cancel": False,
            "dripfeed": False,
            **told,
        }
        for number in range(1, count + 1)
    ]


async def sync(panel: Panel, provider: str = "alpha") -> SyncReport:
    """One sync, and the look at it that every process takes."""
    report = await panel.syncer.sync(provider)
    await panel.look()
    return report


def sold(panel: Panel) -> dict[int, tuple[str, str]]:
    """What is on the shelf: name and rate by our id."""
    return {service.id: (service.name, str(service.price(NOBODY).rate)) for service in panel.prices.shelf}


async def test_a_first_sync_imports_everything_under_ids_of_ours(tmp_path: Path, database_url: str) -> None:
    async with panel_over(tmp_path, database_url, {"alpha": Sandbox(catalogue=rows(3))}) as panel:
        assert sold(panel) == {}
        report = await sync(panel)
        assert (report.services, [change.kind for change in report.changes]) == (3, ["new"] * 3)
        assert sold(panel) == {100_000 + number: (f"Followers {number}", "2.5") for number in (1, 2, 3)}


async def test_a_second_sync_changes_nothing(tmp_path: Path, database_url: str) -> None:
    async with panel_over(tmp_path, database_url, {"alpha": Sandbox(catalogue=rows(3))}) as panel:
        await sync(panel)
        before = panel.prices.shelf
        assert (await sync(panel)).changes == ()
        assert panel.prices.shelf is before


async def test_ids_stay_through_every_coming_and_going(tmp_path: Path, database_url: str) -> None:
    """What a reseller wrote into a script keeps its meaning: also over a restart and another provider's import."""
    alpha, bravo = Sandbox(catalogue=rows(6)), Sandbox(catalogue=rows(2))
    async with panel_over(tmp_path, database_url, {"alpha": alpha, "bravo": bravo}) as panel:
        await sync(panel, "alpha")
        await sync(panel, "bravo")
        first = sold(panel)
        alpha.remove_service(2)
        await sync(panel)
        assert set(sold(panel)) == set(first)
        await sync(panel)
        assert set(first) - set(sold(panel)) == {100_002}
        alpha.set_catalogue([*rows(6), *({**row, "service": f"x{row['service']}"} for row in rows(2))])
        await sync(panel)
        again = sold(panel)
        assert {number: again[number] for number in first} == first
        assert len(again) == 10
    async with opened(panel.settings) as restarted:
        assert sold(restarted) == again


async def test_a_rise_counts_at_once(tmp_path: Path, database_url: str) -> None:
    """Nothing is sold below what it costs by now."""
    alpha = Sandbox(catalogue=rows(1))
    async with panel_over(tmp_path, database_url, {"alpha": alpha}) as panel:
        await sync(panel)
        alpha.set_rate(1, "2.10")
        (change,) = (await sync(panel)).changes
        assert (change.kind, change.before, change.now) == ("dearer", "2", "2.1")
        assert sold(panel) == {100_001: ("Followers 1", "2.625")}


@pytest.mark.parametrize("mode", ["down", "html", "refuse:Maintenance", "refuse:Invalid API key"])
async def test_a_failed_sync_takes_nothing_off_the_shelf(tmp_path: Path, database_url: str, mode: str) -> None:
    """A provider's bad hour is not the end of its services."""
    alpha = Sandbox(catalogue=rows(3))
    async with panel_over(tmp_path, database_url, {"alpha": alpha}) as panel:
        await sync(panel)
        alpha.set_mode(mode)
        report = await sync(panel)
        assert report.failed
        assert report.error
        assert len(sold(panel)) == 3
        assert (await store.provider("alpha")).sync_error == report.error
        alpha.set_mode("up")
        assert not (await sync(panel)).failed
        assert (await store.provider("alpha")).sync_error is None


@pytest.mark.parametrize("remaining", [0, 4])
async def test_a_catalogue_that_vanished_or_shrank_is_held(tmp_path: Path, database_url: str, remaining: int) -> None:
    alpha = Sandbox(catalogue=rows(10))
    async with panel_over(tmp_path, database_url, {"alpha": alpha}) as panel:
        await sync(panel)
        alpha.set_catalogue(rows(remaining))
        for _ in range(3):
            assert (await sync(panel)).failed
        assert len(sold(panel)) == 10
        alpha.set_catalogue(rows(10))
        assert not (await sync(panel)).failed


async def test_the_balance_says_the_currency_and_a_change_of_it_stops_the_prices(
    tmp_path: Path, database_url: str
) -> None:
    """The owner agrees in providers.toml, and only then it is sold again."""
    fx = "[fx]\nEUR = 1.08\nVND = 0.00004\n"
    async with serving(Sandbox(catalogue=rows(1), currency="EUR")) as euros:
        config = write_config(tmp_path, {"alpha": euros}, markup=fx)
        async with opened(settings_of(config, database_url)) as panel:
            await sync(panel)
            assert sold(panel) == {100_001: ("Followers 1", "2.754")}
    async with serving(Sandbox(catalogue=rows(1, rate="50000"), currency="VND")) as dongs:
        write_config(tmp_path, {"alpha": dongs}, markup=fx)
        async with opened(settings_of(config, database_url)) as panel:
            await sync(panel)
            assert sold(panel) == {}
            assert 'currency = "VND"' in panel.prices.shelf.unsold[100_001]
        write_config(tmp_path, {"alpha": dongs}, markup=fx, providers='currency = "VND"\n')
        async with opened(settings_of(config, database_url)) as panel:
            assert sold(panel) == {100_001: ("Followers 1", "2.55")}
            await sync(panel)
            assert sold(panel) == {100_001: ("Followers 1", "2.55")}
            assert (await store.provider("alpha")).currency_change is None


async def test_a_repeated_id_is_sold_once(tmp_path: Path, database_url: str) -> None:
    twice = [{**rows(1)[0], "rate": rate} for rate in ("1", "2")]
    async with panel_over(tmp_path, database_url, {"alpha": Sandbox(catalogue=twice)}) as panel:
        assert (await sync(panel)).services == 1
        assert sold(panel) == {100_001: ("Followers 1", "2.5")}


async def test_a_renamed_provider_keeps_its_ids(tmp_path: Path, database_url: str) -> None:
    async with serving(Sandbox(catalogue=rows(3))) as url:
        async with opened(settings_of(write_config(tmp_path, {"alpha": url}), database_url)) as panel:
            await sync(panel)
            before = sold(panel)
        config = write_config(tmp_path, {"golf": url}, providers='formerly = "alpha"\n')
        async with opened(settings_of(config, database_url)) as panel:
            assert sold(panel) == before
            assert (await sync(panel, "golf")).changes == ()
            assert sold(panel) == before


async def test_an_unknown_provider_is_said_to_be_unknown(tmp_path: Path, fresh_sqlite: str) -> None:
    async with panel_over(tmp_path, fresh_sqlite, {"alpha": Sandbox()}) as panel:
        assert (await panel.syncer.sync("zulu")).error == "it is not in providers.toml"


async def test_a_due_sync_is_done_by_one_process(tmp_path: Path, database_url: str) -> None:
    async with panel_over(tmp_path, database_url, {"alpha": Sandbox(catalogue=rows(1))}) as panel:
        assert await panel.syncer.sync_if_due("alpha") is not None
        assert await panel.syncer.sync_if_due("alpha") is None


@pytest.mark.parametrize("rate", ["99999999", "60000"])
async def test_what_is_taken_off_sale_by_its_price_has_left_and_is_not_dearer(
    tmp_path: Path, fresh_sqlite: str, rate: str
) -> None:
    """By its worth, whatever the digits: neither a rise that waits for the owner, nor a catalogue that jumped."""
    alpha = Sandbox(catalogue=rows(30))
    async with panel_over(tmp_path, fresh_sqlite, {"alpha": alpha}) as panel:
        await sync(panel)
        for number in range(1, 13):
            alpha.set_rate(number, rate)
        report = await sync(panel)
        assert (report.held, {change.kind for change in report.changes}) == (None, {"gone"})
        assert len(sold(panel)) == 18
        alpha.set_catalogue(rows(30))
        report = await sync(panel)
        assert (report.held, len(sold(panel))) == (None, 30)
