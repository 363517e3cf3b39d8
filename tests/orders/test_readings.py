"""The cache of readings saves work; lost, old or poisoned, it moves no money and shows nobody another's order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aggregator.api.ordering import render_for
from aggregator.app import Panel
from aggregator.cache.memory import MemoryCache
from aggregator.cache.status import CachedKind
from aggregator.orders import attempt_store
from aggregator.orders.track import StatusReply, Tracker
from aggregator.resellers.model import Reseller
from aggregator.storage import tables
from tests.builders import make_reseller, order_now
from tests.orders.panels import (
    PARTIAL_300,
    ScriptedPanel,
    classic_reply,
    minutes_pass,
    open_panel,
    poll,
    running,
)


async def test_a_reading_that_could_not_be_carried_out_is_not_remembered_as_if_it_had(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    """Else the next equal one would be passed over, and the delivery it shows forgotten."""
    [order] = await running(panel, ann)
    [attempt] = await attempt_store.of_order(order.id)
    alpha.reply = {"status": "In progress", "remains": "400", "charge": "2.4"}
    await refuse_changes_of_orders(panel.settings.database_url)
    await poll(panel)
    assert await panel.cache.get_many(CachedKind.READING, [str(attempt.id)]) == [None]
    await allow_changes_of_orders(panel.settings.database_url)
    await poll(panel)
    assert await panel.cache.get_many(CachedKind.READING, [str(attempt.id)]) != [None]
    assert (await order_now(order.id)).delivery_seen


async def test_an_answer_that_says_nothing_new_writes_nothing(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    """Also when the cache has forgotten the last one: ten thousand orders are not written anew after each restart."""
    [order] = await running(panel, ann)
    [attempt] = await attempt_store.of_order(order.id)
    alpha.reply = {"status": "In progress", "remains": "400", "charge": "2.4"}
    await poll(panel)
    await panel.cache.clear()
    await refuse_changes_of_orders(panel.settings.database_url)
    await poll(panel)
    assert await panel.cache.get_many(CachedKind.READING, [str(attempt.id)]) != [None]
    alpha.reply = {"status": "In progress", "remains": "399", "charge": "2.4"}
    await poll(panel)
    await allow_changes_of_orders(panel.settings.database_url)
    assert (await order_now(order.id)).remains == 400
    await poll(panel)
    assert (await order_now(order.id)).remains == 399


class Overtaken(MemoryCache):
    """A cache of which somebody asks a moment before an order's change is put there by somebody else."""

    def __init__(self) -> None:
        super().__init__()
        self.put_after_the_question: dict[str, bytes] = {}

    async def get_many(self, kind: CachedKind, ids: Sequence[str]) -> list[bytes | None]:
        found = await super().get_many(kind, ids)
        put, self.put_after_the_question = self.put_after_the_question, {}
        await self.put_many(kind, put)
        return found


async def test_a_status_that_was_asked_for_first_does_not_cover_a_later_change(panel: Panel, ann: Reseller) -> None:
    """The rows are read, the order ends and its answer is put, and only then does the reader keep what it had read."""
    [order] = await running(panel, ann)
    cache = Overtaken()
    ended = StatusReply(ann.id, b'{"status":"COMPLETED"}', b'{"status":"Completed"}')
    cache.put_after_the_question = {str(order.id): ended.pack(CachedKind.JSON)}
    tracker = Tracker(cache, render_for("USD"))
    await tracker.replies(ann.id, [str(order.id)], "json")
    assert await tracker.replies(ann.id, [str(order.id)], "json") == [ended.json]


async def test_an_order_that_is_asked_for_under_two_names_is_told_under_both(panel: Panel, ann: Reseller) -> None:
    """As "7" and "07", from the store as well as from the cache."""
    [order] = await running(panel, ann)
    await panel.cache.clear()
    for _ in range(2):
        told = await panel.tracker.replies(ann.id, ["0", str(order.id), str(order.id)], "json")
        assert told[0] is None
        assert told[1] == told[2] is not None


async def refuse_changes_of_orders(url: str) -> None:
    """Orders can be read but not written, as on a disk that is full."""
    if url.startswith("sqlite"):
        await tables.Order.raw("create trigger full before update on orders begin select raise(abort, 'full'); end")
        return
    await tables.Order.raw("alter table orders add constraint still check (phase = 'never') not valid")


async def allow_changes_of_orders(url: str) -> None:
    """There is room again."""
    undo = "drop trigger full" if url.startswith("sqlite") else "alter table orders drop constraint still"
    await tables.Order.raw(undo)


async def test_a_cache_that_remembers_something_old_settles_nothing(
    alpha: ScriptedPanel, tmp_path: Path, panel_database: str
) -> None:
    """The cache kept the open answer and lost the terminal one: the open answer between two endings still counts."""
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, pace="confirm_seconds = 60") as panel:
        [order] = await running(panel, await make_reseller())
        [attempt] = await attempt_store.of_order(order.id)
        under_way = {"status": "In progress", "remains": "400", "charge": "2.4"}
        alpha.reply = under_way
        await poll(panel)
        kept = await panel.cache.get_many(CachedKind.READING, [str(attempt.id)])
        alpha.reply = PARTIAL_300
        await poll(panel)
        await panel.cache.put_many(CachedKind.READING, {str(attempt.id): kept[0] or b""})
        alpha.reply = under_way
        await poll(panel)
        await minutes_pass(order.id)
        alpha.reply = PARTIAL_300
        await poll(panel)
        assert (await order_now(order.id)).refunded == 0


async def test_a_poisoned_cache_moves_no_money_and_shows_nobody_anothers_order(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    [order] = await running(panel, ann)
    bob = await make_reseller("bob")
    [attempt] = await attempt_store.of_order(order.id)
    for poison in (b"", b"\xff\x00", b"1\n2\n3", b'{"phase": "completed"}'):
        await panel.cache.put_many(CachedKind.READING, {str(attempt.id): poison})
        for kind in (CachedKind.JSON, CachedKind.CLASSIC):
            await panel.cache.put_many(kind, {str(order.id): poison})
        assert await panel.tracker.replies(bob.id, [str(order.id)], "json") == [None]
        assert (await classic_reply(panel, await order_now(order.id)))["charge"] == "3"
    alpha.reply = PARTIAL_300
    await poll(panel)
    assert (await order_now(order.id)).refunded == 90_000_000
