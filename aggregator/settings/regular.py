"""Reads the files of a configuration: regular ones only, for a pipe in the place of one might never answer."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_bytes(path: Path) -> bytes:
    """What the file holds. Raises OSError, also for what is no regular file."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(0, "it is no regular file")
    with open(path, "rb", opener=_open_at_once) as opened:
        return opened.read()


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
