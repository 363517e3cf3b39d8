"""What a list of our orders shows is ours only where it is surely younger than the add, and the account ours alone."""

from __future__ import annotations

from pathlib import Path

from tests.builders import order_now
from tests.evidence.lists import listing

LINK = "https://x.example/u"


async def test_an_old_order_of_the_same_link_is_not_the_one_that_was_lost(tmp_path: Path, panel_database: str) -> None:
    """It was ordered there by hand, years ago; no list was ever read before, and nothing of ours stands in it."""
    async with listing(tmp_path, panel_database) as case:
        case.alpha.show(77, LINK, status="Completed")
        order = await case.lose(LINK)
        await case.look(6)
        assert ((await order_now(order.id)).state, await case.settled_by(order)) == ("unsure", [])


async def test_what_a_list_read_before_did_not_show_is_found(tmp_path: Path, panel_database: str) -> None:
    async with listing(tmp_path, panel_database) as case:
        case.alpha.show(77, LINK, status="Completed")
        await case.look()
        order = await case.lose(LINK)
        case.alpha.show(78, LINK, status="Pending")
        await case.look(2)
        assert await case.settled_by(order) == ["rule:list"]


async def test_an_order_above_ours_where_ids_rise_is_found(tmp_path: Path, panel_database: str) -> None:
    """No list was read before; three orders of ours have shown how they are numbered."""
    async with listing(tmp_path, panel_database) as case:
        for number in range(3):
            await case.buy(f"{LINK}/{number}")
        order = await case.lose(LINK)
        case.alpha.show(6001, LINK)
        await case.look(2)
        assert await case.settled_by(order) == ["rule:list"]


async def test_an_order_below_ours_where_ids_rise_is_an_old_one(tmp_path: Path, panel_database: str) -> None:
    async with listing(tmp_path, panel_database) as case:
        for number in range(3):
            await case.buy(f"{LINK}/{number}")
        order = await case.lose(LINK)
        case.alpha.listed.append({"order": 90, "service": 1, "link": LINK, "quantity": "1000"})
        await case.look(6)
        assert await case.settled_by(order) == ["rule:list"]
        assert (await order_now(order.id)).state == "queued"


async def test_where_ids_were_not_seen_to_rise_a_lower_one_proves_nothing(tmp_path: Path, panel_database: str) -> None:
    """Ids without an order: called absent, it would be bought twice."""
    async with listing(tmp_path, panel_database) as case:
        for number in (9000, 8000, 7000):
            case.alpha.next_order = number
            await case.buy(f"{LINK}/{number}")
        order = await case.lose(LINK)
        case.alpha.show(500, LINK)
        await case.look(6)
        assert ((await order_now(order.id)).state, await case.settled_by(order)) == ("unsure", [])


async def test_an_account_that_others_use_only_suggests(tmp_path: Path, panel_database: str) -> None:
    """Somebody else orders there, too: the one that looks like ours may be theirs."""
    async with listing(tmp_path, panel_database) as case:
        for number in range(3):
            await case.buy(f"{LINK}/{number}")
        await case.look()
        case.alpha.show(6001, "https://x.example/theirs", quantity=5)
        order = await case.lose(LINK)
        case.alpha.show(6002, LINK)
        await case.look(6)
        assert ((await order_now(order.id)).state, await case.settled_by(order)) == ("unsure", [])
        assert "not ours alone" in await case.told_of(order)


async def test_a_date_tells_what_is_younger(tmp_path: Path, panel_database: str) -> None:
    async with listing(tmp_path, panel_database) as case:
        order = await case.lose(LINK)
        case.alpha.show(77, LINK, status="Pending", created_at=4_102_444_800)
        await case.look(2)
        assert await case.settled_by(order) == ["rule:list"]


async def test_an_order_dated_years_ago_is_not_it(tmp_path: Path, panel_database: str) -> None:
    """A short list of a new account, and the one row in it is older than the add: it was not taken."""
    async with listing(tmp_path, panel_database) as case:
        case.alpha.show(77, LINK, status="Completed", date="2019-03-04 05:06:07")
        order = await case.lose(LINK)
        await case.look(6)
        assert (await order_now(order.id)).state == "queued"
        assert await case.settled_by(order) == ["rule:list"]
