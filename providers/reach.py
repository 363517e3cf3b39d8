"""Finds out whether an address can be reached at all: host, connection, certificate; nothing is asked there."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from enum import StrEnum
from urllib.parse import urlsplit

from msgspec import Struct

from providers.adapter import Profile
from providers.wire.addresses import ForbiddenAddress, permitted
from providers.wire.network import trust

SECONDS = 10.0


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAULT = "fault"
    """With this we could not sell what the provider offers."""


class Finding(Struct, frozen=True):
    """One thing that was tried, and what came of it; never holds a secret."""

    level: Level
    topic: str
    text: str


async def reach(profile: Profile) -> list[Finding]:
    """Host, connection and certificate, up to the first that fails; behind a proxy only the proxy knows."""
    if profile.proxy:
        return [Finding(Level.OK, "address", "is called through the proxy")]
    parts = urlsplit(profile.url)
    host, encrypted = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if encrypted else 80)
    try:
        async with asyncio.timeout(SECONDS):
            addresses = await permitted(host, port, allow_private=profile.allow_private)
            await _connect(host, addresses[0], port, trust(verify=profile.verify_tls) if encrypted else None)
    except ssl.SSLError as error:
        said = getattr(error, "verify_message", "") or error.reason or str(error)
        advice = "; verify_tls = false would take any" if isinstance(error, ssl.SSLCertVerificationError) else ""
        return [Finding(Level.FAULT, "certificate", f"{host}: {said}{advice}")]
    except ForbiddenAddress as error:
        return [Finding(Level.FAULT, "address", str(error))]
    except socket.gaierror as error:
        return [Finding(Level.FAULT, "address", f"there is no host {host}: {error.strerror}")]
    except (OSError, TimeoutError) as error:
        said = getattr(error, "strerror", None) or f"nothing within {SECONDS:g} seconds"
        return [Finding(Level.FAULT, "address", f"no connection to {host}:{port}: {said}")]
    return [Finding(Level.OK, "address", f"{host}:{port} answers"), *_encryption(host, encrypted=encrypted)]


async def _connect(host: str, address: str, port: int, context: ssl.SSLContext | None) -> None:
    named = host if context else None
    _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=named)
    writer.close()


def _encryption(host: str, *, encrypted: bool) -> list[Finding]:
    if encrypted:
        return [Finding(Level.OK, "certificate", "is good")]
    if _is_here(host):
        return []
    return [Finding(Level.WARN, "certificate", "the key travels for everybody to read: try https:// in the url")]


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
