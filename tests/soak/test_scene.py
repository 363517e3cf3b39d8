"""The catalogues of a soak: always the same for a seed, as varied as real ones, and with what services.toml names."""

from __future__ import annotations

from decimal import Decimal

from aggregator.settings import read_services
from tests.soak.scene import MERGED, PROVIDERS, catalogue, scene, services

ROWS = 600


def test_a_seed_always_makes_the_same_catalogues() -> None:
    assert scene(7, ROWS).recipes == scene(7, ROWS).recipes
    assert catalogue(7, 0, ROWS) != catalogue(8, 0, ROWS)


def test_a_catalogue_is_as_varied_as_a_real_one() -> None:
    """Hardly two names alike, in letters of many scripts, and every rate is above nothing."""
    for place in range(len(PROVIDERS)):
        rows = catalogue(1, place, ROWS)
        names = {str(row["name"]) for row in rows}
        assert len(rows) == ROWS
        assert len(names) > ROWS * 0.9
        assert any(not name.isascii() for name in names)
        assert all(Decimal(str(row["rate"])) > 0 for row in rows)


def test_services_are_offered_by_providers_that_there_are() -> None:
    found = read_services(services(extra=2), "services.toml").services
    assert len(found) == MERGED + 2
    assert {offer.provider for service in found for offer in service.offers} == set(PROVIDERS)
    listed = {str(row["service"]) for row in catalogue(1, 0, ROWS)}
    assert {offer.service for service in found for offer in service.offers} <= listed
