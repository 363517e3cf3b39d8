"""Writes the configuration's files for an owner who edits them elsewhere: whole or not at all, secrets for us alone."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import mkstemp

from aggregator.settings.regular import read_regular

SECRETS_FOLDER = "secrets"
"""Inside the configuration's folder; what an owner types as a key lies there, one file each."""
_OWN_FILE = "panel.key"
"""A name that no provider can have."""
_USUAL_MODE, _SECRET_MODE, _SECRET_FOLDER_MODE = 0o644, 0o600, 0o700


class CannotWrite(Exception):
    """A file of the configuration cannot be written; the text says which, and what to do."""


def write_text(path: Path, text: str) -> None:
    """Put the text in the place of the file, so that every reader sees the old or the new. Raises `CannotWrite`."""
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else _USUAL_MODE
        _replace(path.resolve(), text.encode(), mode)
    except OSError as error:
        raise _refusal(path, error) from error
    except RuntimeError as error:
        raise CannotWrite(f"{path} cannot be written (a loop of links): take the link away") from error


def keep_secret(directory: Path, name: str, secret: str) -> str:
    """Keep a secret in a new file that only we may read; how the configuration refers to it. Raises `CannotWrite`."""
    folder = directory / SECRETS_FOLDER
    try:
        folder.mkdir(mode=_SECRET_FOLDER_MODE, exist_ok=True)
        path = _new_file(folder, name, secret)
    except OSError as error:
        raise _refusal(folder / name, error) from error
    seen_from = Path(os.path.abspath(directory)).parent  # noqa: PTH100 - as base_of() counts
    return f"file:{Path(os.path.abspath(path)).relative_to(seen_from)}"  # noqa: PTH100 - the same


def own_secret(directory: Path, *, make: bool) -> str | None:
    """The panel's own secret, of a file that only we may read; where there is none it is made, or None is returned.

    All processes agree on one, also where several make it at once. Raises `CannotWrite`.
    """
    path = directory / SECRETS_FOLDER / _OWN_FILE
    try:
        if make and not path.exists():
            path.parent.mkdir(mode=_SECRET_FOLDER_MODE, exist_ok=True)
            _write_new(path, secrets.token_urlsafe(32))
        return read_regular(path).decode().strip() if path.exists() else None
    except OSError as error:
        raise _refusal(path, error) from error


def _write_new(path: Path, text: str) -> None:
    """Whole or not at all; a file that is there by then stays."""
    handle, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()


def _new_file(folder: Path, name: str, secret: str) -> Path:
    """No file is ever written over: the secret of a provider that was taken out may still be wanted."""
    for number in count(1):
        path = folder / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET_MODE)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(secret + "\n")
            return path
    raise AssertionError


def _replace(path: Path, content: bytes, mode: int) -> None:
    handle, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _refusal(path: Path, error: OSError) -> CannotWrite:
    return CannotWrite(f"{path} cannot be written ({error.strerror}): let this process write there, or edit it by hand")
