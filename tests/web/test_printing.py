"""Numbers read alike wherever they stand, and a chart says its scale beside its newest day."""

from __future__ import annotations

import re

import pytest

from aggregator.orders.settling.daily_totals import Day
from aggregator.storage.clock import DAY_MS
from aggregator.web.console import charts
from aggregator.web.printing import price
from pricing.money import SCALE, Rate


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        ("0.3", "0.30"),
        ("1.0625", "1.0625"),
        ("1000", "1,000.00"),
        ("1E+3", "1,000.00"),
        ("-0.05", "\N{MINUS SIGN}0.05"),
        (Rate.parse("1234567.5", "USD"), "1,234,567.50"),
    ],
)
def test_a_rate_has_two_decimals_at_least(rate: Rate | str, text: str) -> None:
    assert price(rate) == text


def test_the_axis_of_a_chart_stands_at_its_right() -> None:
    """Where a phone begins to show it: beyond the ends of the lines, and within the picture."""
    days = [
        Day(start=n * DAY_MS, orders=1, charged=0, refunded=0, revenue=n * 1000 * SCALE, cost=n * 700 * SCALE)
        for n in range(14)
    ]
    chart = str(charts.days(days))
    axis = re.findall(r' h(\d+)[.\d]*" [^>]*/><text x="(\d+)"[^>]*>([\d,.]+)</text>', chart)
    assert {label for _, _, label in axis} >= {"0"}
    assert all(int(x) == int(length) + 12 for length, x, _ in axis)
    assert all(int(x) + 7 * len(label) < charts.WIDTH for _, x, label in axis)
