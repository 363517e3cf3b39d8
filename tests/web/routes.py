"""The table of all pages as the application has it, for tests that go through every route."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from litestar import Router
from litestar.routes import HTTPRoute

from aggregator.web.guards import AUDIENCES
from aggregator.web.site import PAGES


class Route(NamedTuple):
    method: str
    path: str
    who: object
    """Of the guards the narrowest."""


def routes() -> Iterator[Route]:
    """Every handler of the pages, with the guards of all its layers."""
    for route in Router("/", route_handlers=PAGES).routes:
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            guards = [guard for layer in handler.ownership_layers for guard in layer.guards or ()]
            for method in handler.http_methods - {"OPTIONS"}:
                yield Route(method, route.path_format, max(guards, key=AUDIENCES.index))
