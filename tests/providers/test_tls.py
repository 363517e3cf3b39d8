"""A certificate that proves nothing keeps an order here: it never left, so another provider may have it.

The certificates are our own and made for a hundred years; their keys open nothing. `known` and `elsewhere` are
trusted by this process, `stranger` is not.
"""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from providers.errors import Code, ProviderError, Unreachable
from providers.reach import Level, reach
from providers.vocabulary import ServiceType, Submission
from providers.wire.network import trust
from tests.providers.panel_server import Canned, PanelServer, adapter_for, panel_server, profile_of

ORDER = Submission(service="1", type=ServiceType.DEFAULT, link="https://x.example/p", quantity=100)
CERTIFICATES = Path(__file__).with_name("certificates")
BAD = {"stranger": "self-signed", "elsewhere": "IP address mismatch"}
"""What OpenSSL says of a certificate that nobody vouches for, and of a good one for another host."""
ANSWERS = (Canned(body={"order": 7, "balance": "5"}),)


def certificate(name: str) -> ssl.SSLContext:
    """What a server needs to show it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem")
    return context


@pytest.fixture(autouse=True)
def trusted() -> None:
    """Both count as authorities here, beside those of the world."""
    for name in ("known", "elsewhere"):
        trust(verify=True).load_verify_locations(CERTIFICATES / f"{name}.pem")


async def add_to(panel: PanelServer) -> ProviderError:
    async with adapter_for(panel.url) as adapter:
        with pytest.raises(ProviderError) as raised:
            await adapter.add(ORDER)
    return raised.value


@pytest.mark.parametrize(("name", "said"), BAD.items())
async def test_an_order_is_not_given_to_whoever_cannot_prove_who_they_are(name: str, said: str) -> None:
    """The handshake fails before the first byte of the order, and with it of the key."""
    async with panel_server(*ANSWERS, tls=certificate(name)) as panel:
        error = await add_to(panel)
        assert isinstance(error, Unreachable)
        assert (error.code, error.may_try_another, panel.sent) == (Code.TRANSPORT, True, [])
        assert said in error.text


@pytest.mark.parametrize(("name", "said"), BAD.items())
async def test_nothing_is_asked_of_them_either(name: str, said: str) -> None:
    """A read would give the key away as well."""
    async with panel_server(*ANSWERS, tls=certificate(name)) as panel, adapter_for(panel.url) as adapter:
        with pytest.raises(Unreachable, match=said):
            await adapter.balance()
        assert panel.sent == []


async def test_a_good_certificate_is_taken() -> None:
    """The rule does not keep everybody out."""
    async with panel_server(*ANSWERS, tls=certificate("known")) as panel, adapter_for(panel.url) as adapter:
        assert (await adapter.add(ORDER)).order == "7"


@pytest.mark.parametrize("name", BAD)
async def test_an_owner_may_take_any_certificate(name: str) -> None:
    """With `verify_tls = false`, for panels that never renew theirs."""
    async with (
        panel_server(*ANSWERS, tls=certificate(name)) as panel,
        adapter_for(panel.url, verify_tls=False) as adapter,
    ):
        assert (await adapter.add(ORDER)).order == "7"


@pytest.mark.parametrize(("name", "said"), BAD.items())
async def test_the_owner_is_told_what_is_wrong_with_it(name: str, said: str) -> None:
    """Before anything is configured, in OpenSSL's words, with the setting that would take it all the same."""
    async with panel_server(*ANSWERS, tls=certificate(name)) as panel:
        (finding,) = await reach(profile_of(panel.url))
    assert (finding.level, finding.topic) == (Level.FAULT, "certificate")
    assert said in finding.text
    assert "verify_tls" in finding.text


async def test_a_good_one_is_said_to_be_good() -> None:
    """The other half of the same question."""
    async with panel_server(*ANSWERS, tls=certificate("known")) as panel:
        findings = await reach(profile_of(panel.url))
    assert [finding.level for finding in findings] == [Level.OK, Level.OK]
