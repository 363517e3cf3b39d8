"""What everyone is told of our shelf: in our names and prices, once, whichever worker looks first."""

from __future__ import annotations

import pytest

from aggregator.catalog import store
from aggregator.catalog.model import Change
from aggregator.catalog.news import news_store
from aggregator.catalog.news.announce import Announcer
from aggregator.catalog.news.news import News, NewsKind, RateLine, compare, lines_of
from aggregator.catalog.news.retention import tidy
from aggregator.catalog.shelf.shelf import Shelf
from aggregator.storage import clock
from pricing.money import SCALE
from tests.catalog.goods import offers, row, shelf

IMPORTED = {("alpha", "101"): 100_001, ("alpha", "102"): 100_002}
OURS = '[[service]]\nid = 1\nname = "Ours"\ncategory = "Instagram"\noffers = ["alpha:103"]\n'


def selling(**rates: str) -> Shelf:
    """Alpha's services at these costs, sold for a quarter more; its 103 under a name of ours."""
    rows = [row(f"alpha:{name.removeprefix('a')}", rate) for name, rate in rates.items()]
    return shelf(offers(rows), OURS if "a103" in rates else "", imported=IMPORTED)


def told(before: Shelf, now: Shelf) -> list[tuple[int, str, int | None, int | None]]:
    _, news = compare(lines_of(before), lines_of(now))
    return [(one.service, one.kind, one.before, one.now) for one in news]


def test_what_came_went_or_changed_its_price_is_told() -> None:
    before = selling(a101="2", a102="4", a103="2")
    assert told(before, selling(a101="2.4", a103="2")) == [
        (100_001, "dearer", 250_000_000, 3 * SCALE),
        (100_002, "gone", 5 * SCALE, None),
    ]
    assert told(before, selling(a101="2", a102="4", a103="1.6")) == [(1, "cheaper", 250_000_000, 2 * SCALE)]
    assert told(selling(a101="2"), selling(a101="2", a102="4")) == [(100_002, "new", None, 5 * SCALE)]


def test_the_first_shelf_of_all_is_no_news() -> None:
    """A new panel does not begin with thousands of lines that say nothing."""
    assert told(selling(), selling(a101="2", a102="4")) == []


def test_a_new_name_alone_is_no_news_but_is_remembered() -> None:
    line = RateLine(service=1, name="Old", rate=1, rate_per=1000)
    renamed = RateLine(service=1, name="New", rate=1, rate_per=1000)
    assert compare({1: line}, {1: renamed}) == ([renamed], [])


def test_a_price_per_package_is_compared_with_one_per_thousand() -> None:
    """A thousand of something at 2.00 and one package of it at 2.00 are not the same price."""
    line = RateLine(service=1, name="A", rate=2 * SCALE, rate_per=1000)
    package = RateLine(service=1, name="A", rate=2 * SCALE, rate_per=1)
    _, (news,) = compare({1: line}, {1: package})
    assert (news.kind, news.rate_per) == (NewsKind.DEARER, 1)


async def feed() -> list[tuple[int, str, str]]:
    return [(one.service, one.name, one.kind) for one in await news_store.newest(50)]


async def test_the_feed_names_services_as_we_do_newest_first(panel_database: str) -> None:
    """And what comes back is told as that, under the id that it had."""
    announcer = Announcer()
    for edition, now in enumerate([selling(a103="2"), selling(a103="3"), selling(), selling(a103="3")], 1):
        await announcer.run_once(now, edition)
    assert await feed() == [(1, "Ours", "back"), (1, "Ours", "gone"), (1, "Ours", "dearer")]
    newest = (await news_store.newest(1))[0]
    assert (newest.before, newest.now, newest.rate_per) == (None, 375_000_000, 1000)


async def test_every_worker_sees_a_change_and_one_tells_it(panel_database: str) -> None:
    first, second = Announcer(), Announcer()
    for worker in (first, second):
        await worker.run_once(selling(a101="2"), 1)
    for worker in (first, second):
        await worker.run_once(selling(a101="3"), 2)
    assert await feed() == [(100_001, "Followers 101", "dearer")]


async def test_a_worker_that_lags_behind_tells_nothing(panel_database: str) -> None:
    """Its old shelf would be told as a change back, and the true one as a change again."""
    ahead, behind = Announcer(), Announcer()
    await ahead.run_once(selling(a101="2"), 1)
    await ahead.run_once(selling(a101="3"), 3)
    await behind.run_once(selling(a101="2"), 2)
    assert [kind for _, _, kind in await feed()] == ["dearer"]


@pytest.mark.parametrize("panel_url", ["sqlite"], indirect=True)
async def test_thousands_of_services_are_told_in_one_go(panel_database: str) -> None:
    """Every one is remembered, and every one that leaves is told."""
    lines = {number: RateLine(service=number, name="A", rate=number, rate_per=1000) for number in range(1, 6001)}
    changed, _ = compare({}, lines)
    await news_store.put_lines(changed)
    changed, news = compare(await news_store.lines(), {})
    await news_store.put_lines(changed)
    await news_store.add(news)
    assert len(await news_store.newest(10_000)) == 6000
    assert not any(line.sold for line in (await news_store.lines()).values())


async def test_feeds_forget_what_is_older_than_a_year_and_a_month(
    panel_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A little at a time, and nothing younger; what is sold is known as before."""
    monkeypatch.setattr("aggregator.catalog.news.retention.AT_ONCE", 2)
    await Announcer().run_once(selling(a103="2"), 1)
    now = clock.now()
    for days in (900, 500, 401, 399, 0):
        monkeypatch.setattr(clock, "now", lambda at=now - days * 86_400_000: at)
        await store.add_changes("alpha", [Change("1", "dearer", "1", "2", f"{days} days")])
        await news_store.add([News(service=1, name=f"{days} days", kind=NewsKind.GONE, before=1, now=None, rate_per=1)])
    assert await tidy() == 6
    assert [one.name for one in await store.changes()] == ["0 days", "399 days"]
    assert [one.name for one in await news_store.newest(9)] == ["0 days", "399 days"]
    assert await tidy() == 0
    assert len(await news_store.lines()) == 1
