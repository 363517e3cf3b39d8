"""The commands: what an owner types, and what scripts read."""

from __future__ import annotations

import gc

gc.disable()  # loading makes no garbage, and to look for some takes a tenth of the start
from aggregator.cli import (  # noqa: E402
    apply,
    audits,
    keys,
    orders,
    owners,
    panel,
    prices,
    providers,
    resellers,
    services,
    trials,
)
from aggregator.cli.root import root  # noqa: E402

gc.enable()

COMMANDS = (panel, providers, trials, services, prices, apply, resellers, keys, owners, orders, audits)
"""Each module adds its commands to the root when it is imported."""


def main() -> None:
    root(prog_name="aggregator")
