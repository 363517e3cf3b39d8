"""The statement: every movement with its order and the balance after it, on the page and as a file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from aggregator.ledger import book
from aggregator.web.account.wallet import ROWS
from aggregator.web.exports import cell
from pricing.money import parse_units
from tests.web.kit import Web, plain, web_of
from tests.web.stories import busy, newcomer


async def test_the_file_says_what_the_ledger_says(web: Web) -> None:
    """Each balance follows from the one before, and the newest is the wallet's."""
    anna = await busy(web)
    reply = await anna.http.get("/wallet/statement.csv")
    assert reply.headers["content-disposition"] == 'attachment; filename="statement.csv"'
    rows = list(csv.DictReader(reply.text.splitlines()))
    assert [(row["what"], row["order"], row["amount"]) for row in rows[:4]] == [
        ("Deposit", "", "10.00"),
        ("Refund, 250 not delivered", "3", "0.625"),
        ("Refund, 1,003 not delivered", "4", "2.5075"),
        ("Order", "4", "-2.5075"),
    ]
    balances = [parse_units(row["balance"]) for row in rows]
    amounts = [parse_units(row["amount"]) for row in rows]
    assert balances[0] == await book.balance(anna.reseller)
    assert [now - before for now, before in zip(balances, [*balances[1:], 0], strict=True)] == amounts


async def test_a_long_statement_goes_on_over_pages(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await busy(web)
    monkeypatch.setattr("aggregator.web.account.wallet.ROWS", 3)
    assert ROWS > 3
    first = await anna.get("/wallet")
    older = first.split('href="/wallet?before=')[1].split('"')[0]
    second = await anna.get(f"/wallet?before={older}")
    assert first.count("<time") == second.count("<time") == 3
    assert "Deposit" in first
    assert "+0.62" in first
    assert "+0.62" not in second


async def test_nobody_reads_anothers_statement(web: Web) -> None:
    await busy(web)
    eve = await newcomer(web)
    assert "Nothing has moved yet" in plain(await eve.get("/wallet"))
    assert (await eve.get("/wallet/statement.csv")).splitlines() == ["id,time,what,order,amount,balance,note"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1"])
def test_a_note_is_never_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell("thank you") == "thank you"


async def test_how_to_pay_is_told_in_the_owners_words(tmp_path: Path, fresh_sqlite: str) -> None:
    """Where the owner wrote some; else whom to ask."""
    note = 'deposit_note = "Pay to DE12 <b>3456</b>.\\n\\nName the account."\nminimum_deposit = 25\n'
    async with web_of(tmp_path, fresh_sqlite, panel=note) as web:
        page = await (await web.reseller()).get("/funds")
    assert "Pay to DE12 &lt;b&gt;3456&lt;/b&gt;.</p>" in page
    assert "At least 25.00 USD" in plain(page)
