"""Inside the large packages too imports point downward: a room is entered from above, never from beside or below."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.house.source import imported, modules

ROOMS = {
    "aggregator/orders": [
        {"reporting"},
        {"unsure"},
        {"aftersales"},
        {"following"},
        {"dispatching"},
        {"settling", "intake"},
        {"reconciling", "upstream_ids"},
    ],
    "aggregator/catalog": [{"matching", "news"}, {"shelf"}, {"syncing"}, {"upstream"}],
    "providers": [{"sandbox"}, {"driving"}, {"wire"}, {"reading"}],
}
"""The rooms of a package from the top; below them all is its kernel, the modules that stand in the package itself."""

DRIVING = {
    "batches",
    "families",
    "following",
    "panel",
    "path_style",
    "probe",
    "reach",
    "registry",
    "requests",
    "scaffold",
}
"""Modules of `providers` that stand above its rooms: they drive a panel. The others are its vocabulary."""


def faults(path: str, text: str) -> Iterator[str]:
    """Every import between rooms that does not point downward, as path:line: what."""
    package = next((one for one in ROOMS if path.startswith(f"{one}/")), None)
    if package is None or path.endswith("__init__.py"):
        return
    dotted = package.replace("/", ".")
    here = _room(package, path.removeprefix(f"{package}/").removesuffix(".py").split("/"))
    for line, name in imported(path, text):
        if name.startswith(f"{dotted}."):
            there = _room(package, name.removeprefix(f"{dotted}.").split("."))
            if there != here and _depth(package, there) <= _depth(package, here):
                yield f"{path}:{line}: {name}"


def _room(package: str, names: list[str]) -> str:
    """The room that a module stands in; empty for the kernel."""
    if names[0] in set().union(*ROOMS[package]):
        return names[0]
    return "driving" if package == "providers" and names[0] in DRIVING else ""


def _depth(package: str, room: str) -> int:
    return next((depth for depth, rooms in enumerate(ROOMS[package]) if room in rooms), len(ROOMS[package]))


def test_rooms_are_entered_from_above_alone() -> None:
    """Where a refund is decided nothing depends on how it is reported, or on how an order was sent."""
    found = [fault for path, text in modules("aggregator", "providers") for fault in faults(path, text)]
    assert found == []


def test_every_room_is_there() -> None:
    """The table names no folder that is gone, and no folder stands outside it."""
    for package, floors in ROOMS.items():
        told = set().union(*floors) - {"driving"}
        paths = [path.removeprefix(f"{package}/") for path, _ in modules(package)]
        assert {path.split("/")[0] for path in paths if "/" in path} == told


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("aggregator/orders/settling/settle.py", "from aggregator.orders.following import poll"),
        ("aggregator/orders/settling/settle.py", "from aggregator.orders.intake.links import link_key"),
        ("aggregator/orders/store.py", "from aggregator.orders.unsure import evidence"),
        ("aggregator/catalog/shelf/shelf.py", "from aggregator.catalog.news.news import News"),
        ("providers/reading/reply.py", "from providers.wire import transport"),
        ("providers/errors.py", "from providers.panel import Panel"),
    ],
)
def test_a_way_up_is_found(path: str, text: str) -> None:
    assert len(list(faults(path, text))) == 1


def test_a_way_down_is_no_fault() -> None:
    text = "from aggregator.orders import store\nfrom aggregator.orders.settling.settle import settle"
    assert list(faults("aggregator/orders/following/poll.py", text)) == []
