"""The addresses of the database, the cache and a proxy: which are understood, and how a wrong one is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from aggregator.settings.fields import Table
from aggregator.settings.secrets import SecretMissing, Vault, is_reference

D = TypeVar("D")
DEFAULT_DATABASE = "sqlite:///data/aggregator.sqlite"
DEFAULT_CACHE = "memory://"


class BadAddress(Exception):
    """The text says what to write; it never quotes the address, which may hold a password."""


def read_database_url(url: str, base: Path) -> str:
    """The address with a relative SQLite path made absolute from `base`. Raises `BadAddress`."""
    if url.startswith("sqlite:"):
        return _read_sqlite(url, base)
    parts = _split(url, "postgresql://user:password@host/name")
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise BadAddress(f'must be "{DEFAULT_DATABASE}" or "postgresql://user:password@host/name"')
    return url


def _read_sqlite(url: str, base: Path) -> str:
    path = url.removeprefix("sqlite:///")
    if path == url or not path.strip("/") or ":memory:" in path or any(mark in path for mark in "?#\x00"):
        raise BadAddress(f'must name a file: write "{DEFAULT_DATABASE}" (three slashes: relative, four: absolute)')
    return f"sqlite:///{base / path}"


def read_cache_url(url: str) -> str:
    """The address of the cache, as written. Raises `BadAddress`."""
    if url == DEFAULT_CACHE:
        return url
    parts = _split(url, "redis://host:6379/0")
    number = parts.path.strip("/")
    if parts.scheme not in ("redis", "rediss") or not parts.hostname or not (number == "" or number.isdecimal()):
        raise BadAddress(f'must be "{DEFAULT_CACHE}", "redis://host:6379/0" or "rediss://host:6379/0"')
    return url


def read_proxy_url(url: str) -> str:
    """The address of an HTTP proxy, as written. Raises `BadAddress`."""
    parts = _split(url, "http://host:3128")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadAddress('must be an HTTP proxy: write "http://host:3128"')
    return url


def read_address(table: Table, key: str, default: D, vault: Vault, read: Callable[[str], str]) -> str | D:
    """An address, itself perhaps kept as a secret; a password written out is a notice, a wrong address a fault."""
    written = table.text(key, None)
    if written is None:
        return default
    try:
        address = read(vault.open(written))
    except (SecretMissing, BadAddress) as error:
        table.fault(key, f"{key} {error}")
        return default
    if not is_reference(written) and urlsplit(address).password is not None:
        table.notice(key, f'{key} holds a password in the clear: write {key} = "env:NAME" or "file:PATH"')
    return address


def _split(url: str, example: str) -> SplitResult:
    """The parts. A password with an unescaped / or @ lands in the port, so the parser's own words stay unsaid."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        parts = None
    if parts is None or any(mark.isspace() for mark in url):
        raise BadAddress(f'cannot be read: write "{example}", with / and @ in a password as %2F and %40')
    return parts
