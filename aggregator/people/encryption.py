"""Encryption at rest of what must be read again, the secrets of one-time codes: a copy of the database opens none.

Each text names the key that sealed it (a key id), so that keys can be changed (key rotation): the first of the
configured secrets seals, every one opens, and at the start what an older one sealed is sealed anew.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.settings.files import own_secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_BEGINNING = "sealed"
_NONCE_BYTES = 12
_PURPOSE = b"aggregator: secrets of one-time codes"


class CannotDecrypt(Exception):
    """Sealed with a secret that we do not have, or for somebody else."""


class Encryption:
    """AES-256-GCM under a key of our secret, bound to one person, so that a copy in another's row does not open.

    `secrets`: the first seals, all open; without any, one in a file of the configuration's folder, made when the
    first text is sealed.
    """

    def __init__(self, secrets: Sequence[str], directory: Path) -> None:
        self._directory = directory
        self._keys = {_key_id(key): key for key in map(_key, secrets)}

    def encrypt(self, text: str, person: int) -> str:
        """The text, sealed for this person. Raises `CannotWrite` where there is no secret and none can be made."""
        key_id = self._find(make=True)
        nonce = os.urandom(_NONCE_BYTES)
        box = nonce + self._cipher(key_id).encrypt(nonce, text.encode(), _owner(person))
        return f"{_BEGINNING}:{key_id}:{urlsafe_b64encode(box).decode()}"

    def decrypt(self, text: str, person: int) -> str:
        """The text itself. Raises `CannotDecrypt`."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415  # most processes never open one

        key_id, _, box = text.removeprefix(f"{_BEGINNING}:").partition(":")
        self._find(make=False)
        if key_id not in self._keys:
            raise CannotDecrypt("it was sealed with another secret")
        try:
            raw = urlsafe_b64decode(box)
            return self._cipher(key_id).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _owner(person)).decode()
        except (InvalidTag, NotBase64, ValueError) as error:
            raise CannotDecrypt("it was sealed for somebody else, or was changed") from error

    def uses_current_key(self, text: str) -> bool:
        """Whether it is sealed, and with the secret that seals now."""
        key_id = self._find(make=False)
        return key_id != "" and text.startswith(f"{_BEGINNING}:{key_id}:")

    def _find(self, *, make: bool) -> str:
        """The id of the key that encrypts now; "" where there is none."""
        if not self._keys and (secret := own_secret(self._directory, make=make)):
            self._keys = {_key_id(_key(secret)): _key(secret)}
        return next(iter(self._keys), "")

    def _cipher(self, key_id: str) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  # as above

        return AESGCM(self._keys[key_id])


def is_encrypted(text: str) -> bool:
    return text.startswith(f"{_BEGINNING}:")


def _key(secret: str) -> bytes:
    """A plain hash is enough: a secret is long and random."""
    return hmac.digest(secret.encode(), _PURPOSE, "sha256")


def _key_id(key: bytes) -> str:
    """By which a sealed text tells its key, and nothing of it."""
    return hashlib.sha256(key).hexdigest()[:8]


def _owner(person: int) -> bytes:
    return f"person {person}".encode()
