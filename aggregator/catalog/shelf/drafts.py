"""What an editor of a configuration file begins with, and what it must still meet when it is saved."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

from msgspec import Struct

from aggregator.catalog import store
from aggregator.catalog.store import RevisionRow
from aggregator.errors import CannotBeDone
from aggregator.settings import ConfigurationError, Fault, find_text, read_text, refuse_loss
from aggregator.storage.transaction import off_loop


class Draft(Struct, frozen=True, kw_only=True):
    """A file as it is now: on the disk, and as its newest revision where it has any."""

    file: str
    text: str
    """What the disk has, else what is in force."""
    in_force: RevisionRow | None
    """None for a file that has no revisions, and before the first."""
    fault: Fault | None = None
    """Why the disk tells no text, or none that is taken: it cannot be read, or was emptied or cut off."""

    @property
    def by_hand(self) -> bool:
        """Whether the file was edited where we did not see it, or its text is faulty: it says what is not in force."""
        return self.in_force is not None and (self.fault is not None or self.text != self.in_force.text)

    @property
    def base(self) -> str:
        """What a later edit says it began with: changes with the disk and with the revision."""
        digest = hashlib.sha256(f"{self.fault or ''}{self.text}".encode()).hexdigest()[:16]
        return f"{self.in_force.id if self.in_force else 0}-{digest}"


class Overtaken(CannotBeDone):
    """The file has changed since the edit began; `now` is what it is, `mine` what would have taken its place."""

    def __init__(self, now: Draft, mine: str) -> None:
        author = now.in_force.author if now.in_force and not now.by_hand else "somebody with an editor"
        super().__init__(f"{now.file} was changed meanwhile, by {author}: nothing was saved")
        self.now = now
        self.mine = mine


async def draft(directory: Path, file: str, *, revised: bool = True) -> Draft:
    """The file as it is now. Raises `ConfigurationError` where it cannot be read and nothing is in force."""
    in_force = await store.newest_revision(file) if revised else None
    return await off_loop(partial(_look, directory / file, in_force))


def _look(path: Path, in_force: RevisionRow | None) -> Draft:
    if in_force is None:
        return Draft(file=path.name, text=read_text(path), in_force=None)
    text = None
    try:
        text = find_text(path)
        refuse_loss(in_force.text, in_force.text if text is None else text, str(path))
    except ConfigurationError as error:
        return Draft(file=path.name, text=text or "", in_force=in_force, fault=error.faults[0])
    return Draft(file=path.name, text=in_force.text if text is None else text, in_force=in_force)
