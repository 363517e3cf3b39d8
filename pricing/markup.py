"""What we ask for an offer, and by which rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from fnmatch import translate
from functools import cached_property, lru_cache

from msgspec import Struct

from pricing.money import CurrencyMismatch, Rate, add_percent, count_units, round_sale_rate
from pricing.offer import Offer


class Buyer(Struct, frozen=True):
    """Who asks for a price."""

    tier: str = ""
    reseller: str = ""


class Match(Struct, frozen=True, kw_only=True):
    """When a rule applies: all that is given must hold; an empty match always does."""

    provider: str | None = None
    category: str | None = None
    name: str | None = None
    """Globs without regard to case; a text copied whole matches itself, brackets and all."""
    service: int | None = None
    """Our id."""
    type: str | None = None
    tier: str | None = None
    reseller: str | None = None
    cost_over: Decimal | None = None
    """The offer costs more than this, per 1,000 (or per package) in our currency."""
    cost_under: Decimal | None = None

    def holds(self, offer: Offer, *, service: int, name: str, category: str, buyer: Buyer) -> bool:
        """Whether this offer, sold as our service of that id, name and category to that buyer, is meant."""
        return (
            self.service in (None, service)
            and self.tier in (None, buyer.tier)
            and self.reseller in (None, buyer.reseller)
            and (self.type is None or self.type.casefold() == offer.type.casefold())
            and self._covers_cost(offer.rate)
            and fits(self.provider, offer.provider)
            and fits(self.category, category)
            and fits(self.name, name)
        )

    def _covers_cost(self, cost: Rate) -> bool:
        above = self.cost_over is None or cost.amount > self.cost_over
        return above and (self.cost_under is None or cost.amount < self.cost_under)


def fits(glob: str | None, text: str) -> bool:
    """Whether a glob is this text, or covers it, without regard to case; None covers everything."""
    if glob is None:
        return True
    (pattern, covers), folded = _read_glob(glob), text.casefold()
    return pattern == folded or covers(folded) is not None


@lru_cache(maxsize=4096)
def _read_glob(glob: str) -> tuple[str, Callable[[str], re.Match[str] | None]]:
    folded = glob.casefold()
    return folded, re.compile(translate(folded)).match


class MarkupRule(Struct, frozen=True):
    """What to add to a cost. Both parts may be negative: the least margin catches what would be a loss."""

    number: int
    """Its place in the file, from 1; 0 = the default."""
    match: Match
    percent: Decimal
    fixed: Decimal
    """Per 1,000, or per package, in our currency; finer than 1e-8 is rounded up."""


class Price(Struct, frozen=True, kw_only=True):
    """A sale rate and every step that led to it."""

    cost: Rate
    rule: int
    """The number of the rule that applied; 0 = the default."""
    percent: Decimal
    fixed: Decimal
    unrounded: Rate
    """Cost with percent and fixed added, at 1e-8."""
    by_rule: Rate
    """The same rounded to what can be published: the rule's own price."""
    min_margin_percent: Decimal
    floor: Rate
    """Cost plus the least margin, rounded likewise."""
    raised: bool
    """The least margin lifted the rule's own price."""
    rate: Rate
    """What is published and billed."""

    @property
    def sells_below_cost(self) -> bool:
        """Whether the rule by itself would lose money on every sale."""
        return self.by_rule.units < self.cost.units


class MarkupBook(Struct, frozen=True, dict=True):
    """The rules, read from the top: the first that matches wins, else the default."""

    currency: str
    default: MarkupRule
    rules: tuple[MarkupRule, ...]
    min_margin_percent: Decimal

    @cached_property
    def _named(self) -> tuple[frozenset[str | None], frozenset[str | None]]:
        return (
            frozenset(rule.match.tier for rule in self.rules),
            frozenset(rule.match.reseller for rule in self.rules),
        )

    def kind_of(self, buyer: Buyer) -> Buyer:
        """The buyer as far as the rules tell buyers apart: whoever is of one kind has the same prices."""
        tiers, resellers = self._named
        return Buyer(buyer.tier if buyer.tier in tiers else "", buyer.reseller if buyer.reseller in resellers else "")

    def price(self, offer: Offer, *, service: int, name: str, category: str, buyer: Buyer) -> Price:
        """What that buyer pays for our service when this offer sets the rate (PROTOCOL.md, "Rates and rounding").

        Raises CurrencyMismatch for an offer that is not in our currency.
        """
        if offer.rate.currency != self.currency:
            raise CurrencyMismatch(self.currency, offer.rate.currency)
        rules = (
            rule
            for rule in self.rules
            if rule.match.holds(offer, service=service, name=name, category=category, buyer=buyer)
        )
        return self._apply(next(rules, self.default), offer.rate)

    def _apply(self, rule: MarkupRule, cost: Rate) -> Price:
        unrounded = add_percent(cost.units, rule.percent) + count_units(rule.fixed, up=True)
        by_rule = round_sale_rate(unrounded)
        floor = round_sale_rate(add_percent(cost.units, self.min_margin_percent))
        return Price(
            cost=cost,
            rule=rule.number,
            percent=rule.percent,
            fixed=rule.fixed,
            unrounded=Rate(unrounded, cost.currency, cost.per),
            by_rule=Rate(by_rule, cost.currency, cost.per),
            min_margin_percent=self.min_margin_percent,
            floor=Rate(floor, cost.currency, cost.per),
            raised=by_rule < floor,
            rate=Rate(max(by_rule, floor), cost.currency, cost.per),
        )
