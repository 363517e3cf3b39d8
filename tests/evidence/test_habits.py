"""What an owner says of a provider's habits, and the sandbox that has them."""

from __future__ import annotations

import pytest

from aggregator.settings import ConfigurationError
from providers.sandbox import Sandbox
from tests.providers.sandbox_server import customer_of
from tests.settings.test_providers_file import ALPHA, read


def test_habits_are_settings_of_a_provider() -> None:
    (alpha,) = read(
        ALPHA + 'reference_param = "ref"\nreference_dedupes = true\norder_list = "orders"\ndebits_late = true'
    )
    dialect = alpha.profile.dialect
    assert (dialect.reference_param, dialect.reference_dedupes, dialect.order_list) == ("ref", True, "orders")
    assert alpha.debits_late


def test_a_repeat_needs_a_name_for_its_reference() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(ALPHA + "reference_dedupes = true")
    assert "reference_dedupes needs a name" in str(caught.value)


def test_another_panel_of_ours_needs_no_more_than_its_preset() -> None:
    (alpha,) = read(ALPHA + 'preset = "aggregator"')
    dialect = alpha.profile.dialect
    assert (dialect.reference_param, dialect.reference_dedupes, dialect.order_list) == ("request_id", True, "orders")


async def test_a_sandbox_that_honours_a_reference_answers_its_repeat() -> None:
    """With the first order; with a new one where the first request was lost on its way."""
    async with customer_of(Sandbox(honours="request_id")) as customer:
        add = {"service": 1, "link": "https://x.example/drop", "quantity": 1000}
        with pytest.raises(Exception, match="disconnected"):
            await customer.call("add", **add, request_id="a")
        assert await customer.call("add", **add, request_id="a") == {"order": 1000}
        assert await customer.call("add", **{**add, "quantity": 2000}, request_id="a") == {
            "error": "This request id belongs to another order"
        }
        assert (await customer.steer("state"))["orders"] == 1


async def test_a_sandbox_lists_orders_where_it_is_told_to() -> None:
    async with customer_of(Sandbox(lists_orders=True, honours="request_id")) as customer:
        await customer.call("add", service=1, link="https://x.example/u", quantity=1000, request_id="a")
        (row,) = await customer.call("orders")
        assert (row["order"], row["quantity"], row["request_id"], row["status"]) == (1000, "1000", "a", "Pending")
    async with customer_of(Sandbox()) as customer:
        assert await customer.call("orders") == {"error": "Incorrect request"}


async def test_a_sandbox_may_show_its_balance_short_or_late() -> None:
    async with customer_of(Sandbox(balance="10.12345", balance_decimals=2, debits_late=3600)) as customer:
        await customer.buy(quantity=1000)
        assert (await customer.call("balance"))["balance"] == "10.12"
