"""Who calls, and how often they may: keys by their hash, remembered for a second, limits shared by all processes."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal

from aggregator.api.failed_auth_limiter import FailedAuthLimiter
from aggregator.api.views import Spelling
from aggregator.api.wire import Action, Request
from aggregator.batching import Batcher
from aggregator.cache.limits import Limits, lenient_window
from aggregator.errors import AccountInactive, InvalidKey, TooManyRequests
from aggregator.resellers import store
from aggregator.resellers.addresses import is_allowed
from aggregator.resellers.model import Caller, could_be_key, digest
from aggregator.settings import Limits as LimitSettings

REMEMBER_SECONDS = 1.0
"""How long a revoked key may go on in a process that missed the signal."""
MOST_REMEMBERED = 50_000
JOINED = 100
"""Callers, or balances, that one question to the database asks for at most."""
_NEVER = (0.0, None)
CHANGING = frozenset({Action.ADD, Action.CANCEL, Action.REFILL})


class Authenticator:
    """Finds the caller behind a key and counts its requests."""

    def __init__(self, limits: Limits, settings: LimitSettings, json_means: str) -> None:
        self._limits = limits
        self._per_second = Decimal(str(settings.requests_per_second))
        self._burst = max(1, settings.burst)
        self._json_means = Spelling(json_means)
        self._strangers = FailedAuthLimiter(settings.failed_keys_per_minute)
        self._one_by_one = asyncio.Lock()
        self._callers: Batcher[str, Caller | None] = Batcher(store.callers, max_size=JOINED, concurrency=2)
        self._known: dict[str, tuple[float, Caller | None]] = {}  # seconds, not money

    async def find(self, key: str, address: str = "") -> Caller:
        """Whoever holds the key; `InvalidKey` alike for missing, malformed, unknown, revoked and out of place ones.

        Too many of those from one address are `TooManyRequests`; a good key is served from there all the same.
        """
        hashed = digest(key)
        until, caller = self._known.get(hashed, _NEVER)
        if until < time.monotonic():
            one_by_one = caller is None and self._strangers.is_waiting(address)
            caller = await self._look_up(hashed, one_by_one=one_by_one) if could_be_key(key) else None
        if caller is None or not is_allowed(caller.addresses, address):
            wait = self._strangers.failed(address)
            raise TooManyRequests(wait) if wait else InvalidKey
        return caller

    async def _look_up(self, hashed: str, *, one_by_one: bool) -> Caller | None:
        if one_by_one:
            async with self._one_by_one:
                return await self._ask(hashed)
        return await self._ask(hashed)

    async def _ask(self, hashed: str) -> Caller | None:
        caller = await self._callers(hashed)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[hashed] = (time.monotonic() + REMEMBER_SECONDS, caller)
        return caller

    def allow(self, caller: Caller, action: Action | None) -> None:
        """Raise `AccountInactive` for what a frozen account or a reading key may not do."""
        # A status refused once makes chained panels give the order up for good, so a frozen account keeps it.
        if caller.reseller.frozen and action is not Action.STATUS:
            raise AccountInactive
        if caller.read_only and action in CHANGING:
            raise AccountInactive

    async def count(self, caller: Caller) -> int:
        """0 when the request is within the key's limit, else the whole seconds to wait."""
        own = caller.requests_per_second
        per_second = self._per_second if own is None else own
        if per_second <= 0:
            return 0
        return await self._limits.hit(lenient_window(per_second, self._burst), f"key:{caller.key}")

    def spelling(self, caller: Caller, request: Request) -> Spelling:
        """The key's or reseller's own spelling, else the panel's for JSON bodies, else the classic one."""
        return self.pinned(caller) or self.by_body(request.spelling)

    def pinned(self, caller: Caller) -> Spelling | None:
        """The one spelling of this key, or of its reseller; None where replies follow the requests."""
        return None if caller.spelling == "auto" else Spelling(caller.spelling)

    def by_body(self, spelling: Spelling) -> Spelling:
        return self._json_means if spelling is Spelling.JSON else Spelling.CLASSIC

    def forget(self) -> None:
        self._known.clear()
