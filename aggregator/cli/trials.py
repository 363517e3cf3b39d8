"""Commands for whoever takes a new panel in: try it without buying, and begin an adapter where no preset fits."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import rich_click as click

from aggregator.catalog.upstream.probe import ProbeReport, name_of, remember, try_configured, try_new
from aggregator.cli.providers import providers
from aggregator.cli.root import Context, Failure, command
from aggregator.settings import ConfigurationError, Settings, base_of
from aggregator.settings.presets import preset_names
from aggregator.settings.secrets import SecretMissing, Vault, is_reference
from aggregator.storage.opening import database
from providers.scaffold import BadName, next_steps, scaffold


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
    tried = await try_configured(found, settings)
    async with database(settings):
        await remember(found, tried.trial)
    _report(context, name, tried)


async def _test_new(context: Context, url: str, key: str, preset: str | None) -> None:
    try:
        secret = Vault(os.environ, base_of(context.directory)).open(key)
    except SecretMissing as error:
        raise Failure(f"--key {error}") from error
    tried = await try_new(url, secret, preset, _settings_if_any(context))
    _report(context, None, tried, _lines(url, key, tried))


def _settings_if_any(context: Context) -> Settings | None:
    """Rates of exchange, where there is a configuration at all."""
    try:
        return context.settings()
    except ConfigurationError:
        return None


def _lines(url: str, key: str, tried: ProbeReport) -> str:
    """What to write into providers.toml."""
    name = name_of(url)
    reference = key if is_reference(key) else f"env:{name.upper().replace('-', '_')}_KEY"
    silent = tried.names_no_currency
    currency = ['currency = "USD"                         # or whatever its own pages show'] if silent else []
    values = {"name": name, "url": url, "key": reference, "preset": tried.preset}
    pairs = [f"{setting} = {msgspec.json.encode(value).decode()}" for setting, value in values.items()]
    return "\n".join(["[[provider]]", *pairs, *currency])


def _report(context: Context, name: str | None, tried: ProbeReport, lines: str | None = None) -> None:
    faults, findings = tried.faults, tried.findings
    document = {
        "provider": name,
        "sells": not faults,
        "findings": [msgspec.to_builtins(finding) for finding in findings],
        "lines": lines,
    }
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
