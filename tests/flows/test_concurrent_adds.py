"""Fifty orders at once on a wallet that can pay ten: ten are accepted, and the wallet is empty to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.panels import Panel, Reseller
from tests.flows.sandboxes import Provider

TOO_POOR = {"error": "Insufficient balance in wallet."}


@pytest.fixture
def wide_panel(tmp_path: Path, fresh_postgres: str, fresh_redis: str) -> Iterator[Panel]:
    """A panel over which several processes may serve."""
    with Panel(tmp_path, fresh_postgres, cache=fresh_redis) as opened:
        yield opened


def test_fifty_orders_at_once_never_overdraw_a_wallet(any_panel: Panel, alpha: Provider) -> None:
    """One process, either database."""
    ann = any_panel.reseller(funds=25)
    any_panel.buy_from({"alpha": alpha})
    any_panel.serve()

    replies = at_once(50, lambda _: ann.try_to_add())

    expect_ten(ann, alpha, replies)


def test_two_processes_never_overdraw_a_wallet_together(wide_panel: Panel, alpha: Provider) -> None:
    """Two processes share the wallet, and each order leaves once."""
    ann = wide_panel.reseller(funds=25)
    wide_panel.buy_from({"alpha": alpha})
    urls = [wide_panel.serve(role).url for role in ("web", "all")]

    replies = at_once(50, lambda number: ann.try_to_add(at=urls[number % 2]))

    expect_ten(ann, alpha, replies)


def test_fifty_repeats_of_one_request_are_one_order(wide_panel: Panel, alpha: Provider) -> None:
    """A client that is unsure whether it was heard may ask again, anywhere: it has one order and paid once."""
    ann = wide_panel.reseller(funds=25)
    wide_panel.buy_from({"alpha": alpha})
    urls = [wide_panel.serve(role).url for role in ("web", "all")]
    order = {"service": 1, "link": "https://x.example/u", "quantity": 1000, "request_id": "r-1"}

    replies = at_once(50, lambda number: ann.call("add", at=urls[number % 2], **order))

    assert replies == [{"order": replies[0]["order"]}] * 50
    assert ann.balance == Decimal("22.50")


def at_once(times: int, call: Any) -> list[Any]:
    """What so many calls beside each other answer."""
    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(call, range(times)))


def expect_ten(ann: Reseller, alpha: Provider, replies: list[Any]) -> None:
    orders = [reply["order"] for reply in replies if reply != TOO_POOR]
    assert len(set(orders)) == 10
    assert ann.balance == 0
    for order in orders:
        ann.wait_for(order, "COMPLETED")
    assert len({add["link"] for add in alpha.adds}) == len(alpha.adds) == 10
