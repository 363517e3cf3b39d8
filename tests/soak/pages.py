"""Every page of the application as an address with real ids in it: the routes are asked, so that a new page is met."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from tests.web.routes import Route

_PLACE = re.compile(r"\{(\w+)\}")
MORE = {
    "/console/orders": ("state=completed", "q=soak", "q=nowhere", "provider=well"),
    "/console/services": ("q=followers", "q=nowhere", "page=20"),
    "/console/prices/why": ("service={number}&reseller=r0",),
    "/console/resellers": ("q=r1",),
    "/orders": ("q=soak",),
    "/orders/quote": ("service={number}&quantity=500&link=https://x.example/a",),
    "/orders/new/services": ("q=likes",),
    "/services": ("q=likes",),
}
"""Questions that make a page look for something, beside the page itself."""

Ids = Mapping[str, Sequence[object]]
"""What there is of each kind, by the name that routes have for it."""


def addresses(routes: Iterable[Route], who: frozenset[object], ids: Ids) -> list[str]:
    """Every page for whom these guards let in, once for each id; KeyError for a kind of id that nobody knows."""
    pages = [route.path for route in routes if route.method == "GET" and route.who in who]
    asked = [f"{path}?{query}" for path in pages for query in MORE.get(path, ())]
    return [address for path in (*pages, *asked) for address in _filled(path, ids)]


def _filled(path: str, ids: Ids) -> Iterable[str]:
    names = list(dict.fromkeys(_PLACE.findall(path)))
    for chosen in product(*(ids[name] for name in names)):
        yield path.format(**dict(zip(names, chosen, strict=True)))
