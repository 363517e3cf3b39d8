"""Which addresses a provider may be called at: those of the public internet, and what its owner wrote out or allowed.

A name leads wherever whoever owns it says, today to a panel and tomorrow into our own network. So it is not the name
that is judged but each address that it has, at each connection.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""A host and a port -> the addresses behind them, the best first. Raises OSError where there are none."""

_SHARED = IPv4Network("100.64.0.0/10")  # between a carrier and its customers
_RESERVED = IPv4Network("240.0.0.0/4")
_UNICAST = IPv6Network("2000::/3")
_LOCAL = IPv6Network("fc00::/7")
_TRANSLATED = IPv6Network("64:ff9b::/96")  # IPv4 as seen from networks without any


class ForbiddenAddress(OSError):
    """The host leads where a provider cannot be; nothing was sent."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(
            f"{host} leads to {address}, which is not on the public internet; if that is meant: allow_private = true"
        )


async def resolve(host: str, port: int) -> list[str]:
    """As the machine does it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def permitted(host: str, port: int, *, allow_private: bool, ask: Resolve = resolve) -> list[str]:
    """The addresses of a host, all of which may be called; else `ForbiddenAddress`."""
    found = await ask(host, port)
    for address in found:
        if not may_call(host, address, allow_private=allow_private):
            raise ForbiddenAddress(host, address)
    return found


def may_call(host: str, address: str, *, allow_private: bool) -> bool:
    """Whether a host that has this address may be called. This machine may where it was named as what it is."""
    told = _read(address)
    if told is None:
        return False
    meant = _plain(told)
    if _is_public(meant) or (told == meant and told.is_loopback and host in ("localhost", str(told))):
        return True
    return allow_private and _is_private(meant)


def _read(text: str) -> Address | None:
    """An address written as such; 127.1 and 0x7f.1 are names as far as we are concerned."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _plain(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only stands for it."""
    if isinstance(address, IPv6Address):
        if address in _TRANSLATED:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
        return address.ipv4_mapped or address
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        tunnel = address.sixtofour or address.teredo
        return address in _UNICAST and address.is_global and not tunnel
    return address.is_global and not address.is_multicast


def _is_private(address: Address) -> bool:
    """A network of one's own; never a link's own addresses, where clouds keep their secrets."""
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if isinstance(address, IPv6Address):
        return address.is_loopback or address in _LOCAL
    return (address.is_private or address in _SHARED) and address not in _RESERVED
