"""A text that can be no address is asked about once, and taken on the second press."""

from __future__ import annotations

import re

from tests.web.kit import Visitor, plain

SURE = re.compile(r'name="sure" value="([^"]+)"')


async def test_the_page_asks_whether_it_is_a_link_and_takes_it_on_a_second_press(anna: Visitor) -> None:
    fields = {"service": "1", "link": "not a link", "quantity": "1000", "once": "a" * 24}
    page = await anna.post("/orders/new", fields)
    assert "Is this a link?" in plain(page)
    found = SURE.search(page)
    assert found is not None
    assert "is taken" in plain(await anna.post("/orders/new", fields, sure=found[1]))


async def test_another_text_is_asked_about_again_and_an_address_is_not(anna: Visitor) -> None:
    fields = {"service": "1", "quantity": "1000", "once": "b" * 24}
    assert "Is this a link?" in plain(await anna.post("/orders/new", fields, link="@other", sure="not a link"))
    assert "is taken" in plain(await anna.post("/orders/new", fields, link="https://x.example/u"))


async def test_a_mass_order_marks_the_lines_that_are_none(anna: Visitor) -> None:
    page = plain(await anna.post("/orders/mass", orders="1 | not a link | 1000\n1 | https://x.example/u | 1000"))
    assert page.count("Is this a link?") == 1
    assert "Place all 2 orders" in page
