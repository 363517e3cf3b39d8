"""Which presets a provider may start from, and the pace that each is known to bear."""

from __future__ import annotations

from msgspec import Struct

from providers.dialect import PRESETS, Dialect


class PresetPace(Struct, frozen=True):
    """Calls a second, how many at once after a rest, and how many beside each other."""

    requests_per_second: float = 4.0  # a pace, not money
    burst: int = 10
    parallel: int = 4


_PACES = {"mystic": PresetPace(requests_per_second=1.0, burst=1, parallel=1)}


def preset_names() -> list[str]:
    return sorted(PRESETS)


def find_preset(name: str) -> Dialect:
    """The spelling of a preset; the plain one for a name that is not known."""
    return PRESETS.get(name, Dialect())


def find_pace(name: str) -> PresetPace:
    return _PACES.get(name, PresetPace())
