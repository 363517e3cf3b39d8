"""What providers say that nobody understands is kept for the owner, who says once what it means, for every process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import Panel
from aggregator.catalog.upstream import knowledge, word_store, words
from aggregator.catalog.upstream.knowledge import Knowledge
from aggregator.catalog.upstream.word_store import MOST_WORDS, WordRow
from aggregator.catalog.upstream.words import WordUnknown
from aggregator.orders import store
from aggregator.orders.aftersales.refill import request_refill
from aggregator.orders.state import OrderState
from aggregator.storage import clock, tables
from providers.errors import Code, Garbled, ProviderError, Refused, Unsure
from providers.sandbox import Sandbox
from providers.vocabulary import Capability, Phase, Progress
from tests.builders import accept_order, active_order, make_reseller, order_now
from tests.catalog.goods import providers
from tests.catalog.panels import opened, panel_over, settings_of, write_config
from tests.providers.panel_server import Canned, PanelServer, panel_server

QUICK = "[pace]\npoll_seconds = 0.01\nconfirm_seconds = 0\n"


def said(word: str, raw: str = "") -> Progress:
    return Progress(phase=Phase.UNKNOWN, word=word, raw=raw)


def refused(text: str) -> ProviderError:
    error = Unsure(text, code=Code.UNKNOWN, raw=f'{{"error": "{text}"}}')
    error.unknown = text
    return error


async def kept(provider: str | None = None, *, everything: bool = False) -> list[WordRow]:
    return await word_store.words(provider, everything=everything)


async def test_a_word_is_kept_once_and_counted(panel_database: str) -> None:
    """However often it comes, and from however many orders at once; the newest reply stays with it."""
    await words.note_answers("alpha", [said("Gotowe", "first"), said("Gotowe", "second"), said("Nowe")])
    await words.note_answers("alpha", [said("Gotowe", "third")])
    await words.note_error("bravo", refused("Kasa pusta"))
    found = {(row.provider, row.kind, row.text): (row.times, row.reply) for row in await kept()}
    assert found == {
        ("alpha", "status", "Gotowe"): (3, "third"),
        ("alpha", "status", "Nowe"): (1, ""),
        ("bravo", "error", "Kasa pusta"): (1, '{"error": "Kasa pusta"}'),
    }


async def test_what_is_understood_is_not_kept(panel_database: str) -> None:
    """Nor silence: there is no word in it to explain."""
    known = Refused("Not enough funds", code=Code.FUNDS)
    await words.note_answers("alpha", [Progress(phase=Phase.PENDING, word="Pending"), said(""), known, None, Garbled()])
    assert await kept() == []


async def test_a_flood_of_words_pushes_out_the_oldest_but_no_meaning(panel_database: str) -> None:
    """A panel that writes a number into every error cannot fill the database, nor hide its newest word."""
    await words.note_answers("alpha", [said("Gotowe")])
    await words.explain("alpha", "Gotowe", "completed", actor="ann", reason="")
    await words.note_answers("alpha", [refused(f"error {number}") for number in range(MOST_WORDS + 3)])
    await words.note_answers("bravo", [said("Nowe")])
    found = {row.text for row in await kept("alpha", everything=True)}
    assert len(found) == MOST_WORDS + 1
    assert {"Gotowe", f"error {MOST_WORDS + 2}"} <= found
    assert "error 0" not in found
    assert len(await kept("bravo")) == 1


async def test_a_meaning_is_a_decision_of_somebody(panel_database: str) -> None:
    """Who said it, of what, and why stays for ever; the word leaves the list."""
    await words.note_answers("alpha", [said("GOTOWE")])
    (row,) = await words.explain("alpha", "gotowe", "Complete", actor="ann", reason="asked their support")
    assert row.meaning == "completed"
    assert await kept() == []
    (decision,) = await tables.Decision.select()
    assert (decision["subject"], decision["subject_id"], decision["verdict"]) == ("word", row.id, "means")
    assert (decision["actor"], decision["reason"]) == ("ann", "asked their support")


@pytest.mark.parametrize(
    ("text", "meaning", "advice"),
    [
        ("Gotowe", "completd", "did you mean completed"),
        ("Gotowe", "FUNDS", "is not a status"),
        ("Kasa pusta", "FUND", "did you mean FUNDS"),
        ("Kasa pusta", "completed", "is not an error code"),
        ("Gotowy", "completed", "did you mean 'Gotowe'"),
    ],
)
async def test_a_slip_of_the_owner_is_answered_with_what_to_write(
    panel_database: str, text: str, meaning: str, advice: str
) -> None:
    """And changes nothing."""
    await words.note_answers("alpha", [said("Gotowe"), refused("Kasa pusta")])
    with pytest.raises(WordUnknown, match=advice):
        await words.explain("alpha", text, meaning, actor="ann", reason="")
    assert len(await kept()) == 2


async def test_a_word_that_is_status_and_error_is_explained_by_what_it_may_mean(panel_database: str) -> None:
    """An error code cannot be a status."""
    await words.note_answers("alpha", [said("Stop"), refused("Stop")])
    (row,) = await words.explain("alpha", "Stop", "maintenance", actor="ann", reason="")
    assert (row.kind, row.meaning) == ("error", "MAINTENANCE")
    assert [row.kind for row in await kept()] == ["status"]


def test_what_the_owner_wrote_into_the_file_goes_before_what_was_said() -> None:
    """For a status the same word; for an error any part of the text that the file knows."""
    lines = 'status_words = { "gotowe" = "partial" }\nerror_words = { "kasa" = "MAINTENANCE" }'
    (alpha,) = providers(alpha=lines)
    told = Knowledge(
        status_words={"GOTOWE": "completed", "Nowe": "pending"},
        error_words={"Kasa pusta": "FUNDS", "Zły link": "LINK_INVALID"},
    )
    dialect = knowledge.taught(alpha, told).dialect
    assert dialect.status_words == {"gotowe": "partial", "Nowe": "pending"}
    assert dialect.error_words == {"kasa": "MAINTENANCE", "=Zły link": "LINK_INVALID"}


@asynccontextmanager
async def panel_at(folder: Path, database_url: str, server: PanelServer) -> AsyncIterator[Panel]:
    """A panel that buys from a server of the test."""
    config = write_config(folder, {"alpha": server.url.removesuffix("/api/v2")}, aggregator=QUICK)
    async with opened(settings_of(config, database_url)) as panel:
        yield panel


async def test_an_order_in_a_word_that_nobody_knows_ends_when_the_owner_has_said_it(
    tmp_path: Path, fresh_sqlite: str
) -> None:
    """Until then it stays open, and its money with it."""
    reply = Canned(body={"status": "Gotowe", "charge": "2.5"})
    async with panel_server(reply) as server, panel_at(tmp_path, fresh_sqlite, server) as panel:
        order = await active_order(await make_reseller())
        await panel.poller.run_once("alpha")
        (row,) = await kept()
        assert (row.provider, row.kind, row.text) == ("alpha", "status", "Gotowe")
        assert '"charge": "2.5"' in row.reply
        assert (await order_now(order.id)).state is OrderState.ACTIVE

        await words.explain("alpha", "Gotowe", "completed", actor="ann", reason="")
        await panel.look()
        await tables.Attempt.update({tables.Attempt.poll_at: 0}, force=True)
        await panel.poller.run_once("alpha")

        assert (await order_now(order.id)).state is OrderState.COMPLETED


async def test_a_refusal_that_the_owner_has_explained_lets_orders_go_on(tmp_path: Path, fresh_sqlite: str) -> None:
    """Before, such an answer left the order unsure; every process that looks knows it, and every later one."""
    sandboxes = {"alpha": Sandbox(speed=0)}
    async with panel_over(tmp_path, fresh_sqlite, sandboxes, services="import_rest = true\n") as panel:
        await panel.syncer.sync("alpha")
        await panel.look()
        service = next(iter(panel.prices.shelf)).id
        reseller = await make_reseller()
        other = Panel(panel.settings)
        await other.prepare()
        sandboxes["alpha"].set_mode("refuse:Kasa pusta")

        first = await accept_order(reseller, service=service)
        await panel.dispatcher.run_once()
        await panel.dispatcher.idle()
        assert (await order_now(first.id)).state is OrderState.UNSURE
        assert [(row.kind, row.text) for row in await kept("alpha")] == [("error", "Kasa pusta")]

        await words.explain("alpha", "Kasa pusta", "FUNDS", actor="ann", reason="")
        await other.look()
        second = await accept_order(reseller, service=service)
        await other.dispatcher.run_once()
        await other.dispatcher.idle()
        assert (await order_now(second.id)).state is OrderState.QUEUED
        assert (await order_now(first.id)).state is OrderState.UNSURE
        await other.stop()

        later = Panel(panel.settings)
        await later.prepare()
        adapter = later.upstreams.adapter("alpha")
        assert adapter is not None
        assert adapter.profile.dialect.error_words == {"=Kasa pusta": "FUNDS"}
        await later.stop()


async def test_a_sync_and_a_refill_are_heard_as_well(tmp_path: Path, fresh_sqlite: str) -> None:
    """Whatever is asked: words that nobody knows are kept."""
    replies = [Canned(body={"error": text}) for text in ("Nie teraz", "Jutro", "Nie dzisiaj")]
    async with panel_server(*replies) as server, panel_at(tmp_path, fresh_sqlite, server) as panel:
        await panel.syncer.sync("alpha")
        reseller = await make_reseller()
        order = await active_order(reseller)
        ended: dict[Any, Any] = {tables.Order.state: "completed", tables.Order.ended_at: clock.now()}
        await tables.Order.update(ended).where(tables.Order.id == order.id)
        await request_refill(reseller.id, order.id)
        await panel.refiller.run_once("alpha")
        assert {row.text for row in await kept()} == {"Nie teraz", "Jutro", "Nie dzisiaj"}


async def test_a_reply_is_kept_without_our_key(tmp_path: Path, fresh_sqlite: str) -> None:
    """The owner may show it to anybody."""
    echo = Canned(body={"status": "Gotowe", "you": "sandbox"})
    async with panel_server(echo) as server, panel_at(tmp_path, fresh_sqlite, server) as panel:
        await active_order(await make_reseller())
        await panel.poller.run_once("alpha")
        (row,) = await kept()
        assert row.reply == '{"status": "Gotowe", "you": "***"}'


BATCHLESS = [Canned(body={"error": "Incorrect order ID"}), Canned(body={"status": "Pending"})]


async def poll_two(panel: Panel) -> bool:
    """Poll two orders; whether several at once are still asked for."""
    await tables.Attempt.update({tables.Attempt.poll_at: 0}, force=True)
    await panel.poller.run_once("alpha")
    adapter = panel.upstreams.adapter("alpha")
    assert adapter is not None
    return Capability.MULTI_STATUS in adapter.capabilities


async def test_a_panel_without_batches_is_tried_once_and_not_again_after_a_restart(
    tmp_path: Path, fresh_sqlite: str
) -> None:
    """At one call a second a useless question costs an order its second."""
    async with panel_server(*BATCHLESS) as server:
        async with panel_at(tmp_path, fresh_sqlite, server) as panel:
            reseller = await make_reseller()
            await active_order(reseller)
            await active_order(reseller)
            assert not await poll_two(panel)
        before = len(server.sent)
        async with panel_at(tmp_path, fresh_sqlite, server) as panel:
            assert not await poll_two(panel)
        assert all("orders" not in one.params for one in server.sent[before:])


async def test_another_address_is_another_panel(tmp_path: Path, fresh_sqlite: str) -> None:
    """What was found out about the old one says nothing of it."""
    async with panel_server(*BATCHLESS) as old, panel_server(Canned(body={})) as new:
        async with panel_at(tmp_path, fresh_sqlite, old) as panel:
            reseller = await make_reseller()
            await active_order(reseller)
            await active_order(reseller)
            assert not await poll_two(panel)
        async with panel_at(tmp_path, fresh_sqlite, new) as panel:
            assert await poll_two(panel)
        assert "orders" in new.sent[0].params


async def test_a_smaller_batch_is_remembered(tmp_path: Path, fresh_sqlite: str) -> None:
    """The next process asks for no more at once than the panel takes."""
    row = {"status": "Pending"}
    named = ["7", "8", "9"]
    too_big, several = Canned(body={"error": "Maximum 2 orders"}), Canned(body=dict.fromkeys(named, row))
    async with panel_server(too_big, several) as server:
        async with panel_at(tmp_path, fresh_sqlite, server) as panel:
            reseller = await make_reseller()
            for upstream in named:
                await active_order(reseller, upstream=upstream)
            await poll_two(panel)
        before = len(server.sent)
        async with panel_at(tmp_path, fresh_sqlite, server) as panel:
            adapter = panel.upstreams.adapter("alpha")
            assert adapter is not None
            assert adapter.profile.dialect.batch_size == 2
            await poll_two(panel)
        assert max(one.params.get("orders", "").count(",") for one in server.sent[before:]) == 1


async def test_a_preset_that_changes_is_another_panel_too() -> None:
    """And an owner who says "on" is believed whatever was found."""
    (alpha,) = providers(alpha="")
    (spoken_otherwise,) = providers(alpha='preset = "rental"')
    (sure,) = providers(alpha='multi_status = "on"')
    known = Knowledge(multi_status=False, batch_size=20, of=knowledge.fingerprint(alpha))
    assert [knowledge.taught(one, known).dialect.multi_status for one in (alpha, spoken_otherwise, sure)] == [
        "off",
        "auto",
        "on",
    ]
    assert [knowledge.taught(one, known).dialect.batch_size for one in (alpha, spoken_otherwise)] == [20, 100]


async def test_orders_on_their_way_are_not_cut_off_by_what_is_learned(tmp_path: Path, fresh_sqlite: str) -> None:
    """An adapter that is replaced keeps its connections until its calls have long ended."""
    async with panel_server(Canned(body={"balance": "5"})) as server, panel_at(tmp_path, fresh_sqlite, server) as panel:
        before = panel.upstreams.adapter("alpha")
        assert before is not None
        await panel.upstreams.learn({"alpha": Knowledge(status_words={"Gotowe": "completed"})})
        after = panel.upstreams.adapter("alpha")
        assert after is not before
        assert str((await before.balance()).balance) == "5"
        assert await store.get(1) is None
