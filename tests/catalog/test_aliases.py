"""An id once sold works for ever: it stands for whatever service has its listing now."""

from __future__ import annotations

import pytest

from aggregator.catalog import store
from aggregator.catalog.news.news import compare, lines_of
from aggregator.catalog.shelf.aliases import OnceSold, find_aliases
from aggregator.catalog.shelf.merging import fates, mixed_types
from aggregator.settings import OfferRef, read_services
from aggregator.storage.transaction import write
from providers.vocabulary import ServiceType
from tests.catalog.goods import offers, row, shelf

IMPORTED = {("alpha", "101"): 100_001, ("bravo", "9"): 100_002, ("bravo", "10"): 100_003}
ALPHA, BRAVO = OfferRef("alpha", "101"), OfferRef("bravo", "9")


def block(number: int, *refs: str, more: str = "") -> str:
    listed = ", ".join(f'"{ref}"' for ref in refs)
    return f"[[service]]\nid = {number}\noffers = [{listed}]\n{more}\n"


def aliases(
    text: str, blocks: dict[int, list[OfferRef]] | None = None, *, sold: set[int] | None = None
) -> dict[int, int]:
    once = OnceSold(imported=frozenset(IMPORTED.values() if sold is None else sold), blocks=blocks or {})
    return find_aliases(read_services(text, "services.toml").services, IMPORTED, once)


def test_imported_ids_stand_for_the_service_that_names_their_listings() -> None:
    assert aliases(block(1, "alpha:101", "bravo:9")) == {100_001: 1, 100_002: 1}
    assert aliases("") == {}


def test_an_id_that_was_never_for_sale_stands_for_nothing() -> None:
    """A list that was made by hand from the beginning shows nobody the ids of its listings."""
    assert aliases(block(1, "alpha:101", "bravo:9"), sold={100_002}) == {100_002: 1}


def test_the_first_of_two_services_in_the_file_has_the_id() -> None:
    two = block(7, "alpha:101") + block(2, "alpha:101", "bravo:9")
    assert aliases(two) == {100_001: 7, 100_002: 2}


def test_a_service_that_takes_an_imported_id_over_has_it_itself() -> None:
    assert aliases(block(100_001, "alpha:101", "bravo:9")) == {100_002: 100_001}


def test_ids_of_a_former_panel_are_aliases_unless_an_import_has_them() -> None:
    assert aliases(block(1, "alpha:101", more="aliases = [1234, 100003]")) == {100_001: 1, 1234: 1}


def test_the_id_of_a_service_that_was_taken_out_goes_on_working() -> None:
    """As its heir by a listing, the first in the file, else as its first listing by itself."""
    former = {5: [ALPHA, BRAVO]}
    assert aliases("", former) == {5: 100_001}
    assert aliases(block(1, "bravo:9"), former) == {100_002: 1, 5: 100_001}
    assert aliases(block(1, "bravo:9", "alpha:101"), former)[5] == 1
    assert aliases(block(5, "alpha:101"), former) == {100_001: 5}
    assert 6 not in aliases("", {6: [OfferRef("gone", "1")]})


@pytest.mark.parametrize("named", [1, 100_001, 100_002, 1234])
def test_every_id_of_a_service_is_that_service(named: int) -> None:
    made = shelf(
        offers([row("alpha:101", "2"), row("bravo:9", "3"), row("bravo:10", "4")]),
        block(1, "alpha:101", "bravo:9", more="aliases = [1234]"),
        imported=IMPORTED,
    )
    found = made.get(named)
    assert found is not None
    assert found.id == 1
    assert set(made.same_as(named)) == {1, 1234, 100_001, 100_002}
    assert [service.id for service in made] == [1, 100_003]


def test_an_alias_goes_off_sale_with_its_service_and_comes_back_with_it() -> None:
    goods = offers([row("alpha:101", "2"), row("bravo:9", "3")])
    off = shelf(goods, block(1, "alpha:101", "bravo:9", more="enabled = false"), imported=IMPORTED)
    assert off.get(100_001) is None
    on = shelf(goods, block(1, "alpha:101", "bravo:9"), imported=IMPORTED)
    assert on.get(100_001) is on.get(1) is not None
    released = shelf(goods, "", imported=IMPORTED)
    found = released.get(100_001)
    assert found is not None
    assert found.id == 100_001


def test_an_id_of_another_order_type_stands_for_nothing_and_says_why() -> None:
    goods = offers([row("alpha:101", "2"), row("bravo:9", "3", type=ServiceType.POLL)])
    made = shelf(goods, block(1, "alpha:101", "bravo:9"), imported=IMPORTED)
    assert made.get(100_002) is None
    assert "of type Poll" in made.unsold[100_002]
    assert made.get(100_001) is made.get(1)


def test_the_check_refuses_offers_of_several_types() -> None:
    types = {("alpha", "101"): "Default", ("bravo", "9"): "Poll"}
    (entry,) = read_services(block(1, "alpha:101", "bravo:9"), "services.toml").services
    (fault,) = mixed_types("services.toml", entry, types)
    assert (fault.line, "bravo:9 is of type Poll" in fault.message) == (3, True)
    (typed,) = read_services(block(1, "bravo:9", more='type = "Poll"'), "services.toml").services
    assert mixed_types("services.toml", typed, types) == []


def test_before_a_merge_everybody_is_told_what_gets_worse() -> None:
    goods = offers(
        [
            row("alpha:101", "2", name="Instagram Followers HQ India", refill=True, cancel=True, minimum=10),
            row("bravo:9", "1", name="Instagram Followers", maximum=5_000),
        ]
    )
    today = shelf(goods, "", imported=IMPORTED)
    merged = shelf(goods, "import_rest = false\n" + block(100_002, "bravo:9", "alpha:101"), imported=IMPORTED)
    found = merged.get(100_002)
    assert found is not None
    first, second = fates(today, found)
    assert (first.number, first.alias, second.number, second.alias) == (100_001, True, 100_002, False)
    assert second.worse == ()
    told = "; ".join(first.worse)
    assert all(words in told for words in ("no refill", "no cancel", "IN", "high quality", "from 100 on", "up to 5000"))


def test_what_becomes_an_alias_is_not_told_to_be_gone() -> None:
    goods = offers([row("alpha:101", "2"), row("bravo:9", "3")])
    before, now = (shelf(goods, text, imported=IMPORTED) for text in ("", block(1, "alpha:101", "bravo:9")))
    changed, news = compare(lines_of(before), lines_of(now), now.aliases)
    assert [(one.service, one.kind) for one in news] == [(1, "new")]
    assert {line.service: line.sold for line in changed} == {1: True, 100_001: False, 100_002: False}


async def test_an_import_is_given_none_of_the_ids_that_are_taken(panel_database: str) -> None:
    await write(lambda: store.give_ids("alpha", ["1", "2", "3"], taken={100_002, 100_004}))
    assert await store.imported() == {("alpha", "1"): 100_001, ("alpha", "2"): 100_003, ("alpha", "3"): 100_005}
    await write(lambda: store.give_ids("alpha", ["1", "4"]))
    assert (await store.imported())[("alpha", "4")] == 100_006
