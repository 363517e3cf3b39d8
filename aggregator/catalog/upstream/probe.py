"""Tries a provider without buying, configured or not, and tells what its prices and our money there come to."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from aggregator.cache.limits import Limits
from aggregator.cache.pace import SharedPace
from aggregator.catalog import store
from aggregator.catalog.upstream import knowledge
from aggregator.catalog.upstream.probe_report import judge_money
from aggregator.settings import ProviderSettings, Settings
from aggregator.settings.presets import USUAL, find_preset
from aggregator.settings.providers import PROVIDER_NAME
from providers.adapter import Found, Profile
from providers.probe import Probe, find_encoding, try_provider
from providers.reach import Finding, Level


class ProbeReport(Struct, frozen=True, kw_only=True):
    """What came of it."""

    trial: Probe
    findings: list[Finding]
    preset: str
    """What fits it, as far as its answers tell."""

    @property
    def faults(self) -> list[Finding]:
        """With any of these it could not sell."""
        return [finding for finding in self.findings if finding.level is Level.FAULT]

    @property
    def names_no_currency(self) -> bool:
        return self.trial.funds is not None and self.trial.funds.currency is None


async def try_configured(provider: ProviderSettings, settings: Settings) -> ProbeReport:
    """One of providers.toml; what it turns out to be able to do overrules what was learned before."""
    trial = await _try(provider.profile, provider.preset, settings)
    findings = [*trial.findings, *judge_money(trial, provider, settings)]
    if not provider.enabled:
        findings.append(Finding(Level.WARN, "enabled", "is false: it gets no orders until that is changed"))
    return ProbeReport(trial=trial, findings=findings, preset=provider.preset)


async def remember(provider: ProviderSettings, trial: Probe) -> None:
    """A trial overrules what was learned before: the panel may have changed."""
    if trial.found == Found():
        return
    name = provider.profile.name
    await store.ensure_providers([name])
    known = (await knowledge.load()).get(name, knowledge.NOTHING)
    now = knowledge.grown(known, trial.found, provider)
    if now is not None:
        await knowledge.keep(name, now)


async def try_new(url: str, key: str, preset: str | None, settings: Settings | None) -> ProbeReport:
    """One that is not configured, by its address and the key itself; without a preset its family is found out."""
    plain = Profile(name="new", url=url, key=key, dialect=find_preset(preset or USUAL))
    chosen = preset or await _find_encoding(plain) or USUAL
    profile = msgspec.structs.replace(plain, dialect=find_preset(chosen))
    trial = await _try(profile, chosen, None)
    provider = ProviderSettings(profile=profile, preset=chosen)
    resembles = trial.resembles if preset is None and trial.resembles else chosen
    findings = [*trial.findings, *judge_money(trial, provider, settings)]
    return ProbeReport(trial=trial, findings=findings, preset=resembles)


async def _find_encoding(profile: Profile) -> str | None:
    limits = Limits("memory://")
    try:
        return await find_encoding(profile, SharedPace(limits))
    finally:
        await limits.aclose()


async def _try(profile: Profile, preset: str, settings: Settings | None) -> Probe:
    limits = Limits(settings.cache_url if settings else "memory://")
    try:
        return await try_provider(profile, preset, SharedPace(limits))
    finally:
        await limits.aclose()


def name_of(url: str) -> str:
    """A name for a provider by its host: "alpha" for https://www.alpha.example/api/v2."""
    parts = [part for part in (urlsplit(url).hostname or "").split(".") if part not in ("www", "api")]
    return parts[0] if parts and PROVIDER_NAME.fits(parts[0]) and not parts[0].isdigit() else "new"
