"""A small client in each language, from the files in `clients/`: a list, an order, its status, the balance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aggregator.api.guide.examples import Example
from aggregator.api.guide.samples import Language

_FOLDER = Path(__file__).with_name("clients")
_FILES: Mapping[Language, str] = {
    Language.CURL: "client.sh",
    Language.PHP: "client.php",
    Language.PYTHON: "client.py.txt",
    Language.JAVASCRIPT: "client.mjs",
}


def client(language: Language, url: str, order: Example) -> str:
    """The program for a panel at this address, which orders what the example orders: plain text goes into it."""
    text = (_FOLDER / _FILES[language]).read_text(encoding="utf-8")
    values = {"URL": url, **{name.upper(): order.send[name] for name in ("service", "link", "quantity")}}
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text
