"""What a trial of a provider means for our prices: its currency, our rate for it, and the money we have there."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from aggregator.settings import ProviderSettings, Settings
from providers.probe import Probe
from providers.reach import Finding, Level


def judge_money(trial: Probe, provider: ProviderSettings, settings: Settings | None) -> Iterator[Finding]:
    """Findings about money, for a trial in which the balance was read; without settings nothing is known of rates."""
    if trial.funds is None:
        return
    said, configured = trial.funds.currency, provider.profile.currency
    if said and configured and said != configured:
        yield Finding(Level.WARN, "currency", f"it says {said}, providers.toml says {configured}: {said} counts")
    currency = said or configured
    if currency is None and not all(listing.currency for listing in trial.listings):
        yield Finding(Level.FAULT, "currency", 'it names none: write currency = "USD", or whatever its own pages show')
    elif currency is not None and settings is not None:
        yield _judge_rate(currency, settings)
    yield from _judge_funds(trial.funds.balance, provider)


def _judge_rate(currency: str, settings: Settings) -> Finding:
    ours = settings.panel.currency
    if currency == ours:
        return Finding(Level.OK, "currency", f"{currency}, as ours")
    rate = settings.markup.fx.rates.get(currency)
    if rate is None:
        advice = f"write {currency} = ... under [fx] in markup.toml"
        return Finding(Level.FAULT, "currency", f"{currency} has no rate: {advice}")
    return Finding(Level.OK, "currency", f"{currency}, worth {rate:f} {ours}")


def _judge_funds(balance: Decimal, provider: ProviderSettings) -> Iterator[Finding]:
    floor, alert = provider.min_balance, provider.low_balance_alert
    if balance <= 0 or (floor is not None and balance < floor):
        least = f"below min_balance {floor:f}" if floor is not None and balance > 0 else "nothing can be bought with it"
        yield Finding(Level.FAULT, "funds", f"{balance:f} is there, {least}: top up")
    elif alert is not None and balance < alert:
        yield Finding(Level.WARN, "funds", f"{balance:f} is below low_balance_alert {alert:f}")
