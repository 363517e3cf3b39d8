"""Whatever grows with a catalogue or a file of the configuration is worked out beside the event loop."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from aggregator.catalog import store
from aggregator.catalog.shelf.preview import compare
from aggregator.catalog.shelf.prices import revise
from aggregator.settings import MARKUP_FILE, SERVICES_FILE, read_markup
from providers.sandbox import Sandbox
from tests.api.served import SERVICES, goods
from tests.catalog.goods import offers, row, shelf
from tests.catalog.panels import panel_over
from tests.catalog.test_edits import edits_of
from tests.loops import called_here

GROWS = {
    "toml.Reading._parse",
    "lines._Scanner.scan",
    "lost.find_loss",
    "edits._parse",
    "loading._Loader.load",
    "crosschecks.cross_check",
    "merging.refuse_mixed_types",
    "shelf.build",
    "offers.Offers.__init__",
    "preview.compare",
    "diff.compare",
    "sync._report",
    "sync.Syncer._weighed",
    "news.lines_of",
    "news.compare",
    "files.write_text",
}
BY = {"actor": "olga", "reason": "a test"}
OTHER = "[default]\npercent = 40\n"


async def test_no_edit_preview_sync_or_announcement_is_worked_out_on_the_loop(tmp_path: Path, panel_url: str) -> None:
    alpha = {"alpha": Sandbox(catalogue=goods(), speed=0)}
    async with panel_over(tmp_path, panel_url, alpha, services=SERVICES) as panel:
        edits, prices = edits_of(panel), panel.prices
        with called_here() as called:
            await panel.syncer.sync("alpha")
            await prices.reload(panel.upstreams)
            await panel.jobs.announce()
            await edits.change_service(1, {"name": "Another name"}, **BY)
            begun = await edits.draft(MARKUP_FILE)
            await edits.save(MARKUP_FILE, OTHER, base=begun.base, **BY)
            await edits.change_provider("alpha", {"enabled": True}, **BY)
            await prices.preview_changes(panel.upstreams, await edits.read_markup(OTHER))
            await prices.preview_changes(panel.upstreams, await edits.read_markup(f"{OTHER}[fx]\nEUR = 1.1\n"))
            await prices.foresee(panel.upstreams, prices.services.services[0])
            await edits.by_hand()
            assert await revise(MARKUP_FILE, OTHER.replace("40", "41"))
            await edits.remove_service(2, **BY)
        assert "prices.Prices.reload" in called
        assert not called & GROWS


async def test_a_file_is_read_once_for_each_of_its_revisions(tmp_path: Path, fresh_sqlite: str) -> None:
    async with panel_over(tmp_path, fresh_sqlite, {"alpha": Sandbox(speed=0)}, services=SERVICES) as panel:
        services = panel.prices.services
        await panel.prices.reload(panel.upstreams)
        assert panel.prices.services is services
        await store.add_revision(SERVICES_FILE, SERVICES.replace("id = 1", "id = 7"), "file")
        await panel.prices.reload(panel.upstreams)
        assert panel.prices.services.services[0].id == 7


async def test_an_explanation_reads_the_listings_again_only_when_they_changed(
    tmp_path: Path, fresh_sqlite: str
) -> None:
    async with panel_over(tmp_path, fresh_sqlite, {"alpha": Sandbox(catalogue=goods(), speed=0)}) as panel:
        await panel.syncer.sync("alpha")
        await panel.prices.reload(panel.upstreams)
        sources = await panel.prices.sources(panel.upstreams)
        assert await panel.prices.sources(panel.upstreams) is sources
        alpha = next(iter(await store.listings("alpha")))
        await store.put_listings([replace(alpha, rate="9.99")])
        await revise(MARKUP_FILE, OTHER)
        assert await panel.prices.sources(panel.upstreams) is not sources


def test_another_markup_is_priced_upon_the_same_shelf_as_upon_one_made_anew() -> None:
    """Also where a price decides which offers count, and with them whether any quantity can be ordered."""
    named = [
        '[[service]]\nid = 1\noffers = ["alpha:1", "bravo:1"]\nmin = 500\n',
        '[[service]]\nid = 2\noffers = ["alpha:2"]\nname = "Two"\n',
        '[[service]]\nid = 3\noffers = ["alpha:3"]\nmax = 50\n',
    ]
    rows = [
        row("alpha:1", "1.00", minimum=100, maximum=400),
        row("bravo:1", "1.30", minimum=401, maximum=9000),
        row("alpha:2", "0.0051"),
        row("alpha:3", "7", minimum=100),
    ]
    texts = ["[default]\npercent = 20\n", "[default]\npercent = 60\n", "[default]\npercent = -20\nfixed = 0.01\n"]
    shelves = {text: shelf(offers(rows), "".join(named), markup=text) for text in texts}
    assert {len(list(one)) for one in shelves.values()} == {1, 2}, "one price lets the first service be sold"
    for now in shelves.values():
        for text, other in shelves.items():
            book = read_markup(text, MARKUP_FILE, currency="USD").book
            assert [one.id for one in now.at(book)] == [one.id for one in other]
            assert compare(now, now.at(book)) == compare(now, other)
