"""What no file can know by itself: whether the files agree with each other."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase

from msgspec import Struct

from aggregator.settings.faults import Fault
from aggregator.settings.fields import quoted
from aggregator.settings.loading import MARKUP_FILE, PROVIDERS_FILE, SERVICES_FILE, Settings
from aggregator.settings.services import FIRST_IMPORTED_ID


class Findings(Struct, frozen=True):
    """Faults make the files unfit for each other; notices are only worth knowing."""

    faults: tuple[Fault, ...]
    notices: tuple[Fault, ...]


def cross_check(settings: Settings) -> Findings:
    """Compare offers, rules and currencies with the providers and services that are there."""
    faults = tuple(_unknown_providers(settings))
    notices = (*_missing_rates(settings), *_idle_rules(settings))
    return Findings(faults, notices)


def _unknown_providers(settings: Settings) -> Iterator[Fault]:
    names = [provider.profile.name for provider in settings.providers]
    renamed = {provider.formerly: provider.profile.name for provider in settings.providers if provider.formerly}
    for service in settings.services.services:
        for offer in service.offers:
            if offer.provider not in names:
                near = renamed.get(offer.provider) or next(iter(get_close_matches(offer.provider, names, 1)), None)
                instead = f"{near}:{offer.service}" if near else None
                advice = f"write {quoted(instead)}" if instead else f"add it to {PROVIDERS_FILE} or take the offer out"
                message = f"service {service.id}: there is no provider {quoted(offer.provider)}: {advice}"
                yield _fault(settings, SERVICES_FILE, service.offers_line, message)


def _missing_rates(settings: Settings) -> Iterator[Fault]:
    known = {settings.panel.currency, *settings.markup.fx.rates}
    for provider in settings.providers:
        currency = provider.profile.currency
        if currency is not None and currency not in known:
            message = (
                f"{provider.profile.name} sells in {currency}, which has no rate: "
                f"write {currency} = ... under [fx] in {MARKUP_FILE}, until then nothing of it is for sale"
            )
            yield _fault(settings, PROVIDERS_FILE, provider.line, message)


def _idle_rules(settings: Settings) -> Iterator[Fault]:
    names = [provider.profile.name for provider in settings.providers]
    ids = {service.id for service in settings.services.services}
    for rule, line in zip(settings.markup.book.rules, settings.markup.rule_lines, strict=True):
        glob, service = rule.match.provider, rule.match.service
        if glob is not None and not any(fnmatchcase(name, glob.casefold()) for name in names):
            message = f"rule {rule.number} is for provider {quoted(glob)}, and there is none of that name"
            yield _fault(settings, MARKUP_FILE, line, message)
        if service is not None and service < FIRST_IMPORTED_ID and service not in ids:
            message = f"rule {rule.number} is for service {service}, which {SERVICES_FILE} does not have"
            yield _fault(settings, MARKUP_FILE, line, message)


def _fault(settings: Settings, file: str, line: int, message: str) -> Fault:
    return Fault(str(settings.directory / file), line, message)
