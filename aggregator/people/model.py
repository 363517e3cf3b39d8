"""People as values: what a person may be called, what they may do, and what their secrets look like."""

from __future__ import annotations

import hashlib
import re
import secrets
from enum import StrEnum

from msgspec import Struct

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,63}")
LONGEST_TOKEN = 200


class Role(StrEnum):
    """What a person is here."""

    RESELLER = "reseller"
    OWNER = "owner"


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who can sign in."""

    id: int
    name: str
    role: Role
    reseller: int | None
    """Whose orders and wallet; None for owners."""
    totp: bool
    """Whether a code is asked for besides the password."""


class Owner(Struct, frozen=True, kw_only=True):
    """Somebody who may open the console; times in milliseconds since 1970."""

    name: str
    totp: bool
    """Whether a code is asked for besides the password."""
    created_at: int
    signed_in_at: int | None


class Invitation(Struct, frozen=True, kw_only=True):
    """A way in that is still good."""

    reseller: int | None
    """For whom the person will sign in; None = a new one."""


class Stage(StrEnum):
    """How far a sign-in has come."""

    CODE = "code"
    FULL = "full"


class Session(Struct, frozen=True, kw_only=True):
    """A person who has given the right password, and perhaps still owes the code."""

    person: Person
    stage: Stage


def read_name(text: str) -> str | None:
    """The name as it is kept, in small letters; None for what cannot be one."""
    name = text.strip().lower()
    return name if _NAME.fullmatch(name) else None


def make_token() -> str:
    """256 random bits, fit for cookies and addresses."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is stored of a token: a plain hash is enough for one of 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
