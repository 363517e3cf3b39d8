"""The twenty-third step: why a whole catalogue is not believed, in one word; before, only a sentence was kept."""

from __future__ import annotations

_WORDS = {
    "shrunk": "the catalogue shrank",
    "fell": "prices fell",
    "rose": "prices rose",
    "renumbered": "ids mean other services",
}
"""How each sentence began that earlier versions kept."""
_KEPT = "update providers set catalogue_doubt = '{doubt}' where held_catalogue like '{words}%'"


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return [
        "alter table providers add column catalogue_doubt text",
        *(_KEPT.format(doubt=doubt, words=words) for doubt, words in _WORDS.items()),
    ]
