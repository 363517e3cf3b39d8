"""Which adapter serves which preset, and the pace each family is known to bear; written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from providers.adapter import Adapter, Pace, Profile
from providers.dialect import PRESETS as DIALECTS
from providers.dialect import Dialect

if TYPE_CHECKING:  # an HTTP client takes longer to load than all the rest, and settings are read without one
    from providers.wire.network import Trace
    from providers.wire.transport import Transport


def _usual(profile: Profile, transport: Transport) -> Adapter:
    from providers.panel import Panel  # noqa: PLC0415  # brings the HTTP client

    return Panel(profile, transport)


def _path_style(profile: Profile, transport: Transport) -> Adapter:
    from providers.path_style import PathStylePanel  # noqa: PLC0415  # brings the HTTP client

    return PathStylePanel(profile, transport)


class UnknownPreset(ValueError):
    """No preset has this name; the message lists those that exist."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown preset {name!r}; known are {', '.join(sorted(PRESETS))}")
        self.name = name


class Preset(Struct, frozen=True, kw_only=True):
    """One family of panels: its adapter, its spelling, and the pace for a provider that sets none."""

    adapter: Callable[[Profile, Transport], Adapter] = _usual
    dialect: Dialect
    requests_per_second: float = 4.0  # a pace, not money
    burst: int = 10
    parallel: int = 4


PRESETS: dict[str, Preset] = {
    "perfectpanel": Preset(dialect=DIALECTS["perfectpanel"]),
    "perfectpanel_old": Preset(dialect=DIALECTS["perfectpanel_old"]),
    "smartpanel": Preset(dialect=DIALECTS["smartpanel"]),
    "glycon": Preset(dialect=DIALECTS["glycon"]),
    "rental": Preset(dialect=DIALECTS["rental"]),
    "smmraja": Preset(dialect=DIALECTS["smmraja"]),
    "cmsnt_laravel": Preset(dialect=DIALECTS["cmsnt_laravel"]),
    "cmsnt2": Preset(dialect=DIALECTS["cmsnt2"]),
    "mystic": Preset(dialect=DIALECTS["mystic"], requests_per_second=1.0, burst=1, parallel=1),
    "notpanel": Preset(dialect=DIALECTS["notpanel"]),
    "aggregator": Preset(dialect=DIALECTS["aggregator"], requests_per_second=1.0, burst=30),
    "path_style": Preset(adapter=_path_style, dialect=Dialect(body_format="json")),
}


def find_preset(name: str) -> Preset:
    """The preset of this name; raises `UnknownPreset`."""
    try:
        return PRESETS[name]
    except KeyError:
        raise UnknownPreset(name) from None


def load_client() -> None:
    """Load the HTTP client and whom it trusts, for whoever must not wait for that at the first call."""
    from providers import panel  # noqa: F401, PLC0415  # brings the HTTP client
    from providers.wire.network import trust  # noqa: PLC0415  # the same

    trust(verify=True)


def open_adapter(profile: Profile, preset: str, pace: Pace, trace: Trace | None = None) -> Adapter:
    """The adapter of one configured provider; `trace` is told of each call's steps. Raises `UnknownPreset`."""
    from providers.wire.transport import Transport  # noqa: PLC0415  # brings the HTTP client

    return find_preset(preset).adapter(profile, Transport(profile, pace, trace))
