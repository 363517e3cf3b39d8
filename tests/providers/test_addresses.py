"""A provider's name never leads into our own network: not by its spelling, not by its answers, not a moment later."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from itertools import chain, repeat
from typing import Any

import pytest

from providers.errors import Unreachable
from providers.panel import Panel
from providers.reach import Level, reach
from providers.vocabulary import ServiceType, Submission
from providers.wire.addresses import may_call
from providers.wire.encoding import build_request
from providers.wire.http import httpx
from providers.wire.network import Line, Watch, guarded, trust
from providers.wire.transport import Transport
from tests.providers.panel_server import Canned, Patience, adapter_for, panel_server, profile_of

ORDER = Submission(service="1", type=ServiceType.DEFAULT, link="https://x.example/p", quantity=100)
ACCEPTED = Canned(body={"order": 7, "balance": "5"})
PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:2800:21f:cb07::1", "::ffff:1.1.1.1", "64:ff9b::101:101"]
OWN = [
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::7f00:1",
]
"""Of a network of one's own: called only where the owner allows it."""
NEVER = [
    "0.0.0.0",
    "::",
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "224.0.0.1",
    "239.255.255.250",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:7f00:1::1",
    "::7f00:1",
    "::a00:1",
    "fec0::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "4000::1",
    "no address",
    "",
]
"""Clouds keep their secrets at a link's own addresses; tunnels and old notations hide others."""
SPELLINGS = [
    "2130706433",
    "127.1",
    "127.0.1",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "[::ffff:127.0.0.1]",
    "[::]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "127.0.0.1.",
    "１２７.0.0.1",
    "localhost.",
    "LOCALHOST.",
]
"""What a machine takes for itself although it says so in no plain way."""


class Names:
    """A resolver whose answers change from one question to the next."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = chain(answers, repeat(answers[-1]))
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        return next(self.answers)


async def called(*answers: list[str], host: str = "panel.example", allow_private: bool = False, times: int = 1) -> Any:
    """Where connections to a name with these answers go."""
    reached: list[str] = []

    class Nowhere(socket.socket):
        def connect(self, address: Any) -> None:
            reached.append(address[0])
            raise ConnectionRefusedError

    profile = profile_of(f"http://{host}/", allow_private=allow_private)
    line = Line(profile, fresh=True, ask=Names(*answers), open_socket=Nowhere)
    for _ in range(times):
        with pytest.raises(httpx.TransportError):
            async with line.send(build_request(profile, "balance", {}), Watch("balance", None), seconds=5):
                pass
    await line.aclose()
    return reached


@pytest.mark.parametrize("address", PUBLIC)
async def test_a_name_on_the_public_internet_is_called_by_its_address(address: str) -> None:
    assert await called([address]) == [address]


async def test_every_address_of_a_name_is_tried_in_turn() -> None:
    """One that is down does not cost the order; some are tried again."""
    assert set(await called(["93.184.215.14", "1.1.1.1"])) == {"93.184.215.14", "1.1.1.1"}


@pytest.mark.parametrize("address", [*OWN, *NEVER])
async def test_a_name_that_leads_elsewhere_is_not_called(address: str) -> None:
    """Nor where only one of its answers does: which one is taken would be chance."""
    for answers in ([address], ["1.1.1.1", address], [address, "1.1.1.1"]):
        assert await called(answers) == []


async def test_a_name_that_changes_its_answer_is_judged_at_every_connection() -> None:
    """Once for the check and once for the connection would be once too often: the answer that was judged is called."""
    assert await called(["1.1.1.1"], ["127.0.0.1"], ["10.0.0.1"], ["1.0.0.1"], times=4) == ["1.1.1.1", "1.0.0.1"]


@pytest.mark.parametrize("address", OWN)
async def test_an_owner_may_allow_a_network_of_his_own(address: str) -> None:
    assert await called([address], allow_private=True) == [address]


@pytest.mark.parametrize("address", NEVER)
async def test_no_owner_allows_what_no_provider_has(address: str) -> None:
    assert await called([address], allow_private=True) == []


@pytest.mark.parametrize(
    ("host", "address", "may"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "::1", True),
        ("localhost", "127.0.0.1", True),
        ("localhost", "::1", True),
        ("localhost", "10.0.0.1", False),
        ("127.0.0.1", "127.0.0.2", False),
        ("10.0.0.1", "10.0.0.1", False),
        ("169.254.169.254", "169.254.169.254", False),
        ("panel.localhost", "127.0.0.1", False),
        ("127.1", "127.0.0.1", False),
    ],
)
def test_this_machine_may_be_called_by_its_plain_name(host: str, address: str, may: bool) -> None:
    """A sandbox runs there; whoever owns another name cannot make it ours."""
    assert may_call(host, address, allow_private=False) is may


def add_through(answers: Iterable[list[str]], url: str, **settings: Any) -> tuple[Panel, Names]:
    names, profile = Names(*answers), profile_of(url, add_timeout_seconds=2, **settings)
    return Panel(profile, Transport(profile, Patience(), ask=names)), names


async def test_an_order_for_a_name_that_leads_to_us_never_left() -> None:
    """So another provider may have it, and whoever listens here has seen nothing."""
    async with panel_server(ACCEPTED) as server:
        adapter, names = add_through([["127.0.0.1"]], server.url.replace("127.0.0.1", "panel.example"))
        with pytest.raises(Unreachable, match="allow_private"):
            await adapter.add(ORDER)
        with pytest.raises(Unreachable):
            await adapter.balance()
        await adapter.aclose()
    assert (server.sent, set(names.asked)) == ([], {"panel.example"})


async def test_an_order_for_a_name_that_may_lead_to_us_arrives() -> None:
    """The rule does not keep everybody out, and each order looks the name up again."""
    async with panel_server(ACCEPTED) as server:
        url = server.url.replace("127.0.0.1", "panel.example")
        adapter, names = add_through([["127.0.0.1"]], url, allow_private=True)
        assert [(await adapter.add(ORDER)).order for _ in range(2)] == ["7", "7"]
        await adapter.aclose()
    assert len(names.asked) == 2


@pytest.mark.parametrize(("allow_private", "heard"), [(False, 0), (True, 1)])
async def test_a_client_for_whatever_else_is_guarded_alike(allow_private: bool, heard: int) -> None:
    """Gateways and webhooks have names as well, and redirects lead elsewhere."""
    async with panel_server(ACCEPTED) as server:
        names = Names(["127.0.0.1"])
        carried = guarded("shop.example", allow_private=allow_private, ask=names)
        async with httpx.AsyncClient(transport=carried, trust_env=False) as client:
            outcomes = await asyncio.gather(
                client.post(server.url.replace("127.0.0.1", "shop.example"), json={"key": 1}), return_exceptions=True
            )
        assert (len(server.sent), names.asked) == (heard, ["shop.example"])
    assert [isinstance(one, httpx.TransportError) for one in outcomes] == [not heard]


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_this_machine_but_the_plain_ones_is_called(host: str) -> None:
    """However the machine itself reads it."""
    async with (
        panel_server(ACCEPTED) as server,
        adapter_for(server.url.replace("127.0.0.1", host), add_timeout_seconds=2) as adapter,
    ):
        with pytest.raises(Unreachable):
            await adapter.add(ORDER)
        assert server.sent == []


async def test_whoever_tries_a_provider_is_told_where_its_name_leads() -> None:
    (finding,) = await reach(profile_of("http://2130706433:1/api/v2"))
    assert (finding.level, finding.topic) == (Level.FAULT, "address")
    assert "allow_private = true" in finding.text


async def test_a_silent_name_is_waited_for_no_longer_than_a_connection() -> None:
    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    profile = profile_of("http://x.example/")
    line = Line(profile, fresh=True, ask=never)
    with pytest.raises(httpx.TimeoutException):
        async with line.send(build_request(profile, "balance", {}), Watch("balance", None), seconds=0.01):
            pass
    await line.aclose()


@pytest.mark.parametrize("verify", [True, False])
def test_old_versions_of_tls_are_not_spoken(verify: bool) -> None:
    assert trust(verify=verify).minimum_version.name == "TLSv1_2"
