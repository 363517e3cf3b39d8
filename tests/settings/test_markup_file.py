"""markup.toml: percents, rules and rates, exact to the last digit."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from aggregator.settings import ConfigurationError, load, read_markup
from pricing.markup import Match

FILE = "config/markup.toml"

FAULTS = [
    ('[default]\npercent = "25%"', 2, "write percent = 25"),
    ("[default]\npercent = -100", 2, "percent must be a number above -100"),
    ("[default]\nmin_margin_percent = -1", 2, "write min_margin_percent = 5"),
    ("[default]\nfixed = true", 2, "write fixed = 0"),
    ("[default]\nmargin = 5", 2, "unknown key margin: take it out; known here are percent, fixed"),
    ("[default]\npercnt = 5", 2, "unknown key percnt: write percent"),
    ("[rule]\npercent = 5", 1, "write [[rule]] with two brackets"),
    ('[[rule]]\nmatch = "bravo"', 2, "match must be one table: write [rule.match]"),
    ('[[rule]]\nmatch = { provder = "bravo" }', 2, "unknown key provder: write provider"),
    ('[[rule]]\n[rule.match]\nservice = "all"', 3, "service must be a whole number"),
    ("[[rule]]\nmatch = { tier = 1 }", 2, "tier must be text on one line"),
    ('[[rule]]\nmatch = { type = "Pakage" }', 2, 'write type = "Package"'),
    ("[[rule]]\nmatch = { cost_over = 2, cost_under = 2 }", 2, "write cost_over below cost_under"),
    ("[[rule]]\nmatch = { cost_under = 0 }", 2, "cost_under must be a number above 0"),
    ("[[rule]]\npercent = 1\n[[rule]]\n# second\npercent = []", 5, "percent must be a number"),
    ("[fx]\nEUR = 0", 2, "EUR must be a number above 0"),
    ('[fx]\nEUR = "1,08"', 2, "EUR must be a number above 0"),
    ("[fx]\neur = 1.08", 2, "as in EUR = 1.08"),
    ("[fx]\nUSD = 1.08", 2, "USD is the panel's own currency: take the line out"),
    ("fx = 1.08", 1, "fx must be one table: write [fx]"),
]


@pytest.mark.parametrize(("text", "line", "said"), FAULTS)
def test_a_fault_names_its_line_and_what_to_write(text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_markup(text, FILE, currency="USD")
    (fault,) = caught.value.faults
    assert (fault.file, fault.line) == (FILE, line)
    assert said in fault.message


@pytest.mark.parametrize("percent", ["12.345678901234567", '"12.345678901234567"'])
def test_a_percent_is_exact_beyond_what_a_binary_float_can_hold(percent: str) -> None:
    markup = read_markup(f"[default]\npercent = {percent}", FILE, currency="USD")
    assert markup.book.default.percent == Decimal("12.345678901234567")


def test_a_rate_of_exchange_is_exact_however_small() -> None:
    markup = read_markup("[fx]\nVND = 0.0000392156862745\nUSDT = 1", FILE, currency="USD")
    assert markup.fx.rates == {"VND": Decimal("0.0000392156862745"), "USDT": Decimal(1)}
    assert markup.fx.currency == markup.book.currency == "USD"


def test_rules_are_numbered_from_one_in_the_order_of_the_file() -> None:
    text = (
        "[default]\npercent = 30\nfixed = 0.01\n[[rule]]\nmatch = { service = 7 }\n[[rule]]\npercent = -5\nfixed = -0.5"
    )
    first, second = read_markup(text, FILE, currency="USD").book.rules
    assert (first.number, first.match, first.percent, first.fixed) == (
        1,
        Match(service=7),
        Decimal(30),
        Decimal("0.01"),
    )
    assert (second.number, second.match, second.percent, second.fixed) == (2, Match(), Decimal(-5), Decimal("-0.5"))


def test_every_condition_of_a_match_is_read() -> None:
    text = """[[rule]]
[rule.match]
provider = "b*"
category = "TikTok*"
name = "*Likes*"
service = "12"
type = "custom comments"
tier = "vip"
reseller = "bob"
cost_over = "0.50"
cost_under = 2
"""
    (rule,) = read_markup(text, FILE, currency="USD").book.rules
    assert rule.match == Match(
        provider="b*",
        category="TikTok*",
        name="*Likes*",
        service=12,
        type="Custom Comments",
        tier="vip",
        reseller="bob",
        cost_over=Decimal("0.5"),
        cost_under=Decimal(2),
    )


def test_a_rule_that_hides_the_ones_below_it_is_worth_a_notice(tmp_path: Path) -> None:
    (tmp_path / "markup.toml").write_text("[[rule]]\npercent = 9\n\n[[rule]]\npercent = 8\n", encoding="utf-8")
    (notice,) = load(tmp_path, {}).notices
    assert (notice.line, "never reached" in notice.message) == (1, True)
