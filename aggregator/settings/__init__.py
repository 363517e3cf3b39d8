"""What the owner decided: config/*.toml and the environment, as one frozen Settings."""

from __future__ import annotations

from aggregator.settings.crosschecks import Findings, cross_check
from aggregator.settings.faults import ConfigurationError, Fault
from aggregator.settings.loading import (
    CACHE_VARIABLE,
    DATABASE_VARIABLE,
    MARKUP_FILE,
    PANEL_FILE,
    PROVIDERS_FILE,
    SERVICES_FILE,
    Settings,
    base_of,
    directory_of,
    load,
)
from aggregator.settings.lost import find_loss, refuse_loss
from aggregator.settings.markup import MarkupFile, read_markup
from aggregator.settings.panel import Limits, PaceSettings, PanelSettings
from aggregator.settings.providers import ProviderSettings, RangedPackages, read_providers
from aggregator.settings.services import (
    FIRST_IMPORTED_ID,
    CategoryEntry,
    OfferRef,
    ServiceEntry,
    ServicesFile,
    read_services,
)
from aggregator.settings.toml import find_text, read_text

__all__ = [
    "CACHE_VARIABLE",
    "DATABASE_VARIABLE",
    "FIRST_IMPORTED_ID",
    "MARKUP_FILE",
    "PANEL_FILE",
    "PROVIDERS_FILE",
    "SERVICES_FILE",
    "CategoryEntry",
    "ConfigurationError",
    "Fault",
    "Findings",
    "Limits",
    "MarkupFile",
    "OfferRef",
    "PaceSettings",
    "PanelSettings",
    "ProviderSettings",
    "RangedPackages",
    "ServiceEntry",
    "ServicesFile",
    "Settings",
    "base_of",
    "cross_check",
    "directory_of",
    "find_loss",
    "find_text",
    "load",
    "read_markup",
    "read_providers",
    "read_services",
    "read_text",
    "refuse_loss",
]
