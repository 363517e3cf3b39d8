"""Which addresses an owner keeps open: all that the application has, each with ids that are real."""

from __future__ import annotations

import pytest

from aggregator.web.guards import owners
from tests.soak.pages import Ids, addresses
from tests.web.routes import routes

IDS: Ids = {
    "reseller_id": [3],
    "order_id": [71, 72],
    "key_id": [4],
    "revision_id": [2],
    "name": ["well", "slow"],
    "number": [1],
}
OWNERS = frozenset({owners})


def test_every_page_of_the_console_is_kept_open() -> None:
    """One address at least for each route, and no place in it left empty."""
    found = addresses(routes(), OWNERS, IDS)
    pages = [route.path for route in routes() if route.method == "GET" and route.who is owners]
    assert len(found) == len(set(found)) > len(pages)
    assert not any("{" in address for address in found)
    assert {
        "/console",
        "/console/services/matches",
        "/console/prices/2",
        "/console/orders/72",
        "/console/providers/of/slow",
        "/console/resellers/3/keys/4",
    } <= set(found)


def test_an_id_of_a_kind_that_nobody_knows_is_told() -> None:
    """So that a new page cannot be left out in silence."""
    with pytest.raises(KeyError, match="'name'"):
        addresses(routes(), OWNERS, {name: ids for name, ids in IDS.items() if name != "name"})
