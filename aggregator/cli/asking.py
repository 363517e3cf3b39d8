"""The questions of `aggregator init`: about the panel, and about each provider, which is tried first."""

from __future__ import annotations

import os
from collections.abc import Callable

import rich_click as click

from aggregator import logs
from aggregator.catalog.upstream.probe import ProbeReport, name_of, try_new
from aggregator.settings import Settings, base_of
from aggregator.settings.beginning import Beginning, Block
from aggregator.settings.fields import CURRENCY, FOREIGN_CURRENCY, WEB_ADDRESS, Shape
from aggregator.settings.numbers import PERCENT, POSITIVE, Bounds, read_number
from aggregator.settings.providers import PROVIDER_NAME
from aggregator.settings.secrets import SecretMissing, Vault


async def ask(settings: Settings) -> Beginning:
    """Everything that a working configuration needs; what the files say already is the answer to an empty line."""
    panel = {
        "name": click.prompt("What is your panel called?", default=settings.panel.name, err=True),
        "currency": click.prompt(
            "In which currency do you sell?", default=settings.panel.currency, value_proc=_of(CURRENCY), err=True
        ),
    }
    percent = click.prompt(
        "How many percent do you add to what a provider asks?",
        default=f"{settings.markup.book.default.percent:f}",
        value_proc=_number(PERCENT),
        err=True,
    )
    providers, rates = await _ask_providers(settings, panel["currency"])
    return Beginning(panel=panel, margin={"percent": percent}, rates=rates, providers=providers)


async def _ask_providers(settings: Settings, ours: str) -> tuple[list[Block], dict[str, str]]:
    providers: list[Block] = []
    rates: dict[str, str] = {}
    while url := _ask_url(again=bool(providers)):
        block, currency = await _ask_provider(settings, url, [str(one["name"]) for one in providers])
        if block is None:
            continue
        providers.append(block)
        if currency not in (None, ours) and currency not in settings.markup.fx.rates and currency not in rates:
            rates[str(currency)] = click.prompt(
                f"How much is one {currency} in {ours}?", value_proc=_number(POSITIVE), err=True
            )
    return providers, rates


def _ask_url(*, again: bool) -> str:
    which = "another provider" if again else "a provider"
    return str(
        click.prompt(
            f"The API's address of {which} (https://.../api/v2; nothing = no more)",
            default="",
            show_default=False,
            value_proc=lambda text: _of(WEB_ADDRESS)(text) if text.strip() else "",
            err=True,
        )
    )


async def _ask_provider(settings: Settings, url: str, taken: list[str]) -> tuple[Block | None, str | None]:
    """Its lines, and the currency that it charges in; None where the owner does not want it after all."""
    key = click.prompt(
        "Our key there (or env:NAME, file:PATH)",
        hide_input=True,
        err=True,
        value_proc=lambda text: _openable(text, settings),
    )
    click.echo("trying it; nothing is bought ...", err=True)
    with logs.without_providers():
        tried = await try_new(url, Vault(os.environ, base_of(settings.directory)).open(key), None, None)
    for finding in tried.findings:
        click.echo(f"  {finding.level:<5} {finding.topic:<12} {finding.text}", err=True)
    if tried.trial.funds is None and not click.confirm("It could not sell now: take it in?", default=False, err=True):
        return None, None
    name = click.prompt(
        "How shall it be called here?",
        default=_free(name_of(url), taken),
        err=True,
        value_proc=lambda text: _free_name(text, taken),
    )
    currency = _currency(tried)
    named = {} if currency and not tried.names_no_currency else {"currency": _ask_currency(settings)}
    return {"name": name, "url": url, "key": key, "preset": tried.preset, **named}, named.get("currency", currency)


def _currency(tried: ProbeReport) -> str | None:
    return tried.trial.funds.currency if tried.trial.funds is not None else None


def _ask_currency(settings: Settings) -> str:
    return str(
        click.prompt(
            "It names no currency: which do its own pages show?",
            default=settings.panel.currency,
            err=True,
            value_proc=_of(FOREIGN_CURRENCY),
        )
    )


def _free(name: str, taken: list[str]) -> str:
    return name if name not in taken else f"{name[:36]}-{len(taken) + 1}"


def _free_name(text: str, taken: list[str]) -> str:
    name = _of(PROVIDER_NAME)(text)
    if name in taken:
        raise click.BadParameter(f"{name} is taken by a provider above")
    return name


def _openable(text: str, settings: Settings) -> str:
    try:
        Vault(os.environ, base_of(settings.directory)).open(text)
    except SecretMissing as error:
        raise click.BadParameter(f"it {error}") from error
    return text.strip()


def _of(shape: Shape) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not shape.fits(text.strip()):
            raise click.BadParameter(f"write {shape.words}, as {shape.example}")
        return text.strip()

    return read


def _number(bounds: Bounds) -> Callable[[str], str]:
    def read(text: str) -> str:
        number = read_number(text.strip())
        if number is None or not bounds.hold(number):
            raise click.BadParameter(f"write {bounds}")
        return f"{number:f}"

    return read
