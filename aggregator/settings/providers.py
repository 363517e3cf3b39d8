"""providers.toml: the panels we buy from, each a preset and what its owner set beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from aggregator.settings.addresses import read_address, read_proxy_url
from aggregator.settings.fields import FOREIGN_CURRENCY, WEB_ADDRESS, Shape, Table, quoted
from aggregator.settings.numbers import NOT_NEGATIVE, PERCENT, SECONDS, Bounds
from aggregator.settings.presets import find_pace, find_preset, preset_names
from aggregator.settings.secrets import SecretMissing, Vault, is_reference
from aggregator.settings.spelling import read_dialect
from aggregator.settings.toml import TomlFile
from providers.adapter import Profile

PROVIDER_NAME = Shape("[a-z0-9_-]{1,40}", "1 to 40 of a-z, 0-9, _ and -", "alpha")
_KEY = Shape(r"[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*", "a secret in quotes", "env:ALPHA_KEY")
_USER_AGENT = Shape("[\x20-\x7e]+", "plain ASCII on one line", "Mozilla/5.0")
_CALLS = Bounds(above=0, most=10_000)
_CALLS_AT_ONCE = Bounds(least=1, most=10_000, whole=True)
_DAYS = Bounds(least=0, most=3_650, whole=True)


class RangedPackages(StrEnum):
    """What a package is that takes a range of quantities, as its rate goes."""

    DEFAULT = "default"
    """The rate is that of 1,000, as of any other service."""
    PACKAGE = "package"
    """The rate is that of one package, ordered without a quantity."""
    OFF = "off"
    """Nobody knows: it is not sold."""


class ProviderSettings(Struct, frozen=True, kw_only=True):
    """One provider: how to reach it, and how far we trust it."""

    profile: Profile
    preset: str = "perfectpanel"
    enabled: bool = True
    """False: it gets no new orders; those it has are still followed."""
    formerly: str | None = None
    """Its name before it was renamed."""
    fx_margin_percent: Decimal = Decimal(2)
    """Added to its prices when they are in another currency than ours."""
    watch_days: int = 30
    """How long ended orders are still asked for."""
    max_price_rise_percent: Decimal = Decimal(100)
    """A greater rise takes the offer off sale until it is approved; any other counts at once."""
    min_balance: Decimal | None = None
    """In the provider's currency, as the next one; below it no new orders are sent. None = no such floor."""
    low_balance_alert: Decimal | None = None
    same_link_policy: str = "allow"
    """What happens to an order for a link that is already running there: "allow", "queue" or "refuse"."""
    links: str = "any"
    """"address": it is sent only orders whose link can be the address of a page."""
    balance_decides: bool = False
    """Whether the balance alone may prove that an unsure order was not taken; False: it only suggests it."""
    debits_late: bool = False
    """It takes the money of an order later than the order: its balance then proves nothing."""
    ranged_packages: RangedPackages = RangedPackages.OFF
    """What its packages are that take a range of quantities, where no [[service]] says so."""
    import_categories: tuple[str, ...] | None = None
    """Globs over its categories: what else of it is sold as it comes. None = everything."""
    line: int = 0
    """Where it stands in its file."""


def read_providers(
    text: str, file: str, environ: Mapping[str, str], base: Path, *, add_timeout_seconds: float = 30.0
) -> tuple[ProviderSettings, ...]:
    """Read providers.toml; relative secret files start at `base`. Raises `ConfigurationError` with all its faults."""
    reading = TomlFile(text, file)
    providers = providers_of(reading, Vault(environ, base), add_timeout_seconds)
    reading.conclude()
    return providers


def providers_of(reading: TomlFile, vault: Vault, add_timeout_seconds: float) -> tuple[ProviderSettings, ...]:
    """The providers of a file under reading, which keeps the faults."""
    tables = reading.root.tables("provider")
    providers = tuple(_read_provider(table, vault, add_timeout_seconds) for table in tables)
    _refuse_shared_names(tables, providers)
    return providers


def _read_provider(table: Table, vault: Vault, add_timeout_seconds: float) -> ProviderSettings:
    preset = table.choice("preset", "perfectpanel", preset_names())
    profile = _read_profile(table, vault, preset, add_timeout_seconds)
    plain = ProviderSettings(profile=profile)
    if profile.dialect.reference_dedupes and not profile.dialect.reference_param:
        table.fault("reference_dedupes", 'reference_dedupes needs a name: write reference_param = "request_id"')
    return ProviderSettings(
        profile=profile,
        preset=preset,
        enabled=table.flag("enabled", plain.enabled),
        formerly=table.text("formerly", None, PROVIDER_NAME),
        fx_margin_percent=table.number("fx_margin_percent", plain.fx_margin_percent, PERCENT),
        watch_days=table.whole("watch_days", plain.watch_days, _DAYS),
        max_price_rise_percent=table.number("max_price_rise_percent", plain.max_price_rise_percent, NOT_NEGATIVE),
        min_balance=table.number("min_balance", None, NOT_NEGATIVE),
        low_balance_alert=table.number("low_balance_alert", None, NOT_NEGATIVE),
        same_link_policy=table.choice("same_link_policy", plain.same_link_policy, ("allow", "queue", "refuse")),
        links=table.choice("links", plain.links, ("any", "address")),
        balance_decides=table.flag("balance_decides", plain.balance_decides),
        debits_late=table.flag("debits_late", plain.debits_late),
        ranged_packages=RangedPackages(
            table.choice("ranged_packages", plain.ranged_packages.value, [kind.value for kind in RangedPackages])
        ),
        import_categories=table.texts("import_categories", None),
        line=table.line(),
    )


def _read_profile(table: Table, vault: Vault, preset: str, add_timeout_seconds: float) -> Profile:
    pace, plain = find_pace(preset), Profile(name="", url="", key="", dialect=find_preset(preset))
    name = table.need("name", PROVIDER_NAME)
    return Profile(
        name=name,
        url=table.need("url", WEB_ADDRESS),
        key=_read_key(table, vault, name),
        dialect=read_dialect(table, plain.dialect, vault),
        currency=table.text("currency", None, FOREIGN_CURRENCY),
        requests_per_second=table.pace("requests_per_second", pace.requests_per_second, _CALLS),
        burst=table.whole("burst", pace.burst, _CALLS_AT_ONCE),
        parallel=table.whole("parallel", pace.parallel, _CALLS_AT_ONCE),
        timeout_seconds=table.pace("timeout_seconds", plain.timeout_seconds, SECONDS),
        add_timeout_seconds=table.pace("add_timeout_seconds", add_timeout_seconds, SECONDS),
        services_timeout_seconds=table.pace("services_timeout_seconds", plain.services_timeout_seconds, SECONDS),
        user_agent=table.text("user_agent", plain.user_agent, _USER_AGENT),
        proxy=read_address(table, "proxy", None, vault, read_proxy_url),
        verify_tls=table.flag("verify_tls", plain.verify_tls),
        allow_private=table.flag("allow_private", plain.allow_private),
    )


def _read_key(table: Table, vault: Vault, name: str) -> str:
    written = table.need("key", _KEY)
    if not written:
        return ""
    if not is_reference(written):
        variable = f"{name or 'alpha'}_KEY".upper().replace("-", "_")
        table.notice("key", f'key is written here in the clear: write key = "env:{variable}" or "file:PATH"')
    try:
        return vault.open(written)
    except SecretMissing as error:
        table.fault("key", f"key {error}")
        return ""


def _refuse_shared_names(tables: Sequence[Table], providers: Sequence[ProviderSettings]) -> None:
    """A name, once given, belongs to one provider: orders are kept under it."""
    present = [provider.profile.name for provider in providers]
    formers = [provider.formerly for provider in providers]
    for number, (table, name, former) in enumerate(zip(tables, present, formers, strict=True)):
        if name and name in present[:number]:
            table.fault("name", f"name {quoted(name)} is taken by a provider above: write another name")
        if former is not None and former in present:
            table.fault("formerly", f"{quoted(former)} is still a provider here: take it or formerly out")
        elif former is not None and former in formers[:number]:
            table.fault("formerly", f"{quoted(former)} became a provider above: take formerly out here")
