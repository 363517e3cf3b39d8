"""Which presets a provider may start from: those of the registry, with their spelling and the pace they bear."""

from __future__ import annotations

from providers.dialect import Dialect
from providers.registry import PRESETS, Preset

USUAL = "perfectpanel"


def preset_names() -> list[str]:
    return sorted(PRESETS)


def find_preset(name: str) -> Dialect:
    """The spelling of a preset; the usual one for a name that is not known."""
    return find_pace(name).dialect


def find_pace(name: str) -> Preset:
    """Calls a second, how many at once after a rest, and how many beside each other, among the rest of a preset."""
    return PRESETS.get(name, PRESETS[USUAL])
