"""From where a key may be used: addresses and networks, as its reseller wrote them."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

MOST = 50
_BETWEEN = re.compile(r"[\s,;]+")


def read_addresses(text: str) -> str:
    """The list as it is kept, one blank between two; "" allows all. Raises ValueError with what cannot be read."""
    names = [name for name in _BETWEEN.split(text.strip()) if name]
    if len(names) > MOST:
        raise ValueError(f"more than {MOST} addresses")
    return " ".join(str(_network(name)) for name in names)


def is_allowed(addresses: str, client: str) -> bool:
    """Whether a client's address is among those that `read_addresses` kept."""
    if not addresses:
        return True
    try:
        found = ip_address(client)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in _networks(addresses))


@lru_cache(maxsize=1000)
def _networks(addresses: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(_network(name) for name in addresses.split(" "))


def _network(name: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(name, strict=False)
    except ValueError:
        raise ValueError(f"{name[:60]} is neither an address nor a network") from None
