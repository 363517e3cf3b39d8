"""A word that a provider said, as commands show it."""

from __future__ import annotations

from aggregator.catalog.upstream.word_store import WordRow
from aggregator.cli.root import Row, when


def word_row(row: WordRow) -> Row:
    return {
        "provider": row.provider,
        "kind": row.kind,
        "text": row.text,
        "times": row.times,
        "meaning": row.meaning,
        "first": when(row.first_at),
        "last": when(row.last_at),
        "reply": row.reply,
    }
