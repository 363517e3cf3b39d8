"""Who keeps coming with wrong keys: counted by address, made to wait ever longer, and forgotten in the end."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict

from msgspec import Struct

WINDOW_SECONDS = 60.0
LONGEST_SECONDS = 900.0
MOST_ADDRESSES = 10_000
_NETWORK = 64


class _Record(Struct):
    failures: int = 0
    """Within the minute that began at `since`."""
    since: float = 0.0  # seconds
    turned_away: int = 0
    """How often this address had to wait; each time twice as long."""
    until: float = 0.0  # seconds


class FailedAuthLimiter:
    """Counts failures in this process; the addresses heard of longest ago are forgotten first."""

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def is_waiting(self, address: str) -> bool:
        """Whether this address has failed too often of late."""
        record = self._records.get(_network_of(address))
        return record is not None and record.until > time.monotonic()

    def failed(self, address: str) -> int:
        """Count one more; 0 while that many are allowed in a minute, then the whole seconds to wait."""
        if not self._allowed:
            return 0
        now, record = time.monotonic(), self._recall(_network_of(address))
        if record.until <= now:
            if now - record.since > WINDOW_SECONDS:
                record.failures, record.since = 0, now
            record.failures += 1
            if record.failures > self._allowed:
                record.until = now + min(LONGEST_SECONDS, WINDOW_SECONDS * 2**record.turned_away)
                record.turned_away, record.failures = record.turned_away + 1, 0
        return max(0, math.ceil(record.until - now))

    def _recall(self, network: str) -> _Record:
        record = self._records.pop(network, None)
        if record is None or time.monotonic() - max(record.since, record.until) > LONGEST_SECONDS:
            record = _Record()
        self._records[network] = record
        if len(self._records) > MOST_ADDRESSES:
            self._records.popitem(last=False)
        return record


def _network_of(address: str) -> str:
    """An IPv6 customer has a whole /64 to come from; what is no address is cut to the length of one."""
    try:
        told = ipaddress.ip_address(address)
    except ValueError:
        return address[:_NETWORK]
    if isinstance(told, ipaddress.IPv4Address):
        return address
    mapped = told.ipv4_mapped
    return str(mapped or ipaddress.ip_network((told, _NETWORK), strict=False))
