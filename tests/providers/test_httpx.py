"""What httpx calls a thing, and how long it lets an address be, decides nothing of an order."""

from __future__ import annotations

import pytest

from providers.dialect import Dialect
from providers.errors import Code, ProviderError, Refused, Unreachable, Unsure
from providers.requests import add_params
from providers.vocabulary import ServiceType, Submission
from providers.wire.addresses import resolve
from providers.wire.encoding import build_request, size_of
from providers.wire.http import httpx
from providers.wire.network import Line, Watch
from tests.providers.panel_server import Canned, adapter_for, panel_server, profile_of
from tests.providers.test_transport import ACCEPTED, ORDER, add_to, free_port


@pytest.mark.parametrize(
    ("heard", "sent", "outcome", "said"),
    [(False, False, Unreachable, "ClientConnectorError: "), (True, True, Unsure, "ServerDisconnectedError: ")],
    ids=["nobody listens", "closed after all was sent"],
)
async def test_the_name_of_an_error_says_nothing_of_what_was_sent(
    heard: bool, sent: bool, outcome: type[ProviderError], said: str
) -> None:
    """Both bear one name, `ConnectTimeout`: only the first order may be placed elsewhere, and its owner is told why."""
    async with panel_server(Canned(raw=b"")) as panel:
        url = panel.url if heard else f"http://127.0.0.1:{free_port()}/api"
        profile, watch = profile_of(url), Watch("add", None)
        line = Line(profile, fresh=True, ask=resolve)
        with pytest.raises(httpx.ConnectTimeout):
            async with line.send(build_request(profile, "add", {}), watch, seconds=5):
                pass
        await line.aclose()
        assert watch.sent is sent
        error = await add_to(url)
    assert (type(error), error.may_try_another) == (outcome, not sent)
    assert error.text.startswith(said)


@pytest.mark.parametrize("status", [200, 502])
async def test_words_beside_a_status_may_be_written_in_any_letters(status: int) -> None:
    """Some servers write them in those of their country; they say nothing, and cost no order."""
    body = b'{"order": 7}'
    head = f"HTTP/1.1 {status} Хорошо\r\nContent-Length: {len(body)}\r\n\r\n".encode("cp1251")
    async with panel_server(Canned(raw=head + body)) as panel, adapter_for(panel.url) as adapter:
        assert (await adapter.add(ORDER)).order == "7"


@pytest.mark.parametrize("dialect", [Dialect(method="GET"), Dialect(body_format="query")], ids=["get", "query"])
async def test_an_order_that_no_address_can_hold_goes_to_another_provider(dialect: Dialect) -> None:
    """Such a provider has failed at nothing; its server would have said the same."""
    huge = Submission(service="1", type=ServiceType.DEFAULT, link=f"https://x.example/{'x' * 70_000}", quantity=100)
    async with panel_server(ACCEPTED) as panel, adapter_for(panel.url, dialect) as adapter:
        with pytest.raises(Refused) as raised:
            await adapter.add(huge)
        assert (raised.value.code, raised.value.may_try_another, panel.sent) == (Code.TOO_LARGE, True, [])
        assert size_of(adapter.profile, add_params(huge, dialect)) > 70_000
