"""The example of an adapter in a file of its own, against a panel that keeps its orders."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from providers.adapter import Adapter
from providers.dialect import Dialect
from providers.errors import Code, Refused, Unreachable
from providers.registry import find_preset
from providers.vocabulary import Phase, Progress, RefillPhase, ServiceType, Submission
from tests.providers.panel_server import Canned, adapter_of, panel_server, profile_of
from tests.providers.path_style_server import KEY, PathStyleServer
from tests.providers.sandbox_server import serving

ORDER = Submission(service="7", type=ServiceType.DEFAULT, link="https://x.example/v/1", quantity=1000)


@pytest.fixture
def panel() -> PathStyleServer:
    return PathStyleServer()


@pytest.fixture
async def adapter(panel: PathStyleServer) -> AsyncIterator[Adapter]:
    """Through the registry, as a provider with `preset = "path_style"` is opened."""
    async with serving(panel) as url:
        profile = profile_of(f"{url}/api", find_preset("path_style").dialect, key=KEY)
        async with adapter_of(profile, "path_style") as opened:
            yield opened


async def phase_of(adapter: Adapter, order: str) -> Phase:
    progress = (await adapter.statuses([order]))[order]
    assert isinstance(progress, Progress)
    return progress.phase


async def test_an_order_lives_from_the_catalogue_to_its_end(panel: PathStyleServer, adapter: Adapter) -> None:
    """What is listed can be bought, followed, and refilled; the balance falls by its price."""
    (listing,) = await adapter.services()
    assert (listing.rate, listing.flaw) == (Decimal("1.20"), None)
    order = (await adapter.add(ORDER)).order
    assert (await adapter.balance()).balance == Decimal("3.80")
    assert await phase_of(adapter, order) is Phase.PENDING
    panel.orders[order].update(status="done", left=0)
    assert await phase_of(adapter, order) is Phase.COMPLETED
    refill = (await adapter.refill(order)).reference
    assert refill == "1"
    assert await adapter.refill_statuses([refill]) == {"1": RefillPhase.IN_PROGRESS}


async def test_an_order_is_called_off_and_its_price_comes_back(panel: PathStyleServer, adapter: Adapter) -> None:
    """A granted request is no end; the next status is."""
    order = (await adapter.add(ORDER)).order
    granted = await adapter.cancel([order, "o9"])
    assert isinstance(granted["o9"], Refused)
    assert not isinstance(granted[order], Refused)
    assert await phase_of(adapter, order) is Phase.CANCELLED
    assert (await adapter.balance()).balance == panel.balance == Decimal("5.00")


async def test_an_order_beyond_our_funds_may_go_elsewhere(panel: PathStyleServer, adapter: Adapter) -> None:
    """The panel says so in a shape of its own; it is the same clear no as anybody's."""
    panel.balance = Decimal("0.10")
    with pytest.raises(Refused) as raised:
        await adapter.add(ORDER)
    assert (raised.value.code, raised.value.may_try_another, panel.orders) == (Code.FUNDS, True, {})


async def test_the_key_travels_in_its_header_alone() -> None:
    """Paths end up in other people's logs, and bodies of this API have no place for it."""
    async with panel_server(Canned(body={"success": True, "data": {"id": "o1"}})) as server:
        async with adapter_of(profile_of(server.url, find_preset("path_style").dialect), "path_style") as adapter:
            await adapter.add(ORDER)
        (sent,) = server.sent
    assert sent.headers["x-api-key"] == adapter.profile.key
    assert b"s3cret" not in sent.body
    assert "s3cret" not in sent.target


async def test_fixed_parameters_go_along_with_paths_too() -> None:
    """An owner's `extra_params` mean the same for every panel."""
    dialect = Dialect(body_format="json", extra_params={"lang": "en"})
    funds = Canned(body={"success": True, "data": {"balance": "1"}})
    async with panel_server(funds) as server, adapter_of(profile_of(server.url, dialect), "path_style") as adapter:
        await adapter.balance()
        assert server.sent[0].target == "/api/v2/balance?lang=en"


async def test_a_path_that_leads_nowhere_lets_an_order_go_on() -> None:
    """A 404 page stands in front of the panel: it never saw the order."""
    page = Canned(status=404, text="<html><title>Not found</title></html>")
    async with panel_server(page) as server, adapter_of(profile_of(server.url), "path_style") as adapter:
        with pytest.raises(Unreachable):
            await adapter.add(ORDER)
