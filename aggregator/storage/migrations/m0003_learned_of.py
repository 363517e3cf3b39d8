"""The third step: which address and preset the learned capabilities of a provider belong to."""

from __future__ import annotations


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return ["alter table providers add column learned_of text"]
