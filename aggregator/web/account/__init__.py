"""What everybody meets at the door, and what resellers do once they are in."""

from __future__ import annotations

from aggregator.web.account import doors, home, keys, mass, ordering, orders, safety, wallet

SECTIONS = tuple(page.section for page in (doors, home, ordering, mass, orders, wallet, keys, safety))
