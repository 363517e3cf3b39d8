"""What everybody meets at the door, and what resellers do once they are in."""

from __future__ import annotations

from aggregator.web.account import doors, home, safety

SECTIONS = (doors.section, home.section, safety.section)
