"""The commands: what an owner types, and what scripts read."""

from __future__ import annotations

from aggregator.cli import audits, keys, orders, owners, panel, prices, providers, resellers, services, trials
from aggregator.cli.root import root

COMMANDS = (panel, providers, trials, services, prices, resellers, keys, owners, orders, audits)
"""Each module adds its commands to the root when it is imported."""


def main() -> None:
    root(prog_name="aggregator")
