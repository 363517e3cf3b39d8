"""The first configuration of a panel, as text -> text: what stands in the files already stays, comments and all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from aggregator.settings.edits import Value, append_block, set_values, write_block
from aggregator.settings.loading import MARKUP_FILE, PANEL_FILE, PROVIDERS_FILE, SERVICES_FILE

Block = Mapping[str, Value]

_FIRST = {
    PANEL_FILE: "# Our own panel.\n",
    PROVIDERS_FILE: "# The panels we buy from. Edits take effect without a restart.\n",
    SERVICES_FILE: "# What we sell under names of our own; the rest is sold as it comes.\n\nimport_rest = true\n",
    MARKUP_FILE: "# How much we add. `aggregator prices preview` shows what an edit would change.\n",
}
"""What a file that is not there begins with."""


class Beginning(Struct, frozen=True, kw_only=True):
    """What the owner of a new panel says; an empty table changes nothing."""

    panel: Block = {}
    margin: Block = {}
    """Of [default] in markup.toml."""
    rates: Block = {}
    """By a currency of theirs: one of it in ours."""
    providers: Sequence[Block] = ()
    services: Sequence[Block] = ()


def begin(found: Mapping[str, str | None], said: Beginning) -> dict[str, str]:
    """Every file with what was said in it, by its name; `found` are the files as they are, None = there is none.

    Raises `ConfigurationError` where one is no TOML.
    """
    texts = {file: text if (text := found.get(file)) is not None else first for file, first in _FIRST.items()}
    tables = [(PANEL_FILE, "panel", said.panel), (MARKUP_FILE, "default", said.margin), (MARKUP_FILE, "fx", said.rates)]
    for file, table, values in tables:
        if values:
            texts[file] = set_values(texts[file], file, table, values)
    for file, array, blocks in (
        (PROVIDERS_FILE, "provider", said.providers),
        (SERVICES_FILE, "service", said.services),
    ):
        for block in blocks:
            texts[file] = append_block(texts[file], write_block(array, block))
    return texts


SANDBOX_PORTS = {"alpha": 9001, "bravo": 9002}
SANDBOX_KEYS = {name: f"{name}-key" for name in SANDBOX_PORTS}
_PRESETS = {"alpha": "perfectpanel", "bravo": "mystic"}


def sandboxes() -> Beginning:
    """Two providers on this machine, one for each way in which panels speak, and a service that both can deliver."""
    providers = [
        {
            "name": name,
            "url": f"http://127.0.0.1:{port}/api/v2",
            "key": SANDBOX_KEYS[name],
            "preset": _PRESETS[name],
        }
        for name, port in SANDBOX_PORTS.items()
    ]
    service: Block = {
        "id": 1,
        "name": "Instagram Followers - Premium",
        "category": "Instagram",
        "offers": ["alpha:1", "bravo:1"],
    }
    return Beginning(providers=providers, services=[service])


def starting_lines() -> list[str]:
    """What starts the two, and a panel on them."""
    alpha, bravo = SANDBOX_PORTS
    return [
        f"aggregator sandbox --port {SANDBOX_PORTS[alpha]} --key {SANDBOX_KEYS[alpha]} &",
        f"aggregator sandbox --port {SANDBOX_PORTS[bravo]} --key {SANDBOX_KEYS[bravo]} --dialect json &",
        "aggregator sync --wait 30",
        *PANEL_LINES,
    ]


PANEL_LINES = ["aggregator resellers add shop --funds 100", "aggregator serve"]
