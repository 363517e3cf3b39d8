"""Resellers and their keys as values; how a key is made, recognised and hashed."""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from decimal import Decimal

from msgspec import Struct

MARK = "agg"
"""What our keys begin with, so that one that strays into a text or a repository is recognised."""
PREFIX_LENGTH = 11
"""Characters of a key that may be shown again, to tell keys apart."""
_KEY_LENGTH = 64
_CHECK_LENGTH = 8
_OLD_PREFIX_LENGTH = 8
_OLD_KEY = re.compile("[0-9a-f]{64}")
"""Keys had neither mark nor check at first."""


class Reseller(Struct, frozen=True, kw_only=True):
    id: int
    name: str
    tier: str
    spelling: str
    """"auto", "json" or "classic"."""
    frozen: bool


class KeyRules(Struct, frozen=True, kw_only=True):
    """What one key says for itself."""

    label: str = ""
    """Its reseller's name for it."""
    addresses: str = ""
    """From where it may be used, as `resellers.addresses` keeps them; "" = from anywhere."""
    spelling: str | None = None
    requests_per_second: str | None = None
    """A plain decimal; None = the panel's limit, 0 = none."""
    read_only: bool = False
    same_link: str = "allow"
    duplicate_seconds: int = 0


class KeyRow(Struct, frozen=True, kw_only=True):
    """A row of api_keys; times in milliseconds since 1970."""

    id: int
    reseller: int
    prefix: str
    digest: str
    rules: KeyRules
    created_at: int
    revoked_at: int | None
    """May lie ahead: a replaced key works until then."""


class Caller(Struct, frozen=True, kw_only=True):
    """A reseller behind a valid key, with what the key says."""

    reseller: Reseller
    key: int
    spelling: str
    """The key's own, else the reseller's."""
    requests_per_second: Decimal | None
    """None = the panel's limit; 0 = none."""
    read_only: bool
    addresses: str = ""
    same_link: str = "allow"
    """What an order meets while another for its link and service is open: "allow", "queue" or "refuse"."""
    duplicate_seconds: int = 0
    """How long a request that says exactly the same again returns the first order; 0 = it is another order."""


def make_key() -> str:
    """A new key: the mark, 212 random bits and a check, 64 letters and digits, a shape that panel scripts take."""
    random = secrets.token_hex(_KEY_LENGTH)[: _KEY_LENGTH - len(MARK) - _CHECK_LENGTH]
    return MARK + random + _check(MARK + random)


def could_be_key(text: str) -> bool:
    """Whether a text may be a key of ours; a mistyped or made-up one is told without a look at the database."""
    if _OLD_KEY.fullmatch(text):
        return True
    return len(text) == _KEY_LENGTH and text.startswith(MARK) and text.endswith(_check(text[:-_CHECK_LENGTH]))


def shown_part(key: str) -> str:
    """The beginning of a key by which it may be told."""
    return key[: PREFIX_LENGTH if key.startswith(MARK) else _OLD_PREFIX_LENGTH]


def _check(text: str) -> str:
    return f"{zlib.crc32(text.encode('utf-8', 'surrogatepass')):08x}"


def digest(key: str) -> str:
    """What is stored of a key: a plain hash is enough for one of more than 200 random bits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
