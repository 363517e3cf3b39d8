"""The second proof (two-factor): one-time codes of an authenticator (TOTP), and recovery codes for whoever lost it."""

from __future__ import annotations

import io
import re
import secrets

import pyotp
import segno

from aggregator.people.model import digest

RECOVERY_CODES = 10
_STEP_SECONDS = 30
_SECRET = re.compile(r"[A-Z2-7]{32}")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look like another."""


def make_secret() -> str:
    return pyotp.random_base32()


def address(secret: str, name: str, panel: str) -> str:
    """What an authenticator reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=panel)


def picture(text: str) -> bytes:
    """The text as a QR code, an SVG of its own."""
    drawn = io.BytesIO()
    segno.make(text, error="m").save(drawn, kind="svg", scale=4, border=2, dark="#111", light="#fff")
    return drawn.getvalue()


def is_secret(text: str) -> bool:
    """Whether it could be one of those that `make_secret` makes."""
    return _SECRET.fullmatch(text) is not None


def step_of(secret: str, code: str, now: int) -> int | None:
    """Which step of the clock the code belongs to: this one, or the one before or after; None for a wrong code.

    `now` in milliseconds. The caller takes each step once, so that a code that was looked at is of no use.
    """
    given = "".join(code.split())
    here = now // 1000 // _STEP_SECONDS
    for step in (here, here - 1, here + 1):
        if secrets.compare_digest(pyotp.TOTP(secret).generate_otp(step).encode(), given.encode("utf-8", "replace")):
            return step
    return None


def make_recovery_codes() -> list[str]:
    """Each of 50 random bits, in two halves."""
    return [f"{_word()}-{_word()}" for _ in range(RECOVERY_CODES)]


def recovery_digest(code: str) -> str:
    """What is stored of a recovery code, however it is typed."""
    return digest("".join(code.split()).lower().replace("-", ""))


def _word() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(5))
