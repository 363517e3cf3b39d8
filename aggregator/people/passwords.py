"""Passwords: what a good one is, and Argon2id off the event loop, few at a time, since each takes 64 MiB."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")

SHORTEST = 12
LONGEST = 200
AT_ONCE = 2
MOST_WAITING = 16
"""Sign-ins that may stand in line; a flood of them must not keep the rest of the panel waiting."""

_hasher = PasswordHasher()
_waiting = 0


class TooBusy(Exception):
    """More people sign in at once than can be checked: try again in a moment."""


def flaw(password: str, name: str) -> str | None:
    """Why the password will not do; None for one that will."""
    if len(password) < SHORTEST:
        return f"A password has at least {SHORTEST} characters. A few words in a row are easy to remember."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    if len(set(password)) < SHORTEST // 2:
        return "This password repeats the same few characters: please mix more."
    if name and name in password.lower() and len(password) < len(name) + SHORTEST // 2:
        return "This password is little more than the name: please choose another."
    return None


async def hash_password(password: str) -> str:
    """Raises `TooBusy`."""
    return await _aside(lambda: _hasher.hash(password))


async def verify(password: str, hashed: str | None) -> bool:
    """Whether it is the right one; takes the same time where there is nobody of that name. Raises `TooBusy`."""
    return await _aside(lambda: _fits(password, hashed or _nobody())) and hashed is not None


def _fits(password: str, hashed: str) -> bool:
    try:
        return len(password) <= LONGEST and _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


@cache
def _turns(_: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
    return asyncio.Semaphore(AT_ONCE)


async def _aside(work: Callable[[], T]) -> T:
    global _waiting  # noqa: PLW0603  # one machine, one line of people
    if _waiting >= MOST_WAITING:
        raise TooBusy
    _waiting += 1
    try:
        async with _turns(asyncio.get_running_loop()):
            return await asyncio.to_thread(work)
    finally:
        _waiting -= 1
