"""markup.toml: how much we add, and what other currencies are worth in ours."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from aggregator.settings.fields import FOREIGN_CURRENCY, LINE, Table, quoted
from aggregator.settings.numbers import COUNT, NOT_NEGATIVE, POSITIVE, Bounds
from aggregator.settings.services import read_type
from aggregator.settings.toml import TomlFile
from pricing.fx import FxTable
from pricing.markup import MarkupBook, MarkupRule, Match

DEFAULT_PERCENT = Decimal(25)
DEFAULT_MIN_MARGIN_PERCENT = Decimal(5)
_PERCENT = Bounds(above=-100, most=100_000)
_FIXED = Bounds()
_MARGIN = Bounds(least=0, most=100_000)


class MarkupFile(Struct, frozen=True, kw_only=True):
    """All of markup.toml."""

    book: MarkupBook
    fx: FxTable
    rule_lines: tuple[int, ...] = ()
    """Where each rule of the book stands in the file."""


def read_markup(text: str, file: str, *, currency: str) -> MarkupFile:
    """Read markup.toml for a panel that sells in `currency`. Raises `ConfigurationError` with all its faults."""
    reading = TomlFile(text, file)
    markup = markup_of(reading, currency)
    reading.conclude()
    return markup


def markup_of(reading: TomlFile, currency: str) -> MarkupFile:
    """The markup of a file under reading, which keeps the faults."""
    table = reading.root.table("default")
    default = MarkupRule(
        number=0,
        match=Match(),
        percent=table.number("percent", DEFAULT_PERCENT, _PERCENT),
        fixed=table.number("fixed", Decimal(0), _FIXED),
    )
    margin = table.number("min_margin_percent", DEFAULT_MIN_MARGIN_PERCENT, _MARGIN)
    tables = reading.root.tables("rule")
    rules = tuple(_read_rule(rule, number, default) for number, rule in enumerate(tables, start=1))
    _tell_of_unreachable(tables, rules)
    return MarkupFile(
        book=MarkupBook(currency=currency, default=default, rules=rules, min_margin_percent=margin),
        fx=FxTable(currency=currency, rates=_read_rates(reading.root.table("fx"), currency)),
        rule_lines=tuple(rule.line() for rule in tables),
    )


def _read_rule(table: Table, number: int, default: MarkupRule) -> MarkupRule:
    return MarkupRule(
        number=number,
        match=_read_match(table.table("match")),
        percent=table.number("percent", default.percent, _PERCENT),
        fixed=table.number("fixed", default.fixed, _FIXED),
    )


def _read_match(table: Table) -> Match:
    over, under = table.number("cost_over", None, NOT_NEGATIVE), table.number("cost_under", None, POSITIVE)
    if over is not None and under is not None and over >= under:
        table.fault("cost_over", f"no cost is over {over} and under {under}: write cost_over below cost_under")
    kind = read_type(table, "type")
    return Match(
        provider=table.text("provider", None, LINE),
        category=table.text("category", None, LINE),
        name=table.text("name", None, LINE),
        service=table.whole("service", None, COUNT),
        type=kind.value if kind else None,
        tier=table.text("tier", None, LINE),
        reseller=table.text("reseller", None, LINE),
        cost_over=over,
        cost_under=under,
    )


def _tell_of_unreachable(tables: list[Table], rules: tuple[MarkupRule, ...]) -> None:
    for table, rule in zip(tables[:-1], rules[:-1], strict=True):
        if rule.match == Match():
            table.notice(None, "this rule matches everything: the rules below it are never reached")


def _read_rates(table: Table, currency: str) -> dict[str, Decimal]:
    rates: dict[str, Decimal] = {}
    for name in table.names():
        rate = table.number(name, None, POSITIVE)
        if not FOREIGN_CURRENCY.fits(name):
            table.fault(name, f"{quoted(name)} is no currency: write {FOREIGN_CURRENCY.words}, as in EUR = 1.08")
        elif name == currency and rate is not None and rate != 1:
            table.fault(name, f"{name} is the panel's own currency: take the line out")
        elif rate is not None:
            rates[name] = rate
    return rates
