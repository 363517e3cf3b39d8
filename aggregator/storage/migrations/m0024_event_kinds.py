"""The twenty-fourth step: what a line of an order's history is, where anything follows from it.

Before, that was read out of its words.
"""

from __future__ import annotations

_KEPT = """
update events set kind = case when state = 'unsure' then 'still_unsure' when state = 'partial' then 'by_charge'
                              else 'start_count' end
where (state = 'unsure' and text like 'still unsure:%') or (state = 'partial' and text like '%derived_from_charge%')
   or (state not in ('unsure', 'partial') and text like '% states another start count: %')
"""
"""In one pass over what may be the longest table, by what earlier versions knew each."""


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return ["alter table events add column kind text", _KEPT]
