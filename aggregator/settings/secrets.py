"""Where secrets come from: "env:NAME", "file:PATH", or written out. Their values stay out of every message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from aggregator.settings.regular import read_regular

_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\s*(?P<kind>env|file)(?P<blanks>\s*):", re.IGNORECASE)
"""However it is spelled: a slip must not send the name of a file to a provider as the key."""
_ONE_LINE = re.compile(r"[^\x00-\x1f\x7f]+")


class SecretMissing(Exception):
    """The place named by a setting holds no secret; the text says what to do."""


class Vault:
    """Opens references to secrets; `base` is the folder where relative paths start."""

    def __init__(self, environ: Mapping[str, str], base: Path) -> None:
        self._environ = environ
        self._base = base

    def open(self, text: str) -> str:
        """The secret itself, stripped. Raises `SecretMissing`."""
        named = _REFERENCE.match(text)
        if named is None:
            secret = text.strip()
        elif named["blanks"]:
            raise SecretMissing(f'has a blank before its colon: write "{named["kind"].lower()}:..."')
        elif named["kind"].lower() == "env":
            secret = self._from_environment(text[named.end() :].strip())
        else:
            secret = self._from_file(text[named.end() :].strip())
        if not _ONE_LINE.fullmatch(secret):
            raise SecretMissing("holds no secret on a single line")
        return secret

    def _from_environment(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise SecretMissing('needs the name of an environment variable: write "env:ALPHA_KEY"')
        secret = self._environ.get(name, "").strip()
        if not secret:
            raise SecretMissing(f"needs the environment variable {name}, which is not set: set it before starting")
        return secret

    def _from_file(self, place: str) -> str:
        if not place or "\x00" in place:
            raise SecretMissing('needs the path of a file: write "file:secrets/alpha"')
        path = self._base / place
        try:
            secret = read_regular(path).decode().strip()
        except (OSError, UnicodeDecodeError):
            raise SecretMissing(f"needs the file {path}, which cannot be read: put the secret there") from None
        if not secret:
            raise SecretMissing(f"needs the file {path}, which is empty: put the secret there")
        return secret


def is_reference(text: str) -> bool:
    """Whether the text says where a secret is instead of being one."""
    return _REFERENCE.match(text) is not None
