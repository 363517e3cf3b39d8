"""Who may import whom: downward only, never a sibling, and each library only where it belongs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from fnmatch import fnmatch

import pytest

from tests.house.source import imported, modules

LAYERS = [
    {"cli", "__main__"},
    {"demo"},
    {"serving"},
    {"config_watcher"},
    {"app"},
    {"web", "jobs", "provider_lifecycle"},
    {"api", "workers", "metrics"},
    {"audit"},
    {"orders", "deposits", "people"},
    {"catalog", "resellers"},
    {"ledger"},
    {"cache", "storage"},
    {"settings", "failpoints", "connections", "batching", "logs", "beside", "watchdog"},
    {"errors"},
]
"""What stands in `aggregator`, from the top; each may import what stands in a lower set."""

SIBLINGS: dict[tuple[str, str], str] = {
    ("__main__", "cli"): "the same door, once as a module",
}
"""Who may import a neighbour, and why."""

LIBRARIES = {
    "pricing": {"msgspec"},
    "providers": {"msgspec"},
}
"""All that the two packages which know nothing of us may use besides the standard library and themselves."""

LIBRARY_EXCEPTIONS: dict[tuple[str, str], str] = {
    ("providers/wire/transport.py", "stamina"): "the only HTTP client is where reads are tried again",
    ("providers/wire/network.py", "aiohttp"): "the connections",
    ("providers/wire/network.py", "certifi"): "whose certificates are believed",
    ("providers/wire/http.py", "httpx"): "the words in which all HTTP is spoken",
    ("providers/wire/http.py", "httpx_aiohttp"): "what carries it over those connections",
}
"""Which file may use what more, and why."""

HOMES = {
    "piccolo": ["aggregator/storage/*", "aggregator/*store.py", "aggregator/audit/*", "aggregator/ledger/book.py"],
    "litestar": ["aggregator/api/*", "aggregator/web/*", "aggregator/app.py"],
    "aiohttp": ["providers/wire/network.py"],
    "yarl": [],
    **{name: ["providers/wire/http.py"] for name in ("httpx", "httpx2", "httpx_aiohttp")},
    **{name: [] for name in ("requests", "httpcore", "urllib3")},
}
"""The only files that name the ORM, the web framework and the HTTP client; no guard would see what another sent."""

HOME_EXCEPTIONS: dict[tuple[str, str], str] = {}
"""Which other file names one of them, and why."""


def faults(path: str, text: str) -> Iterator[str]:
    """Every import of a module that the tables above do not allow, as path:line: what."""
    for line, name in imported(path, text):
        if not (_is_downward(path, name) and _is_allowed_library(path, name) and _is_at_home(path, name)):
            yield f"{path}:{line}: {name}"


def _is_downward(path: str, name: str) -> bool:
    if not path.startswith("aggregator/") or _first(name) != "aggregator":
        return True
    importer, target = _part(path.removesuffix(".py").split("/")), _part(name.split("."))
    if target in {importer, "__version__"} or importer == "__init__" or (importer, target) in SIBLINGS:
        return True
    return _depth(importer) < _depth(target)


def _is_allowed_library(path: str, name: str) -> bool:
    package, library = _first(path), _first(name)
    if package not in LIBRARIES or (path, library) in LIBRARY_EXCEPTIONS:
        return True
    return library in {package, *LIBRARIES[package], *sys.stdlib_module_names}


def _is_at_home(path: str, name: str) -> bool:
    library = _first(name)
    homes = HOMES.get(library, ["*"])
    return (path, library) in HOME_EXCEPTIONS or any(fnmatch(path, home) for home in homes)


def _first(name: str) -> str:
    return re.split(r"[./]", name, maxsplit=1)[0]


def _part(names: list[str]) -> str:
    return names[1] if len(names) > 1 else "__init__"


def _depth(part: str) -> int:
    for depth, parts in enumerate(LAYERS):
        if part in parts:
            return depth
    raise AssertionError(f"aggregator/{part} has no place in LAYERS")


def test_every_import_points_downward() -> None:
    """A change to how money moves cannot be hidden in a page, nor a page's wish in the ledger."""
    found = [fault for path, text in modules("aggregator", "providers", "pricing") for fault in faults(path, text)]
    assert found == []


def circles(graph: Mapping[str, AbstractSet[str]]) -> list[list[str]]:
    """Modules that need each other, each circle from the first of it that was come upon."""
    found: list[list[str]] = []
    way: list[str] = []
    done = set[str]()

    def walk(name: str) -> None:
        if name in way:
            found.append([*way[way.index(name) :], name])
        elif name not in done:
            way.append(name)
            for needed in sorted(graph.get(name, ())):
                walk(needed)
            done.add(way.pop())

    for name in sorted(graph):
        walk(name)
    return found


def needs() -> dict[str, set[str]]:
    """Every module with the modules of ours that it names, also for its types alone."""
    texts = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): (path, text)
        for path, text in modules("aggregator", "providers", "pricing")
    }

    def module_of(name: str) -> str:
        while name and name not in texts:
            name = name.rpartition(".")[0]
        return name

    return {
        module: {module_of(name) for _, name in imported(path, text)} - {"", module}
        for module, (path, text) in texts.items()
        if not path.endswith("__init__.py")
    }


def test_no_module_needs_one_that_needs_it() -> None:
    """Each can be read, and tried, without what builds upon it."""
    assert circles(needs()) == []


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c", "b"]]


def test_every_part_has_its_place() -> None:
    """A new part of the aggregator says first where it stands."""
    parts = {_part(path.removesuffix(".py").split("/")) for path, _ in modules("aggregator")} - {"__init__"}
    assert parts
    assert parts <= set().union(*LAYERS)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("aggregator/ledger/book.py", "from aggregator.orders.state import OrderState"),
        ("aggregator/ledger/book.py", "from aggregator import orders"),
        ("aggregator/ledger/book.py", "from ..orders import state"),
        ("aggregator/api/v2.py", "import aggregator.web.page"),
        ("aggregator/errors.py", "from aggregator.settings import Settings"),
        ("aggregator/orders/intake/place.py", "def later():\n    from piccolo.table import Table"),
        ("aggregator/orders/intake/place.py", "from litestar import get"),
        ("aggregator/cli.py", "import piccolo"),
        ("pricing/money.py", "from providers.vocabulary import Listing"),
        ("pricing/money.py", "import httpx"),
        ("providers/panel.py", "import stamina"),
        ("providers/wire/transport.py", "import httpx"),
        ("providers/wire/transport.py", "from aiohttp import ClientSession"),
        ("aggregator/demo.py", "import aiohttp"),
        ("aggregator/web/page.py", "import httpx"),
        ("aggregator/orders/reporting/alerts.py", "from yarl import URL"),
        ("providers/panel.py", "from aggregator.settings import Settings"),
    ],
)
def test_an_import_the_wrong_way_is_found(path: str, text: str) -> None:
    """The rule can fail: each of these would turn the house upside down."""
    assert len(list(faults(path, text))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("aggregator/__main__.py", "from aggregator.cli import main"),
        ("aggregator/cli.py", "from aggregator import __version__"),
        ("aggregator/orders/store.py", "import piccolo.table"),
        ("aggregator/orders/intake/place.py", "from . import store"),
        ("aggregator/orders/intake/place.py", "from aggregator.ledger import book"),
        ("aggregator/api/v2.py", "import json, msgspec, litestar, aggregator.errors, pricing, providers.vocabulary"),
        ("providers/wire/transport.py", "import stamina, providers.errors, providers.wire.http"),
        ("providers/wire/http.py", "import httpx, httpx_aiohttp"),
        ("providers/wire/network.py", "import aiohttp, certifi"),
    ],
)
def test_an_import_the_right_way_is_no_fault(path: str, text: str) -> None:
    """The rule does not cry wolf."""
    assert list(faults(path, text)) == []
