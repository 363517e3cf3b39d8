"""The conditions of partial indexes in the indexes' own words, for Piccolo's queries.

SQLite takes a partial index only where the question repeats its condition: a value that Piccolo binds it cannot see.
"""

from __future__ import annotations

from typing import Final

from piccolo.columns.combination import WhereRaw

QUEUED: Final = WhereRaw("state = 'queued'")
"""Of orders."""
OPEN: Final = WhereRaw("state in ('queued', 'placing', 'unsure', 'active')")
"""Of orders."""
PLACING: Final = WhereRaw("outcome = 'placing'")
"""Of attempts."""
UNSURE: Final = WhereRaw("outcome = 'unsure'")
"""Of attempts."""
CALLED_OFF: Final = WhereRaw("outcome = 'called_off'")
"""Of attempts."""
TO_CALL_OFF: Final = WhereRaw("call_off")
"""Of attempts."""
MOVING: Final = WhereRaw("moving")
"""Of words."""
