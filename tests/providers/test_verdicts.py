"""What a panel did with an order, against what we take it to have done: never the opposite, in any misbehaviour."""

from __future__ import annotations

from collections import Counter

from tests.providers.verdicts import MODES, expected, try_adds

TIMES = 3


async def test_no_order_is_taken_for_what_it_is_not() -> None:
    """Every misbehaviour, with the order taken and not, several times and many at once; each is sent only once."""
    cases = await try_adds(TIMES * len(MODES))

    assert [case for case in cases if case.is_forbidden] == []
    assert {(case.mode, case.verdict) for case in cases if case.verdict != expected(case.mode)} == set()
    assert len(cases) >= 300
    assert len({case.mode for case in cases}) >= 40
    matrix = Counter((case.truth, case.verdict) for case in cases)
    assert set(matrix) == {
        ("taken", "accepted"),
        ("taken", "unsure"),
        ("lost", "refused"),
        ("lost", "not sent"),
        ("lost", "unsure"),
    }
