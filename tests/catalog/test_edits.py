"""Edits from the console: checked as by the command, written into the file, published, and never over another's."""

from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from msgspec.structs import replace

from aggregator.app import Panel
from aggregator.catalog import store
from aggregator.catalog.shelf.drafts import Overtaken
from aggregator.catalog.shelf.edits import Edits
from aggregator.catalog.shelf.prices import revise
from aggregator.catalog.shelf.shelf import NOBODY
from aggregator.config_watcher import publish
from aggregator.settings import MARKUP_FILE, PROVIDERS_FILE, SERVICES_FILE, ConfigurationError
from aggregator.settings.files import CannotWrite
from aggregator.storage import decisions
from pricing.markup import MarkupBook, Price
from tests.catalog.goods import row
from tests.catalog.panels import opened, settings_of, write_config

MARKUP = "# ours\n[default]\npercent = 25   # a quarter\n"
SERVICES = '# what we sell\n[[service]]\nid = 1\nname = "Followers"\noffers = ["alpha:101", "bravo:9"]\n'
ENVIRONMENT = {"SANDBOX_KEY": "sandbox"}


@pytest.fixture
async def panel(panel_url: str, tmp_path: Path) -> AsyncIterator[Panel]:
    """A panel whose two providers list a few services; nothing is asked of them."""
    urls = {"alpha": "http://127.0.0.1:1", "bravo": "http://127.0.0.1:2"}
    config = write_config(
        tmp_path, urls, aggregator="", markup=MARKUP, services=SERVICES, providers='currency = "USD"\n'
    )
    path = config / PROVIDERS_FILE
    path.write_text(path.read_text().replace("[[provider]]\n", '[[provider]]\ncurrency = "USD"\n', 1))
    async with opened(settings_of(config, panel_url)) as made:
        await store.put_listings([row("alpha:101", "2"), row("bravo:9", "3"), row("bravo:10", "4")])
        await store.give_ids("bravo", ["9", "10"])
        await made.prices.reload(made.upstreams)
        yield made


@pytest.fixture(autouse=True)
def _emptied(panel_database: str) -> None:
    """PostgreSQL is emptied first."""


def edits_of(panel: Panel) -> Edits:
    return Edits(panel.settings, ENVIRONMENT, panel.prices, panel.upstreams, panel.upstreams, panel.take_providers)


def rate_of(panel: Panel, service: int = 1) -> str | None:
    found = panel.prices.shelf.get(service)
    return str(found.price(NOBODY).rate) if found else None


async def test_a_saved_markup_is_in_the_file_in_force_and_on_record(panel: Panel) -> None:
    """Comments as they were typed; the author and the reason with it; reverted, it is as before."""
    edits = edits_of(panel)
    before = await edits.draft(MARKUP_FILE)
    text = before.text.replace("25   # a quarter", "50   # a half")
    assert (rate_of(panel), before.by_hand) == ("2.5", False)
    saved = await edits.save(MARKUP_FILE, text, base=before.base, actor="olga", reason="summer")
    assert (rate_of(panel), saved.author, saved.text) == ("3", "olga", text)
    assert (panel.settings.directory / MARKUP_FILE).read_text() == text
    (decision,) = await decisions.about("file", saved.id)
    assert (decision.actor, decision.verdict, decision.reason) == ("olga", "saved", "summer")
    assert before.in_force is not None
    now = await edits.draft(MARKUP_FILE)
    await edits.revert(before.in_force, base=now.base, actor="oleg")
    assert rate_of(panel) == "2.5"
    history = await store.revisions(MARKUP_FILE, limit=10)
    assert [revision.author for revision in history] == ["oleg", "olga", "file"]


async def test_of_two_owners_who_began_with_the_same_text_one_saves(panel: Panel) -> None:
    """The other is shown what has taken its place, and keeps what was typed."""
    edits = edits_of(panel)
    base = (await edits.draft(MARKUP_FILE)).base
    texts = [MARKUP.replace("25", "30"), MARKUP.replace("25", "40")]
    results = await asyncio.gather(
        *(edits.save(MARKUP_FILE, text, base=base, actor="olga") for text in texts), return_exceptions=True
    )
    overtaken = [result for result in results if isinstance(result, Overtaken)]
    assert len(overtaken) == 1
    assert {overtaken[0].mine, overtaken[0].now.text} == set(texts)
    assert (panel.settings.directory / MARKUP_FILE).read_text() == overtaken[0].now.text
    assert len(await store.revisions(MARKUP_FILE, limit=10)) == 2


async def test_an_edit_by_hand_is_never_written_over(panel: Panel) -> None:
    """Somebody has the file open in an editor, perhaps with a fault in it."""
    edits = edits_of(panel)
    base = (await edits.draft(MARKUP_FILE)).base
    path = panel.settings.directory / MARKUP_FILE
    path.write_text("[default]\npercent = \n")
    with pytest.raises(Overtaken, match="somebody with an editor"):
        await edits.save(MARKUP_FILE, MARKUP, base=base, actor="olga")
    assert path.read_text() == "[default]\npercent = \n"
    now = await edits.draft(MARKUP_FILE)
    assert now.by_hand
    await edits.save(MARKUP_FILE, MARKUP.replace("25", "30"), base=now.base, actor="olga")
    assert rate_of(panel) == "2.6"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (MARKUP_FILE, "[default]\npercent = -100\n", "percent must be"),
        (SERVICES_FILE, SERVICES.replace("bravo:9", "zulu:9"), "there is no provider"),
        (SERVICES_FILE, "[[service]]\n", "id is missing"),
    ],
)
async def test_a_text_with_a_fault_is_refused_whole(panel: Panel, file: str, text: str, said: str) -> None:
    edits = edits_of(panel)
    before = await edits.draft(file)
    with pytest.raises(ConfigurationError, match=said):
        await edits.save(file, text, base=before.base, actor="olga")
    assert (panel.settings.directory / file).read_text() == before.text
    assert await decisions.listed(limit=5) == []


async def test_a_folder_that_cannot_be_written_changes_nothing(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the prices either: the file and what is in force stay together."""
    edits = edits_of(panel)
    before = await edits.draft(MARKUP_FILE)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CannotWrite, match="No space left"):
        await edits.save(MARKUP_FILE, MARKUP.replace("25", "30"), base=before.base, actor="olga")
    monkeypatch.undo()
    assert await edits.draft(MARKUP_FILE) == before
    assert rate_of(panel) == "2.5"


async def test_services_are_hidden_renamed_and_pinned(panel: Panel) -> None:
    """One that was sold as it comes gets a block of its own; all comments stay."""
    edits = edits_of(panel)
    imported = (await store.imported())["bravo", "10"]
    await edits.change_service(1, {"name": "Fans", "pin": "bravo:9"}, actor="olga")
    await edits.change_service(imported, {"enabled": False}, offer="bravo:10", actor="olga", reason="complaints")
    found = panel.prices.shelf.get(1)
    assert found is not None
    assert (found.name, rate_of(panel)) == ("Fans", "3.75")
    assert panel.prices.shelf.unsold == {imported: "switched off in services.toml"}
    await edits.change_service(imported, {"enabled": None}, actor="olga")
    assert rate_of(panel, imported) == "5"
    assert (panel.settings.directory / SERVICES_FILE).read_text().startswith("# what we sell\n")


async def test_a_provider_is_added_with_its_key_out_of_sight_and_switched_off_again(panel: Panel) -> None:
    edits = edits_of(panel)
    values = {"name": "charlie", "url": "https://charlie.example/api/v2", "preset": "mystic", "import_categories": []}
    await edits.add_provider(values, key="s3cret-key", actor="olga")
    text = (panel.settings.directory / PROVIDERS_FILE).read_text()
    assert "s3cret-key" not in text
    assert 'key = "file:config/secrets/charlie"' in text
    assert stat.S_IMODE((panel.settings.directory / "secrets" / "charlie").stat().st_mode) == 0o600
    added = panel.upstreams.settings("charlie")
    assert added is not None
    assert (added.profile.key, added.import_categories) == ("s3cret-key", ())
    with pytest.raises(ConfigurationError, match="already"):
        await edits.add_provider(values, key="x", actor="olga")
    await edits.change_provider("charlie", {"enabled": False}, actor="olga")
    assert [one.profile.name for one in panel.upstreams if not one.enabled] == ["charlie"]
    assert "s3cret" not in str(await decisions.listed(limit=9))


class Watched(MarkupBook, frozen=True, dict=True):
    """Prices as its rules say, and knows in which threads it was asked."""

    threads: ClassVar[set[int]] = set()

    def price(self, *given: Any, **named: Any) -> Price:
        self.threads.add(threading.get_ident())
        return super().price(*given, **named)


async def test_other_prices_are_worked_out_beside_the_event_loop(panel: Panel) -> None:
    """However many services there are, whoever asks for something else meanwhile is answered."""
    markup = await edits_of(panel).read_markup("[default]\npercent = 40\n")
    watched = replace(markup, book=Watched(*msgspec.structs.astuple(markup.book)))
    changes = await panel.prices.preview_changes(panel.upstreams, watched)
    assert (changes[0].service, changes[0].now, changes[0].new) == (1, "2.5", "2.8")
    assert Watched.threads
    assert threading.get_ident() not in Watched.threads
    assert rate_of(panel) == "2.5"


async def test_an_outdated_file_does_not_undo_what_was_saved_at_the_console(panel: Panel) -> None:
    """A second machine starts with its copy from before; a text that was never in force is an edit all the same."""
    path = panel.settings.directory / MARKUP_FILE
    await publish(panel.settings)
    draft = await edits_of(panel).draft(MARKUP_FILE)
    saved = MARKUP.replace("25", "40")
    await edits_of(panel).save(MARKUP_FILE, saved, base=draft.base, actor="olga (web)")
    path.write_text(MARKUP)
    await publish(panel.settings)
    assert await in_force() == saved
    path.write_text(MARKUP.replace("25", "30"))
    await publish(panel.settings)
    path.write_text(MARKUP)
    await publish(panel.settings)
    assert await in_force() == MARKUP, "back to an earlier text by hand, where nobody saved at the console since"


@pytest.mark.parametrize("file", [MARKUP_FILE, SERVICES_FILE])
async def test_a_lost_text_is_no_edit_and_the_console_may_still_mean_it(panel: Panel, file: str) -> None:
    """The owner is shown which line of which file, and what is kept; saving the same text puts it in force."""
    edits, path = edits_of(panel), panel.settings.directory / file
    await publish(panel.settings)
    before = (await edits.draft(file)).text
    path.write_text("")
    with pytest.raises(ConfigurationError, match=r"cut\.toml:1: is empty"):
        await revise(file, "", found_in="cut.toml")
    await publish(panel.settings)
    (begun,) = await edits.by_hand()
    assert (begun.file, begun.text) == (file, "")
    assert str(begun.fault).startswith(f"{path}:1: is empty")
    newest = await store.newest_revision(file)
    assert newest is not None
    assert newest.text == before
    saved = await edits.save(file, "", base=begun.base, actor="olga")
    assert (saved.text, await edits.by_hand()) == ("", [])
    await publish(panel.settings)
    assert (await edits.draft(file)).in_force == saved


async def test_a_file_that_cannot_be_read_is_shown_and_can_be_written_over(panel: Panel) -> None:
    edits, path = edits_of(panel), panel.settings.directory / MARKUP_FILE
    await publish(panel.settings)
    path.write_bytes(b"[default]\npercent = 2\xff\n")
    (begun,) = await edits.by_hand()
    assert str(begun.fault).startswith(f"{path}:2: is not UTF-8")
    path.unlink()
    path.symlink_to(path.name)
    (begun,) = await edits.by_hand()
    assert str(begun.fault).startswith(f"{path}:1: cannot be read")
    with pytest.raises(CannotWrite, match="links"):
        await edits.save(MARKUP_FILE, MARKUP, base=begun.base, actor="olga")
    path.unlink()
    begun = await edits.draft(MARKUP_FILE)
    assert begun.fault is None
    await edits.save(MARKUP_FILE, MARKUP.replace("25", "30"), base=begun.base, actor="olga")
    assert rate_of(panel) == "2.6"


async def in_force() -> str:
    newest = await store.newest_revision(MARKUP_FILE)
    assert newest is not None
    return newest.text
