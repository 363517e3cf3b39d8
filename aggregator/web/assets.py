"""The style sheet, the script and the icon, from memory, under names that change with their content."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from msgspec import Struct

_OWN = Path(__file__).parent / "static"
_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_DARK = re.compile(r"([^{}]*\[data-bs-theme=dark\][^{}]*)\{([^{}]*)\}")
FOR_EVER = "public, max-age=31536000, immutable"


class Asset(Struct, frozen=True):
    """A file as it is sent."""

    path: str
    body: bytes
    packed: bytes
    """The same, compressed with gzip."""
    kind: str


@cache
def assets() -> dict[str, Asset]:
    """Every file by its plain name."""
    texts = {path.name: path.read_text() for path in sorted(_OWN.iterdir())}
    texts["panel.css"] = follow_system(_bootstrap()) + texts["panel.css"]
    return {name: _asset(name, text.encode()) for name, text in texts.items()}


@cache
def by_path() -> dict[str, Asset]:
    return {asset.path: asset for asset in assets().values()}


def follow_system(css: str) -> str:
    """Bootstrap's dark colours for whoever's system is dark, in place of an attribute that needs a script."""
    css = css.replace("/*# sourceMappingURL=bootstrap.min.css.map */", "")
    dark = "".join(
        f"{selector.replace('[data-bs-theme=dark]', ':root')}{{{rules}}}" for selector, rules in _DARK.findall(css)
    )
    return f"{_DARK.sub('', css)}\n@media (prefers-color-scheme:dark){{{dark}}}\n"


def _bootstrap() -> str:
    return (files("bootstrap") / "css" / "bootstrap.min.css").read_text()


def _asset(name: str, body: bytes) -> Asset:
    stem, suffix = Path(name).stem, Path(name).suffix
    mark = hashlib.sha256(body).hexdigest()[:12]
    return Asset(f"/static/{stem}.{mark}{suffix}", body, gzip.compress(body, 9, mtime=0), _KINDS[suffix])
