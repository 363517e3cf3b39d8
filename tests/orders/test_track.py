"""Replies that were kept come back to whom they belong, whatever else the cache holds."""

from __future__ import annotations

import pytest

from aggregator.cache.status import CachedKind
from aggregator.orders.track import StatusReply, unpack

MINE = StatusReply(7, b'{"status":"PENDING"}', b'{"status":"Pending"}')
THEIRS = StatusReply(8, b'{"status":"COMPLETED"}', b'{"status":"Completed"}')


@pytest.mark.parametrize(
    ("packed", "told", "missing"),
    [
        ([], [], []),
        ([MINE.pack(CachedKind.JSON), MINE.pack(CachedKind.JSON)], [MINE.json, MINE.json], []),
        ([MINE.pack(CachedKind.JSON), None], [MINE.json, None], [1]),
        ([None, None], [None, None], [0, 1]),
        ([THEIRS.pack(CachedKind.JSON), MINE.pack(CachedKind.JSON)], [None, MINE.json], []),
        ([MINE.pack(CachedKind.JSON), b""], [MINE.json, None], [1]),
        ([b"7", MINE.pack(CachedKind.JSON)], [None, MINE.json], [0]),
        ([b"7\n{}\n7", MINE.pack(CachedKind.JSON)], [None, MINE.json], [0]),
        ([b"70\n{}", MINE.pack(CachedKind.JSON)], [None, MINE.json], []),
    ],
)
def test_each_reply_is_told_to_its_reseller_alone(
    packed: list[bytes | None], told: list[bytes | None], missing: list[int]
) -> None:
    assert unpack(7, packed) == (told, missing)


def test_both_spellings_are_kept() -> None:
    assert unpack(7, [MINE.pack(CachedKind.CLASSIC)]) == ([MINE.classic], [])
