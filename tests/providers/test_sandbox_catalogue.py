"""A recorded catalogue is served as it was recorded: no number, flag or name changes on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from providers.sandbox import Sandbox, load_catalogue
from tests.providers.sandbox_server import customer_of

WILD = (
    '[{"service":"10101461","type":"Default","rate":880,"name":"Channel(61)\\r\\n- Gi\u00e1 r\u1ebb","min":10,'
    '"max":1000000,"cancel":"false","refill":"true","dripfeed":"0","category":"\U0001f525 \U0001d5d5\U0001d5f2"},'
    '{"service":4566,"rate":0.24000000000000002,"min":"100","max":50000,"desc":"<b>a</b>\\u0026amp;","refill":0},'
    '{"service":7,"rate":0.6000,"min":5.0,"max":12345678901234567890123,"extra":{"list":[1.10,null,true]}},'
    '{"service":8,"name":"-- separator --","rate":"","min":"","max":""},'
    '{"name":"no id at all","rate":99999999}]'
)


async def test_a_recorded_catalogue_goes_out_digit_for_digit(tmp_path: Path) -> None:
    recorded = tmp_path / "wild.json"
    recorded.write_text("\ufeff" + WILD, encoding="utf-8")
    async with customer_of(Sandbox(catalogue=load_catalogue(recorded))) as customer:
        reply = await customer.send("services")
        assert reply.text == WILD.replace("\\u0026", "&")


async def test_a_noisy_rate_is_charged_to_its_last_digit(tmp_path: Path) -> None:
    """Rows without a price or an id are shown but cannot be ordered."""
    recorded = tmp_path / "wild.json"
    recorded.write_text(WILD, encoding="utf-8")
    async with customer_of(Sandbox(catalogue=load_catalogue(recorded))) as customer:
        order = await customer.buy("pending", service="4566")
        assert (await customer.call("status", order=order))["charge"] == "0.24000000000000002"
        separator = await customer.call("add", service=8, link="https://x.example/u", quantity=10)
        assert separator == {"error": "Incorrect service ID"}


@pytest.mark.parametrize(
    "text",
    [
        '[{"service":1}]',
        '{"services":[{"service":1}],"count":1}',
        '{"status":"success","data":[{"service":1}]}',
        '{"1":{"service":1}}',
    ],
)
def test_a_catalogue_may_be_bare_or_wrapped(tmp_path: Path, text: str) -> None:
    (tmp_path / "rows.json").write_text(text)
    assert load_catalogue(tmp_path / "rows.json") == [{"service": 1}]


@pytest.mark.parametrize("text", ["", "<html>", '{"error":"no"}', "[1,2]", "7", "[" * 5000])
def test_a_file_that_is_no_catalogue_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "rows.json").write_text(text)
    with pytest.raises(ValueError, match=r"rows\.json: "):
        load_catalogue(tmp_path / "rows.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"missing\.json: "):
        load_catalogue(tmp_path / "missing.json")


async def test_without_a_catalogue_each_dialect_offers_a_small_one_of_its_own() -> None:
    async with customer_of(Sandbox()) as customer:
        classic = await customer.call("services")
        assert {"Default", "Package", "Custom Comments"} == {row["type"] for row in classic}
        assert all(isinstance(row["rate"], str) for row in classic)
    async with customer_of(Sandbox(dialect="json", currency="EUR")) as customer:
        rows = await customer.call("services")
        assert all(row["currency"] == "EUR" and isinstance(row["rate"], float) and "type" not in row for row in rows)
