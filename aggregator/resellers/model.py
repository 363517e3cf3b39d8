"""Resellers and their keys as values; how a key is made, recognised and hashed."""

from __future__ import annotations

import hashlib
import secrets
from decimal import Decimal

from msgspec import Struct

PREFIX_LENGTH = 8
"""Characters of a key that may be shown again, to tell keys apart."""


class Reseller(Struct, frozen=True, kw_only=True):
    id: int
    name: str
    tier: str
    spelling: str
    """"auto", "json" or "classic"."""
    frozen: bool


class KeyRules(Struct, frozen=True, kw_only=True):
    """What one key says for itself."""

    spelling: str | None = None
    requests_per_second: str | None = None
    """A plain decimal; None = the panel's limit, 0 = none."""
    read_only: bool = False
    same_link: str = "allow"
    duplicate_seconds: int = 0


class Caller(Struct, frozen=True, kw_only=True):
    """A reseller behind a valid key, with what the key says."""

    reseller: Reseller
    key: int
    spelling: str
    """The key's own, else the reseller's."""
    requests_per_second: Decimal | None
    """None = the panel's limit; 0 = none."""
    read_only: bool
    same_link: str = "allow"
    """What an order meets while another for its link and service is open: "allow", "queue" or "refuse"."""
    duplicate_seconds: int = 0
    """How long a request that says exactly the same again returns the first order; 0 = it is another order."""


def make_key() -> str:
    """A new key: 256 random bits as 64 hexadecimal digits, the shape that panel scripts expect."""
    return secrets.token_hex(32)


def digest(key: str) -> str:
    """What is stored of a key: a plain hash is enough for one of 256 random bits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
