"""Replies that were kept come back to whom they belong, whatever else the cache holds."""

from __future__ import annotations

import pytest

from aggregator.orders.track import Reply, unpack

MINE = Reply(7, b'{"status":"PENDING"}', b'{"status":"Pending"}')
THEIRS = Reply(8, b'{"status":"COMPLETED"}', b'{"status":"Completed"}')


@pytest.mark.parametrize(
    ("packed", "found", "missing"),
    [
        ([], {}, []),
        ([MINE.pack(), MINE.pack()], {1: MINE.json, 2: MINE.json}, []),
        ([MINE.pack(), None], {1: MINE.json}, [2]),
        ([None, None], {}, [1, 2]),
        ([THEIRS.pack(), MINE.pack()], {2: MINE.json}, []),
        ([MINE.pack(), b""], {1: MINE.json}, [2]),
        ([b"7", MINE.pack()], {2: MINE.json}, [1]),
        ([b"7\n{}\n{}\n7", MINE.pack()], {2: MINE.json}, [1]),
        ([b"70\n{}\n{}", MINE.pack()], {2: MINE.json}, []),
    ],
)
def test_each_reply_is_told_to_its_reseller_alone(
    packed: list[bytes | None], found: dict[int, bytes], missing: list[int]
) -> None:
    assert unpack(7, list(range(1, len(packed) + 1)), packed, "json") == (found, missing)


def test_both_spellings_are_kept() -> None:
    assert unpack(7, [1], [MINE.pack()], "classic") == ({1: MINE.classic}, [])
