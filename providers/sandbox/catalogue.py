"""The services a sandbox publishes: rows go out as they came in, a reading of each is kept for taking orders."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from providers.sandbox.amounts import read_amount, read_count

WRAPPERS = ("services", "data", "result", "rows")

read_json = msgspec.json.Decoder(float_hook=Decimal).decode
write_json = msgspec.json.Encoder(decimal_format="number").encode


class Service(Struct, frozen=True, kw_only=True):
    """One row as far as taking orders needs it."""

    id: str
    kind: str
    """The type in lower case with blanks and without plural `s`: "custom comment package"."""
    rate: Decimal
    minimum: int
    maximum: int | None
    refill: bool
    cancel: bool

    @property
    def is_package(self) -> bool:
        """Whether the rate is the price of one package instead of 1,000 units."""
        return "package" in self.kind.split()


class Shelf:
    """The rows on offer and the services among them that can be ordered."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.replace(rows)

    def replace(self, rows: list[dict[str, Any]]) -> None:
        """Publish these rows and no others."""
        self.rows = [dict(row) for row in rows]
        self._index()

    def find(self, service: str) -> Service | None:
        """The service with this id, unless its row is a separator or has no readable price."""
        return self._services.get(service)

    def remove(self, service: str) -> bool:
        """Stop publishing a service; False when there is none."""
        return self._keep([row for row in self.rows if _id_of(row) != service])

    def set_rate(self, service: str, rate: Decimal) -> bool:
        """Publish another rate, as text where the old one was text; False when there is no such service."""
        rows = [row for row in self.rows if _id_of(row) == service]
        for row in rows:
            row["rate"] = f"{rate:f}" if isinstance(row.get("rate"), str) else rate
        self._index()
        return bool(rows)

    def _keep(self, rows: list[dict[str, Any]]) -> bool:
        shorter = len(rows) < len(self.rows)
        self.replace(rows)
        return shorter

    def _index(self) -> None:
        read = (_read_row(row) for row in reversed(self.rows))
        self._services = {service.id: service for service in read if service is not None}


def load_catalogue(path: str | Path) -> list[dict[str, Any]]:
    """The rows of a recorded `services` reply, bare or wrapped; numbers with decimals stay exact (`Decimal`).

    Raises ValueError, which names the file, when it cannot be read or holds no list of rows.
    """
    try:
        content = read_json(Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except (OSError, ValueError, RecursionError) as fault:
        raise ValueError(f"{path}: cannot be read as a catalogue: {fault}") from fault
    rows = _unwrap(content)
    if rows is None or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{path}: holds no list of services")
    return rows


def _unwrap(content: object) -> list[dict[str, Any]] | None:
    if isinstance(content, list):
        return content
    if not isinstance(content, dict):
        return None
    wrapped = [content[name] for name in WRAPPERS if isinstance(content.get(name), list)]
    if wrapped:
        return _unwrap(wrapped[0])
    by_id = list(content.values())
    return by_id if by_id and all(isinstance(row, dict) for row in by_id) else None


def _read_row(row: dict[str, Any]) -> Service | None:
    rate = read_amount(row.get("rate"))
    if not _id_of(row) or rate is None or rate < 0:
        return None
    return Service(
        id=_id_of(row),
        kind=_read_kind(row.get("type")),
        rate=rate,
        minimum=read_count(row.get("min")) or 0,
        maximum=read_count(row.get("max")),
        refill=_read_flag(row.get("refill")),
        cancel=_read_flag(row.get("cancel")),
    )


def _id_of(row: dict[str, Any]) -> str:
    value = row.get("service")
    return str(value).strip() if isinstance(value, int | str) else ""


def _read_kind(value: object) -> str:
    text = str(value or "default").lower().replace("_", " ").replace("-", " ")
    return " ".join(word.removesuffix("s") for word in text.split())


def _read_flag(value: object) -> bool:
    """A row that says nothing does not forbid: panels without the flag refill and cancel all the same."""
    return str(value).strip().lower() not in ("false", "0", "no")
