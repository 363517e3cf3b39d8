"""The session cookie, and the CSRF token that each form carries: a stranger's page can know neither."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import quote, unquote, urlsplit

from litestar.datastructures import Cookie


class Cookies:
    """Names and flags of the panel's cookies; strict as far as its address allows."""

    def __init__(self, public_url: str) -> None:
        self.https = public_url.startswith("https:")
        self._origin = _origin(public_url)
        prefix = "__Host-" if self.https else ""
        self.session = f"{prefix}aggregator_session"
        self.flash = f"{prefix}aggregator_told"

    def make(self, name: str, value: str | None) -> Cookie:
        """None takes the cookie away."""
        age = 0 if value is None else None
        return Cookie(name, value=value or "", httponly=True, secure=self.https, samesite="lax", max_age=age)

    def read(self, header: str) -> tuple[str, str]:
        """The session id and the flash message of a Cookie header; "" for what it has not.

        Not by Litestar, which keeps what it read of the last 1,024 headers, and session ids with them.
        """
        held = dict(part.strip().partition("=")[::2] for part in header.split(";"))
        return held.get(self.session, ""), held.get(self.flash, "")

    def is_ours(self, origin: str | None, fetch_site: str | None) -> bool:
        """Whether a form was sent from one of our own pages, as far as the browser tells.

        Browsers that tell only the origin are held to our public address: the host that they ask for is theirs to say.
        """
        if fetch_site is not None:
            return fetch_site in ("same-origin", "none")
        if origin is None:
            return True
        return _origin(origin) == self._origin


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port, however they are spelled; None for what is no address, as "null"."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def form_token(session: str) -> str:
    """What a form must carry to be taken from whoever holds this session cookie."""
    return hmac.digest(session.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hex()


def is_form_token(session: str, token: str) -> bool:
    return bool(session) and secrets.compare_digest(form_token(session).encode(), token.encode("utf-8", "replace"))


def pack(message: str, category: str) -> str:
    """A flash message, as a cookie may hold it."""
    return quote(f"{category} {message}"[:1000], safe="")


def unpack(value: str) -> dict[str, str]:
    category, _, message = unquote(value).partition(" ")
    return {"message": message, "category": category if category in ("ok", "bad") else "ok"}
