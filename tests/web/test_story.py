"""The whole way of a reseller in a real browser: signing up, a key, funds, an order, a refund for what is missing."""

from __future__ import annotations

from aggregator.resellers import accounts
from pricing.money import parse_units
from tests.web.chromium import Screen
from tests.web.kit import Web
from tests.web.stories import live


async def test_a_stranger_becomes_a_customer(web: Web, screen: Screen) -> None:
    """By what is seen and pressed alone; the charge stands there before anything is pressed."""
    page = await screen.go("/sign-in")
    await page.get_by_role("link", name="Open an account").click()
    await page.get_by_label("Name").fill("zoe@shop.example")
    await page.get_by_label("Password").fill("seven quiet rivers")
    await page.get_by_role("button", name="Open the account").click()
    await page.get_by_role("link", name="Make an API key").click()
    await page.get_by_label("Name", exact=True).fill("My shop")
    await page.get_by_role("button", name="Make the key").click()
    assert len(await page.locator(".secret code").inner_text()) >= 64
    await page.get_by_role("link", name="I have kept it").click()

    await accounts.fund("zoe@shop.example", parse_units("10"), note="Thank you")
    await page.get_by_role("navigation").get_by_role("link", name="New order").click()
    await page.get_by_label("Search").fill("premium")
    await page.get_by_role("link", name="Order Instagram Followers - Premium").click()
    await page.get_by_label("Link").fill("https://x.example/u/partial/400")
    await page.get_by_label("Quantity").fill("1000")
    await page.get_by_text("Balance then").wait_for()
    assert "7.50" in await page.locator("#quote").inner_text()
    await page.get_by_role("button", name="Place the order").click()
    await page.get_by_text("Order 1 is taken.").wait_for()

    await live(web)
    await page.get_by_role("navigation").get_by_role("link", name="Wallet").click()
    rows = [" ".join(row.split()) for row in await page.locator("tbody tr").all_inner_texts()]
    assert [row.split(" ", 4)[4] for row in rows] == [
        "Refund, 400 not delivered 1 +1.00 USD 8.50 USD",
        "Order 1 \N{MINUS SIGN}2.50 USD 7.50 USD",
        "Deposit Thank you - +10.00 USD 10.00 USD",
    ]
    await page.get_by_role("row", name="Refund").get_by_role("link").click()
    assert "400 of 1,000 not delivered" in await page.locator(".timeline").inner_text()
    assert screen.faults == []
