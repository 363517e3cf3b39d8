"""What an editor of a configuration file begins with, and what it must still meet when it is saved."""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec import Struct

from aggregator.catalog import store
from aggregator.catalog.store import RevisionRow
from aggregator.settings import read_text


class Draft(Struct, frozen=True, kw_only=True):
    """A file as it is now: on the disk, and as its newest revision where it has any."""

    file: str
    text: str
    """What the disk has, else what is in force."""
    in_force: RevisionRow | None
    """None for a file that has no revisions, and before the first."""

    @property
    def by_hand(self) -> bool:
        """Whether the file was edited where we did not see it, or its text is faulty: it says what is not in force."""
        return self.in_force is not None and self.text != self.in_force.text

    @property
    def base(self) -> str:
        """What a later edit says it began with: changes with the disk and with the revision."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()[:16]
        return f"{self.in_force.id if self.in_force else 0}-{digest}"


class Overtaken(Exception):
    """The file has changed since the edit began; `now` is what it is, `mine` what would have taken its place."""

    def __init__(self, now: Draft, mine: str) -> None:
        author = now.in_force.author if now.in_force and not now.by_hand else "somebody with an editor"
        super().__init__(f"{now.file} was changed meanwhile, by {author}: nothing was saved")
        self.now = now
        self.mine = mine


async def draft(directory: Path, file: str, *, revised: bool = True) -> Draft:
    """The file as it is now. Raises `ConfigurationError` where it cannot be read."""
    in_force = await store.newest_revision(file) if revised else None
    path = directory / file
    text = read_text(path) if path.exists() or in_force is None else in_force.text
    return Draft(file=file, text=text, in_force=in_force)
