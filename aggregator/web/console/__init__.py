"""The owner's console: what is wrong, what it costs, and every deed that the command line has."""

from __future__ import annotations

from aggregator.web.console import (
    audit,
    decisions,
    keys,
    orders,
    overview,
    prices,
    providers,
    resellers,
    services,
    unsure,
    words,
)

SECTIONS = tuple(
    part.section
    for part in (
        overview, prices, services, providers, words, orders, unsure, resellers, keys, audit, decisions,
    )
)  # fmt: skip
