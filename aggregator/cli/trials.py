"""Commands for whoever takes a new panel in: try it without buying, and begin an adapter where no preset fits."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import rich_click as click

from aggregator.app import database
from aggregator.cache.limits import Limits, SharedPace
from aggregator.catalog import knowledge
from aggregator.catalog import store as catalog_store
from aggregator.catalog.trial import judge_money
from aggregator.cli.providers import providers
from aggregator.cli.root import Context, Failure, command
from aggregator.settings import ConfigurationError, ProviderSettings, Settings, base_of
from aggregator.settings.presets import USUAL, preset_names
from aggregator.settings.providers import PROVIDER_NAME
from aggregator.settings.secrets import SecretMissing, Vault, is_reference
from providers.adapter import Found, Profile
from providers.reach import Finding, Level
from providers.registry import find_preset
from providers.scaffold import BadName, next_steps, scaffold
from providers.trial import Trial, find_encoding, try_provider


@command(providers, "test")
@click.argument("name", required=False)
@click.option("--url", help="Try this address before it is configured.")
@click.option("--key", help="With --url: the key, env:NAME or file:PATH.")
@click.option("--preset", type=click.Choice(preset_names()), help="With --url: the family [found out].")
async def test(context: Context, name: str | None, url: str | None, key: str | None, preset: str | None) -> None:
    """Try a provider without buying anything; exit 1 where it could not sell."""
    if name is not None and (url, key, preset) == (None, None, None):
        await _test_configured(context, name)
    elif name is None and url is not None and key is not None:
        await _test_new(context, url, key, preset)
    else:
        raise click.UsageError("write a provider's NAME, or --url and --key")


async def _test_configured(context: Context, name: str) -> None:
    settings = context.settings()
    found = next((one for one in settings.providers if one.profile.name == name), None)
    if found is None:
        raise Failure(f"there is no provider {name} in providers.toml")
    trial = await _try(found.profile, found.preset, settings)
    findings = [*trial.findings, *judge_money(trial, found, settings)]
    if not found.enabled:
        findings.append(Finding(Level.WARN, "enabled", "is false: it gets no orders until that is changed"))
    await _remember(settings, found, trial)
    _report(context, name, findings)


async def _remember(settings: Settings, provider: ProviderSettings, trial: Trial) -> None:
    """A trial overrules what was learned before: the panel may have changed."""
    if trial.found == Found():
        return
    name = provider.profile.name
    async with database(settings):
        await catalog_store.ensure_providers([name])
        known = (await knowledge.load()).get(name, knowledge.NOTHING)
        now = knowledge.grown(known, trial.found, provider)
        if now is not None:
            await knowledge.keep(name, now)


async def _test_new(context: Context, url: str, key: str, preset: str | None) -> None:
    settings = _settings_if_any(context)
    try:
        secret = Vault(os.environ, base_of(context.directory)).open(key)
    except SecretMissing as error:
        raise Failure(f"--key {error}") from error
    plain = Profile(name="new", url=url, key=secret, dialect=find_preset(preset or USUAL).dialect)
    limits = Limits("memory://")
    try:
        chosen = preset or await find_encoding(plain, SharedPace(limits)) or USUAL
    finally:
        await limits.aclose()
    profile = msgspec.structs.replace(plain, dialect=find_preset(chosen).dialect)
    trial = await _try(profile, chosen, None)
    provider = ProviderSettings(profile=profile, preset=chosen)
    lines = _lines(url, key, trial.resembles if preset is None and trial.resembles else chosen, trial)
    _report(context, None, [*trial.findings, *judge_money(trial, provider, settings)], lines)


def _settings_if_any(context: Context) -> Settings | None:
    """Rates of exchange, where there is a configuration at all."""
    try:
        return context.settings()
    except ConfigurationError:
        return None


async def _try(profile: Profile, preset: str, settings: Settings | None) -> Trial:
    limits = Limits(settings.cache_url if settings else "memory://")
    try:
        return await try_provider(profile, preset, SharedPace(limits))
    finally:
        await limits.aclose()


def _lines(url: str, key: str, preset: str, trial: Trial) -> str:
    """What to write into providers.toml."""
    host = urlsplit(url).hostname or "new"
    name = (
        next((part for part in host.split(".") if part not in ("www", "api")), "new")
        if not host[0].isdigit()
        else "new"
    )
    reference = key if is_reference(key) else f"env:{name.upper().replace('-', '_')}_KEY"
    silent = trial.funds is not None and trial.funds.currency is None
    currency = ['currency = "USD"                         # or whatever its own pages show'] if silent else []
    values = {"name": name, "url": url, "key": reference, "preset": preset}
    pairs = [f"{setting} = {msgspec.json.encode(value).decode()}" for setting, value in values.items()]
    return "\n".join(["[[provider]]", *pairs, *currency])


def _name_of(url: str) -> str:
    """A name for a provider by its host: "alpha" for https://www.alpha.example/api/v2."""
    parts = [part for part in (urlsplit(url).hostname or "").split(".") if part not in ("www", "api")]
    return parts[0] if parts and PROVIDER_NAME.fits(parts[0]) and not parts[0].isdigit() else "new"


def _report(context: Context, name: str | None, findings: list[Finding], lines: str | None = None) -> None:
    faults = [finding for finding in findings if finding.level is Level.FAULT]
    document = {
        "provider": name, "sells": not faults, "findings": [msgspec.to_builtins(finding) for finding in findings],
        "lines": lines,
    }  # fmt: skip
    if not context.as_json:
        for finding in findings:
            click.echo(f"{finding.level:<5} {finding.topic:<12} {finding.text}")
        if lines:
            click.echo(f"\nFor config/providers.toml:\n\n{lines}\n")
    if faults:
        raise Failure(f"could not sell: {', '.join(dict.fromkeys(fault.topic for fault in faults))}", document=document)
    context.print(document, text="could sell")


@command(providers, "scaffold")
@click.argument("name")
@click.option("--output", type=click.Path(dir_okay=False), help="The file to write [providers/NAME.py].")
async def scaffold_(context: Context, name: str, output: str | None) -> None:
    """Write the beginning of an adapter for a panel whose API fits no preset."""
    try:
        text = scaffold(name)
    except BadName as error:
        raise click.UsageError(str(error)) from error
    path = Path(output or f"providers/{name}.py")
    try:
        _write_new(path, text)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}; --output FILE writes elsewhere") from error
    steps = next_steps(name)
    context.print({"file": str(path), "next": steps}, text=f"wrote {path}\n\n{steps}")


def _write_new(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
