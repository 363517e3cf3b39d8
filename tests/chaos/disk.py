"""A small disk for a database, full for a while; a tmpfs where the machine lends one to us."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

MEGABYTES = 96
"""More than a storm writes."""
MOST_BYTES = 65_536
"""Where there is no small disk: how far a process may write into a file while its disk is "full"."""


class Disk:
    """A folder on a disk of its own, if we may mount one; `is_own` tells."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self._megabytes = megabytes
        self._ballast = folder / "ballast"
        self.is_own = False

    def open(self) -> None:
        self.folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={self._megabytes}m,mode=0777", "tmpfs", str(self.folder)]
        try:
            self.is_own = subprocess.run(mount, capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            self.is_own = False

    def close(self) -> None:
        """Give it back, with all that is on it."""
        if self.is_own:
            subprocess.run(["umount", "--lazy", str(self.folder)], capture_output=True, check=False)

    def fill(self, pids: Sequence[int]) -> None:
        """Leave no room. Where the disk is not ours, the next best: these processes cannot make files longer."""
        if not self.is_own:
            _limit(pids, MOST_BYTES)
            return
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(MOST_BYTES))
            except OSError:
                return

    def free(self, pids: Sequence[int]) -> None:
        """There is room again."""
        if self.is_own:
            self._ballast.unlink(missing_ok=True)
        else:
            _limit(pids, resource.RLIM_INFINITY)


def _limit(pids: Sequence[int], most: int) -> None:
    if hasattr(resource, "prlimit"):
        for pid in pids:
            with suppress(ProcessLookupError):
                _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))
