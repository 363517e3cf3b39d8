"""The commands: what an owner types, and what scripts read."""

from __future__ import annotations

import gc

gc.disable()  # loading makes no garbage, and to look for some takes a tenth of the start
from aggregator.cli.root import root  # noqa: E402

gc.enable()


def main() -> None:
    root(prog_name="aggregator")
