"""Which account at a provider an order went to: told by the door (address and key), which its owner may change."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from msgspec import Struct

from providers.adapter import Profile

_USUAL_PORTS = {"http": 80, "https": 443}
SHOWN = 8
"""Letters by which a door is told from others."""


class Doors(Struct, frozen=True):
    """The doors to one account of a provider: the one that is configured, and those that its owner calls the same."""

    here: str
    same: frozenset[str] = frozenset()

    def lead_to(self, door: str | None) -> bool:
        """Whether what went through a door is at this account; of before doors were kept it is believed."""
        return door is None or door == self.here or door in self.same

    @property
    def all(self) -> list[str]:
        return [self.here, *self.same]


class ForeignDoor(Struct, frozen=True, kw_only=True):
    """A door that orders went through which are still followed, and that does not lead to the account of today."""

    door: str
    orders: int
    since: int
    """When the oldest of them was sent (milliseconds since 1970)."""

    @property
    def short(self) -> str:
        return self.door[:SHOWN]


def account_door(profile: Profile) -> str:
    """A digest of address and key. http or https, the usual port and a slash at the end make no difference."""
    parts = urlsplit(profile.url)
    port = "" if parts.port in (None, _USUAL_PORTS.get(parts.scheme.lower())) else f":{parts.port}"
    host = (parts.hostname or "").rstrip(".")
    query = f"?{parts.query}" if parts.query else ""
    return hashlib.sha256(f"{host}{port}{parts.path.rstrip('/')}{query}\n{profile.key}".encode()).hexdigest()


def hold_reason(provider: str) -> str:
    """What an owner reads of an order whose provider's word does not count."""
    return (
        f"the address or key of {provider} changed since this order was placed: if it is the same account, say so with"
        f" providers confirm-account {provider}"
    )
