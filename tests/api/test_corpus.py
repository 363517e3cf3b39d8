"""Every odd value of every field is understood alike in every encoding, and what is refused has changed nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.api.corpus import cases
from tests.api.differential import teller_at

WAYS = {
    "fresh_sqlite": ("json", "number", "literal", "form", "multipart", "query"),
    "fresh_postgres": ("json", "literal", "form"),  # which bytes mean what has nothing to do with the database
}


@pytest.mark.parametrize("engine", WAYS)
async def test_every_odd_value_is_understood_alike_and_moves_nothing_unless_it_is_taken(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    """Thousands of requests, on each database; nothing of them reaches a provider."""
    async with teller_at(tmp_path, request.getfixturevalue(engine)) as teller:
        found = [fault for case in cases() for fault in await teller.judge(case, WAYS[engine])]
        assert not found, "\n".join(found)
        assert len(teller.shop.sandbox.orders) == 0


def test_the_corpus_is_as_large_as_it_claims() -> None:
    ways = Counter(way for case in cases() for way, _ in case.requests("k"))
    assert ways.total() > 2_000
    assert min(ways.values()) > 100
    assert {"taken", "refused", "not sold", "no key", "same"} == {case.must for case in cases()}
