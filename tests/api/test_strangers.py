"""Whoever tries keys is slowed down, and nobody else: not their neighbour, not the holder of a good key beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from aggregator.api import failed_auth_limiter
from aggregator.api.failed_auth_limiter import FailedAuthLimiter
from aggregator.resellers.model import make_key
from tests.api.served import Client, Served, served

PROXIES = 'trusted_proxies = ["127.0.0.0/8", "10.1.0.0/16"]\n'


class Clock:
    """Seconds that pass only when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(failed_auth_limiter, "time", made)
    return made


def fail(strange: FailedAuthLimiter, times: int, address: str = "1.2.3.4") -> list[int]:
    return [strange.failed(address) for _ in range(times)]


def test_ten_a_minute_are_a_slip_of_the_hand_and_the_next_must_wait(clock: Clock) -> None:
    strange = FailedAuthLimiter(10)
    assert fail(strange, 10) == [0] * 10
    assert not strange.is_waiting("1.2.3.4")
    assert fail(strange, 3) == [60] * 3
    assert strange.is_waiting("1.2.3.4")
    assert fail(strange, 1, "1.2.3.5") == [0]


def test_whoever_goes_on_waits_twice_as_long_each_time_and_a_quarter_of_an_hour_at_most(clock: Clock) -> None:
    strange, waits = FailedAuthLimiter(1), []
    for _ in range(7):
        wait = fail(strange, 2)[-1]
        waits.append(wait)
        clock.now += wait
    assert waits == [60, 120, 240, 480, 900, 900, 900]


def test_whoever_keeps_still_for_a_quarter_of_an_hour_begins_anew(clock: Clock) -> None:
    strange = FailedAuthLimiter(1)
    assert fail(strange, 2)[-1] == 60
    clock.now += 60 + failed_auth_limiter.LONGEST_SECONDS + 1
    assert fail(strange, 2) == [0, 60]


def test_a_minute_later_it_is_another_ten(clock: Clock) -> None:
    strange = FailedAuthLimiter(10)
    for _ in range(5):
        assert fail(strange, 10) == [0] * 10
        clock.now += failed_auth_limiter.WINDOW_SECONDS + 1


def test_an_ipv6_customer_has_one_address_among_billions(clock: Clock) -> None:
    strange = FailedAuthLimiter(1)
    fail(strange, 2, "2001:db8:1:2::1")
    assert strange.is_waiting("2001:db8:1:2:ffff::9")
    assert not strange.is_waiting("2001:db8:1:3::1")
    fail(strange, 2, "::ffff:9.9.9.9")
    assert strange.is_waiting("9.9.9.9")


def test_a_million_addresses_take_no_more_room_than_ten_thousand(clock: Clock) -> None:
    strange = FailedAuthLimiter(1)
    fail(strange, 2, "9.9.9.9")
    for number in range(failed_auth_limiter.MOST_ADDRESSES - 1):
        strange.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert strange.is_waiting("9.9.9.9")
    fail(strange, 1, "8.8.8.8" * 1000)
    assert not strange.is_waiting("9.9.9.9")
    assert len(strange._records) == failed_auth_limiter.MOST_ADDRESSES


def test_no_limit_is_no_limit(clock: Clock) -> None:
    assert fail(FailedAuthLimiter(0), 1000) == [0] * 1000


async def guess(http: httpx.AsyncClient, times: int, **headers: str) -> list[int]:
    """The answers to well-formed keys that nobody has, at the same moment."""
    tried = [Client(http, make_key()) for _ in range(times)]
    bodies = [{"key": client.key, "action": "balance"} for client in tried]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    replies = await asyncio.gather(*(http.post("/api/v2", json=body, headers=named) for body in bodies))
    return [reply.status_code for reply in replies]


async def test_a_thousand_guesses_are_turned_away_and_a_good_key_is_served_beside_them(
    tmp_path: Path, fresh_sqlite: str
) -> None:
    """The guesser may sit in the same office, or before the same proxy."""
    async with served(tmp_path, fresh_sqlite, limits="") as shop:
        anna = await shop.reseller("anna")
        codes = await guess(shop.http, 300)
        assert sorted(codes) == [401] * 10 + [429] * 290
        refused = await Client(shop.http, "nonsense").json("balance")
        assert (refused.status_code, refused.json()) == (429, {"error": "Too many requests"})
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert (await anna.json("balance")).status_code == 200


async def test_the_word_of_a_stranger_about_where_he_comes_from_counts_nothing(
    tmp_path: Path, fresh_sqlite: str
) -> None:
    async with served(tmp_path, fresh_sqlite, limits="") as shop:
        codes = [
            (await guess(shop.http, 1, X_Forwarded_For=f"1.1.1.{n}", X_Real_IP=f"1.1.1.{n}"))[0] for n in range(12)
        ]
        assert codes == [401] * 10 + [429] * 2


@pytest.fixture
async def proxied(tmp_path: Path, fresh_sqlite: str) -> AsyncIterator[Served]:
    async with served(tmp_path, fresh_sqlite, panel="[panel]\n" + PROXIES, limits="") as shop:
        yield shop


async def test_behind_a_proxy_each_client_counts_for_himself(proxied: Served) -> None:
    """Named by the last hop that is not ours, whatever he wrote before it."""
    for turn in range(2):
        for client in ("5.5.5.5", "6.6.6.6"):
            codes = [
                (await guess(proxied.http, 1, X_Forwarded_For=f"{n}.2.3.4, {client}, 10.1.2.3"))[0] for n in range(10)
            ]
            assert codes == [[401, 429][turn]] * 10
    assert await guess(proxied.http, 1, X_Forwarded_For="5.5.5.5, 7.7.7.7") == [401]
