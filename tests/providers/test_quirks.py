"""The quirks of other panels, by their numbers in PROTOCOL.md: catalogues, orders placed, and whole replies."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aggregator.catalog.syncing.diff import compare
from providers.errors import Code, Garbled, ProviderError, Refused, Unsure
from providers.sandbox import Sandbox
from providers.vocabulary import Phase, Placement, ServiceType, Submission
from tests.catalog.goods import listing as goods
from tests.catalog.goods import row as kept
from tests.catalog.panels import panel_over
from tests.providers.panel_server import Canned
from tests.providers.quirks import ROW, Asked, add, listing, listings, status


async def test_q01_numbers_as_texts_and_texts_as_numbers() -> None:
    """Both ways round, the same service and the same status."""
    as_texts = await listing(service="1", rate="0.9", min="50", max="900")
    assert as_texts == await listing(service=1, rate=0.9, min=50, max=900)
    assert (
        (await status({"status": "Partial", "remains": 7})).remains
        == (await status({"status": "Partial", "remains": "7"})).remains
        == 7
    )


async def test_q02_the_noise_of_binary_floats_is_taken_off() -> None:
    assert (await listing(rate=0.24000000000000002)).rate == Decimal("0.24")


async def test_q03_flags_in_every_spelling() -> None:
    """A flag that is missing is not known, rather than off."""
    said = [(await listing(refill=flag)).refill for flag in (True, "true", 1, "1", False, "false", 0, "0", None)]
    assert said == [True] * 4 + [False] * 5
    assert (await listing()).refill is None


async def test_q04_limits_of_zero_are_not_stated() -> None:
    found = await listing(min=0, max="0")
    assert (found.minimum, found.maximum, found.flaw) == (1, None, None)


async def test_q05_prices_that_mean_not_for_sale() -> None:
    """0 is no price, and no price of any currency comes near a billion thousands; what is less has to be weighed."""
    assert [(await listing(rate=rate)).flaw for rate in ("0", 99999999, 116011238807365)] == [
        "no price",
        None,
        "placeholder price",
    ]


async def test_q06_rows_that_only_decorate_are_not_sold() -> None:
    assert [(await listing(name=name, rate="1")).flaw for name in ("----- VIP -----", "///", "★★★★")] == [
        "separator"
    ] * 3


async def test_q07_names_are_cleaned() -> None:
    """Line breaks, markup and entities go; letters of all kinds and emoji stay."""
    found = await listing(name="𝗩𝗜𝗣 &amp; <b>fast</b>\r\n likes 🔥")
    assert found.name == "𝗩𝗜𝗣 & fast likes 🔥"


async def test_q08_types_in_every_spelling() -> None:
    """A type that nobody knows is not sold under a guess."""
    types = [(await listing(type=said)).type for said in ("", "custom_comments", "Custom Comment", "Mentions Hastag")]
    assert types == [ServiceType.DEFAULT, *[ServiceType.CUSTOM_COMMENTS] * 2, ServiceType.MENTIONS_HASHTAG]
    (missing,) = await listings({key: value for key, value in ROW.items() if key != "type"})
    assert missing.type is ServiceType.DEFAULT
    assert (await listing(type="Teleport")).flaw == "unsupported type"


@pytest.mark.parametrize("said", ["likes", "Views", "FOLLOWER", "subscribers", "members", "plays", "shares", "saves"])
async def test_a_type_that_names_what_is_sold_is_guessed_where_no_text_is_ever_needed(said: str) -> None:
    found = await listing(type=said)
    assert (found.type, found.flaw, found.type_word) == (ServiceType.DEFAULT, None, said)


@pytest.mark.parametrize("said", ["comments", "Reviews", "votes", "reposts", "likes and comments", "story"])
async def test_of_anything_else_no_type_is_guessed(said: str) -> None:
    """Comments without their texts would be bought and never delivered."""
    found = await listing(type=said)
    assert (found.flaw, found.type_word) == ("unsupported type", said)


async def test_what_a_type_means_is_said_in_any_spelling_and_before_any_guess() -> None:
    asked = Asked(
        [{**ROW, "service": number, "type": said} for number, said in enumerate(("comments", "LIKES", "views"), 1)]
    )
    asked.dialect = replace(asked.dialect, type_words={"Comment": "custom_comments", "likes": "Package"})
    types = [one.type for one in await asked.ask("services")]
    assert types == [ServiceType.CUSTOM_COMMENTS, ServiceType.PACKAGE, ServiceType.DEFAULT]


@pytest.mark.parametrize(
    ("flag", "name"),
    [
        ("cancel", "canceling_is_available"),
        ("cancel", "cancelable"),
        ("cancel", "is_cancel"),
        ("cancel", "cancelIsAvailable"),
        ("cancel", "Can-Cancel"),
        ("cancel", "cancellation_allowed"),
        ("refill", "refill_available"),
        ("refill", "refilling_is_available"),
        ("refill", "is_refill"),
        ("refill", "Refillable"),
        ("dripfeed", "drip_feed"),
        ("dripfeed", "is_drip_feed"),
        ("dripfeed", "dripfeed_enabled"),
    ],
)
async def test_a_flag_under_another_name_is_that_flag(flag: str, name: str) -> None:
    """What the plain name says goes first, unless it says nothing."""
    plain = {key: value for key, value in ROW.items() if key != flag}
    rows: list[dict[str, Any]] = [
        {name: True},
        {name: "0"},
        {name: None},
        {flag: None, name: True},
        {flag: False, name: True},
    ]
    said = [getattr((await listings({**plain, **row}))[0], flag) for row in rows]
    assert said == [True, False, False, True, False]


async def test_ids_of_programs_that_count_in_floats_are_whole() -> None:
    """A number alone: a text stays what it is."""
    found = [(await listing(service=said)).service for said in (23508.0, "23508.0", "svc-1.0")]
    assert found == ["23508", "23508.0", "svc-1.0"]
    assert (await listing(service=23508.5)).flaw == "unreadable id"


async def test_q09_catalogues_in_every_wrapping() -> None:
    keyed = {"1": {key: value for key, value in ROW.items() if key != "service"}}
    for wrapped in ({"data": [ROW]}, {"services": [ROW], "count": 1}, {"result": [ROW]}, keyed):
        found = await Asked(wrapped).ask("services")
        assert [one.service for one in found] == ["1"]


async def test_q10_a_catalogue_of_nothing_leaves_the_old_one(tmp_path: Path, fresh_sqlite: str) -> None:
    nothings: list[Any] = [[], None, {"status": "success", "data": "Empty Data"}]
    for nothing in nothings:
        error = await Asked(nothing).ask("services")
        assert isinstance(error, Refused)
        assert error.code is Code.CATALOGUE_EMPTY
    sandbox = Sandbox(speed=0)
    async with panel_over(tmp_path, fresh_sqlite, {"alpha": sandbox}, services="import_rest = true\n") as panel:
        await panel.syncer.sync("alpha")
        sandbox.set_catalogue([])
        report = await panel.syncer.sync("alpha")
        await panel.look()
        assert report.failed
        assert len(list(panel.prices.shelf)) > 0


def test_q11_a_catalogue_that_shrinks_by_a_third_is_held() -> None:
    """Seven of ten are believed, six are not."""
    old = {str(number): kept(f"alpha:{number}") for number in range(10)}
    left = [goods(str(number)) for number in range(7)]
    assert compare(old, left, "alpha").held is None
    assert compare(old, left[:6], "alpha").held is not None


async def test_q12_order_ids_are_texts() -> None:
    """Letters, Mongo ids and numbers beyond 63 bits come back as they were given."""
    for order in ("ord_01JZ", "64a7f3c2e1b0d9f8a7c6b5e4", 92233720368547758079):
        placed = await add({"order": order})
        assert isinstance(placed, Placement)
        assert placed.order == str(order)


async def test_q13_an_order_id_of_nothing_is_no_order() -> None:
    """Nor a clear no: the script may have failed after placing it."""
    for order in (0, None, "", False, "0"):
        assert isinstance(await add({"order": order}), Unsure)


async def test_q14_an_empty_error_beside_an_order_is_none() -> None:
    nothings: list[Any] = [None, "", False, 0, []]
    for error in nothings:
        assert isinstance(await add({"order": 7, "error": error}), Placement)


async def test_q15_the_body_decides_whatever_the_http_status() -> None:
    """An order under 400 is an order, and a missing service under 500 is a clear no."""
    assert isinstance(await add(Canned(status=400, body={"order": 7})), Placement)
    gone = {"success": False, "name": "SERVICE_NOT_FOUND", "message": "Service not found or unauthorized"}
    refused = await add(Canned(status=500, body=gone))
    assert isinstance(refused, Refused)
    assert refused.code is Code.SERVICE_GONE


PAGE = Canned(text="<!doctype html><title>Sign in</title>")


async def test_q16_a_page_under_200_is_no_answer() -> None:
    """For an order nobody knows what became of it."""
    read, written = await Asked(PAGE).ask("balance"), await add(PAGE)
    assert isinstance(read, Garbled)
    assert isinstance(written, Unsure)
    assert (read.code, written.code) == (Code.TRANSPORT, Code.TRANSPORT)
    assert "Sign in" in read.text


async def test_q17_warnings_of_php_and_marks_before_the_json_are_cut_off() -> None:
    noise = "<br />\n<b>Warning</b>:  Undefined index in /var/www/api.php on line 3<br />\n"
    for text in (noise + '{"order": 7}', '\ufeff{"order": 7}'):
        assert isinstance(await add(Canned(text=text)), Placement)


async def test_q18_an_empty_reply_leaves_an_order_unsure() -> None:
    for text in ("", "null", "  "):
        assert isinstance(await add(Canned(text=text)), Unsure)
        assert isinstance(await Asked(Canned(text=text)).ask("balance"), ProviderError)


async def test_q19_a_status_may_be_a_flag_or_the_number_of_an_error() -> None:
    """Beside another status field it is a flag; beside an error digits are the error's number."""
    assert (await status({"status": "success", "order_status": "Completed"})).phase is Phase.COMPLETED
    refused = await add({"error": "Sorry", "status": 113})
    assert isinstance(refused, Refused)
    assert refused.code is Code.FUNDS
    placed = await add({"status": 100, "order": 7})
    assert isinstance(placed, Placement)
    assert placed.progress is None


async def test_q20_the_count_at_the_start_has_many_names() -> None:
    names = ("start_count", "start_counter", "startCount", "count_start", "start_number")
    assert [(await status({"status": "Pending", name: "12"})).start_count for name in names] == [12] * len(names)


async def test_q36_balances_as_numbers_and_texts_with_marks_and_symbols() -> None:
    said = {
        "1,234.50": "1234.50",
        "1.234,50": "1234.50",
        "$12.50": "12.50",
        "1,234": "1234",
        "0,234": "0.234",
        "12,5": "12.5",
        "-3.10": "-3.10",
    }
    for text, amount in said.items():
        assert (await Asked({"balance": text}).ask("balance")).balance == Decimal(amount)
    assert (await Asked({"balance": 12.3}).ask("balance")).balance == Decimal("12.3")


async def test_q43_less_than_maximum_means_more_than_it() -> None:
    """One family writes "less" and means more."""
    refused = await add({"error": "Quantity less than maximum 90"})
    assert isinstance(refused, Refused)
    assert (refused.code, refused.learned_maximum) == (Code.QTY_MAX, 90)


async def test_q46_a_redirect_is_told_and_not_followed() -> None:
    """The new address stands in the error; an order that met a redirect may exist."""
    asked = Asked(Canned(status=301, body={}, headers={"Location": "https://new.example/api/v2"}))
    error = await asked.ask("balance")
    assert isinstance(error, Garbled)
    assert "change the URL to https://new.example/api/v2" in error.text
    assert len(asked.panel.sent) == 1
    assert isinstance(await add(Canned(status=308, body={}, headers={"Location": "https://new.example/"})), Unsure)


async def test_q47_a_wrong_header_of_compression_is_forgiven_in_reads() -> None:
    lying = Canned(text='{"balance": "5"}', headers={"Content-Encoding": "gzip"})
    assert (await Asked(lying).ask("balance")).balance == Decimal(5)


async def test_q48_bytes_that_are_no_utf8_never_stop_us() -> None:
    body = b'[{"service": 1, "name": "Caf\xe9", "rate": "1", "min": 1, "max": 9}]'
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    (found,) = await Asked(Canned(raw=head + body)).ask("services")
    assert found.name == "Caf\ufffd"


async def test_q50_of_two_rows_with_one_id_the_later_counts() -> None:
    assert [one.rate for one in await listings({**ROW, "rate": "1"}, {**ROW, "rate": "2"})] == [Decimal(2)]


async def test_q53_what_a_provider_was_told_by_its_own_provider_is_understood() -> None:
    """And stays with the owner: the text stands in the error, which no reseller is shown."""
    refused = await add({"error": "Provider says: Not enough funds on balance"})
    assert isinstance(refused, Refused)
    assert refused.code is Code.FUNDS


async def test_q78_a_script_that_decodes_twice_gets_its_plus_escaped_and_no_blank_lines() -> None:
    """SmartPanel turns "+" into a blank and bills empty lines."""
    asked = Asked({"order": 7}, preset="smartpanel")
    order = Submission(
        service="1",
        type=ServiceType.CUSTOM_COMMENTS,
        link="https://x.example/a+b",
        quantity=2,
        fields={"comments": ["one", "", " ", "two"]},
    )
    await asked.ask("add", order)
    assert (asked.panel.sent[0].params["link"], asked.panel.sent[0].params["comments"]) == (
        "https://x.example/a%2Bb",
        "one\ntwo",
    )


async def test_q79_thousands_marks_in_every_amount() -> None:
    assert (await listing(rate="1,250.00")).rate == Decimal(1250)
    assert (await status({"status": "Completed", "charge": "1,250.5"})).charge == Decimal("1250.5")
