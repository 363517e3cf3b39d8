"""What is wrong in a configuration file, where, and what to write instead."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from aggregator.errors import CannotBeDone


class Fault(Struct, frozen=True):
    """One thing to mend (or, as a notice, to know). Never holds a secret."""

    file: str
    line: int
    """Counted from 1."""
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class ConfigurationError(CannotBeDone):
    """The configuration cannot be used; `faults` lists everything that was found, not only the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)
