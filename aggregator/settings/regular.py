"""Reads the files of a configuration: regular ones only, for a pipe in the place of one might never answer."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_regular(file: Path) -> bytes:
    """All of a regular file. Raises `OSError`, also for what is none."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise OSError(0, "it is no regular file")
    with open(file, "rb", opener=_open_at_once) as opened:
        return opened.read()


def _open_at_once(file: str, flags: int) -> int:
    return os.open(file, flags | os.O_NONBLOCK)
