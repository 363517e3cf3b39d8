"""Whole requests as panels' scripts send them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.bench.seed import Seeded

ASKED_AT_ONCE = 100
VARIED = 50
"""Different requests of a kind, sent in turn."""


def post(body: str, *headers: str, path: str = "/api/v2") -> str:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: bench",
        "Accept: */*",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines) + f"\r\n\r\n{body}"


def fixed(size: int) -> list[str]:
    """Of the floor."""
    return [post(_call("k" * 64, "balance"), path=f"/{size}")]


def balance(seeded: Seeded) -> list[str]:
    return [post(_call(key, "balance")) for key in seeded.keys]


def services(seeded: Seeded, *headers: str) -> list[str]:
    return [post(_call(seeded.keys[0], "services"), *headers)]


def status(seeded: Seeded) -> list[str]:
    return [post(_call(seeded.keys[0], "status", order=order)) for order in seeded.orders]


def statuses(seeded: Seeded) -> list[str]:
    """A hundred orders in each call."""
    several = [seeded.orders[start : start + ASKED_AT_ONCE] for start in range(0, len(seeded.orders), ASKED_AT_ONCE)]
    return [post(_call(seeded.keys[0], "status", orders=",".join(map(str, ids)))) for ids in several]


def adds(keys: Sequence[str], service: int) -> list[str]:
    return [
        post(_call(key, "add", service=service, link=f"https://instagram.com/user{n}", quantity=100 + n))
        for n in range(VARIED)
        for key in keys
    ]


def _call(key: str, action: str, **fields: object) -> str:
    return json.dumps({"key": key, "action": action, **fields})
