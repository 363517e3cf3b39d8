"""When an account's baseline is taken again, and which looks at its balance count."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from aggregator.catalog.model import ProviderRow
from aggregator.orders.unsure.accounting import note_balance, wants_baseline
from aggregator.orders.unsure.evidence import Account, AccountReading

REST = 1_000
CLEAN = AccountReading(Decimal(100), {}, 5_000)


def row(balance: str | None, at: int | None = None) -> ProviderRow:
    return ProviderRow(name="alpha", balance=balance, balance_at=at)


@pytest.mark.parametrize(
    ("account", "balance", "now", "wanted"),
    [
        (Account(), None, 9_000, False),
        (Account(), "100", 0, True),
        (Account(baseline=CLEAN, last=CLEAN), "100", 5_001, True),
        (Account(baseline=CLEAN), "100", 9_000, False),
        (Account(baseline=CLEAN), "99", 5_999, False),
        (Account(baseline=CLEAN), "99", 6_000, True),
    ],
)
def test_a_baseline_is_taken_where_none_is_and_again_where_money_moved_and_it_is_old(
    account: Account, balance: str | None, now: int, wanted: bool
) -> None:
    """Also where one reading waits for the second that agrees; never of a balance that nobody knows."""
    assert wants_baseline(account, row(balance), now=now, rest_ms=REST) is wanted


def test_each_reading_of_a_balance_counts_once() -> None:
    account = note_balance(Account(), row("100.00", 1_000), unobserved_ms=REST)
    assert (account.seen, account.seen_at) == (Decimal(100), 1_000)
    assert note_balance(account, row("105.00", 1_000), unobserved_ms=REST) is account, (
        "it was seen at this moment before"
    )
    assert note_balance(account, row(None, 2_000), unobserved_ms=REST) is account
    assert note_balance(account, row("105.00"), unobserved_ms=REST) is account
    later = note_balance(account, row("105.00", 2_001), unobserved_ms=REST)
    assert (later.seen, later.seen_at, later.risen) == (Decimal(105), 2_001, Decimal("4.99"))
    assert later.unobserved == ((1_000, 2_001),), "longer than a second without a look"
    assert note_balance(account, row("105.00", 2_000), unobserved_ms=REST).unobserved == ()


def test_an_account_that_was_kept_before_is_read() -> None:
    """Its row says `clean` and `dark`, whatever the fields are called now."""
    kept = b'{"clean":{"balance":"10","orders":{},"at":5},"dark":[[1,2]],"seen":"10"}'
    account = msgspec.json.decode(kept, type=Account)
    assert (account.baseline, account.unobserved) == (AccountReading(Decimal(10), {}, 5), ((1, 2),))
    assert b'"clean":' in msgspec.json.encode(account)
