"""Whether a request was sent is known in every trouble: an order goes on to another provider only if it was not."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from providers.dialect import Dialect
from providers.errors import Code, Garbled, ProviderError, Refused, Unreachable, Unsure
from providers.panel import Panel
from providers.vocabulary import Phase, ServiceType, Submission
from providers.wire.transport import Transport
from tests.providers.panel_server import Canned, Patience, adapter_for, panel_server, profile_of

ORDER = Submission(service="1", type=ServiceType.DEFAULT, link="https://x.example/p", quantity=100)
ACCEPTED = Canned(body={"order": 7})
BALANCE = Canned(body={"balance": "5", "currency": "USD"})

UNSURE = {
    "closed without a word": Canned(raw=b""),
    "silent until the deadline": Canned(silent=True),
    "a byte now and then until the deadline": Canned(drips=True),
    "cut off inside the body": Canned(raw=b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"order": 7}'),
    "cut off inside the headers": Canned(raw=b"HTTP/1.1 200 OK\r\nContent-Le"),
    "no HTTP at all": Canned(raw=b"hello\r\n\r\n"),
    "a header too large": Canned(raw=b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n"),
    "a page": Canned(text="<html><title>Welcome</title></html>"),
    "a gateway's page": Canned(status=502, text="<html><title>Bad gateway</title></html>"),
    "a body too large": Canned(text='{"order": 7}' + " " * 300_000),
    "a compressed body": Canned(text='{"order": 7}', headers={"Content-Encoding": "gzip"}),
    "sent elsewhere": Canned(status=308, body={}, headers={"Location": "https://elsewhere.example/"}),
}


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def add_to(url: str, dialect: Dialect | None = None) -> ProviderError:
    """How an `add` at this address fails."""
    async with adapter_for(url, dialect, add_timeout_seconds=0.5) as adapter:
        with pytest.raises(ProviderError) as raised:
            await adapter.add(ORDER)
        return raised.value


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/api",
        "https://nobody.invalid/api",
        "no address",
        "http://[broken/api",
        "ftp://127.0.0.1/api",
        "http://\ud800.example/",
    ],
)
async def test_an_order_that_never_left_may_go_to_another_provider(url: str) -> None:
    """Nobody listens, no such host, no address that means anything: nothing was bought."""
    error = await add_to(url.format(port=free_port()))
    assert isinstance(error, Unreachable)
    assert error.may_try_another


async def test_an_order_without_encryption_never_left() -> None:
    """A handshake that fails comes before the first byte of the order."""
    async with panel_server(ACCEPTED) as panel:
        error = await add_to(panel.url.replace("http:", "https:"))
        assert isinstance(error, Unreachable)
        assert panel.sent == []


async def test_an_unusable_proxy_never_lets_an_order_out() -> None:
    """A proxy that cannot be spoken to keeps the order here."""
    async with adapter_for("http://127.0.0.1:1/", proxy="gopher://nowhere") as adapter:
        with pytest.raises(Unreachable):
            await adapter.add(ORDER)


@asynccontextmanager
async def proxy_that_says(reply: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A proxy that answers every request itself; its address, and the first lines of what it was asked."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        writer.write(reply)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://owner:s3same@127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


@pytest.mark.parametrize("reply", [b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", b"", b"hello\r\n\r\n"])
async def test_an_order_that_a_proxy_did_not_pass_on_never_left(reply: bytes) -> None:
    """Of an encrypted order the proxy hears only where it should go."""
    async with (
        proxy_that_says(reply) as (proxy, asked),
        adapter_for("https://panel.example/api", proxy=proxy) as adapter,
    ):
        with pytest.raises(Unreachable) as raised:
            await adapter.add(ORDER)
    assert asked == [b"CONNECT panel.example:443 HTTP/1.1"]
    assert "s3same" not in raised.value.text


async def test_a_proxy_that_heard_an_order_may_have_passed_it_on() -> None:
    """Without encryption it is told everything."""
    async with (
        proxy_that_says(b"") as (proxy, asked),
        adapter_for("http://panel.example/api", proxy=proxy) as adapter,
    ):
        with pytest.raises(Unsure):
            await adapter.add(ORDER)
    assert asked == [b"POST http://panel.example/api HTTP/1.1"]


@pytest.mark.parametrize(
    "dialect",
    [Dialect(), Dialect(method="GET"), Dialect(method="GET", body_format="query")],
    ids=["post", "get", "query"],
)
@pytest.mark.parametrize("trouble", UNSURE.values(), ids=UNSURE.keys())
async def test_an_order_that_left_is_unsure_and_never_sent_again(trouble: Canned, dialect: Dialect) -> None:
    """Once the headers are out, only a clear no lets another provider be tried; also where a library would not mind."""
    async with panel_server(trouble) as panel:
        error = await add_to(panel.url, dialect)
        assert isinstance(error, Unsure)
        assert not error.may_try_another
        assert error.code is Code.TRANSPORT
        assert len(panel.sent) == 1


STEPS = {"connect": Unreachable, "headers-sent": Unsure, "body-sent": Unsure, "reply-read": Unsure}
"""What an order is whose sender fails right after this step."""


async def test_whoever_follows_a_call_is_told_of_each_step() -> None:
    told: list[tuple[str, str]] = []

    async def trace(action: str, step: str) -> None:
        told.append((action, step))

    async with panel_server(BALANCE, BALANCE, ACCEPTED) as panel:
        adapter = Panel(profile_of(panel.url), Transport(profile_of(panel.url), Patience(), trace))
        await adapter.balance()
        await adapter.balance()
        await adapter.add(ORDER)
        await adapter.aclose()
    kept = [step for step in STEPS if step != "connect"]
    steps = [("balance", STEPS), ("balance", kept), ("add", STEPS)]
    assert told == [(action, step) for action, several in steps for step in several]


@pytest.mark.parametrize("step", STEPS)
async def test_a_sender_that_fails_at_a_step_knows_whether_the_order_left(step: str) -> None:
    async def trace(_: str, passed: str) -> None:
        if passed == step:
            raise ConnectionError("a failpoint")

    async with panel_server(ACCEPTED) as panel:
        profile = profile_of(panel.url, add_timeout_seconds=2)
        adapter = Panel(profile, Transport(profile, Patience(), trace))
        with pytest.raises(STEPS[step], match="a failpoint"):
            await adapter.add(ORDER)
        await adapter.aclose()


async def test_every_order_has_a_connection_of_its_own() -> None:
    """A kept connection may die under a request that the panel has seen."""
    async with panel_server(ACCEPTED) as panel, adapter_for(panel.url) as adapter:
        await adapter.add(ORDER)
        await adapter.add(ORDER)
        assert [one.connection for one in panel.sent] == [1, 2]


async def test_reads_share_a_connection() -> None:
    """Polling thousands of orders does not shake hands for each."""
    async with panel_server(BALANCE) as panel, adapter_for(panel.url) as adapter:
        await adapter.balance()
        await adapter.balance()
        assert [one.connection for one in panel.sent] == [1, 1]


async def test_a_call_that_outlives_its_adapter_leaves_no_connection_open() -> None:
    """A provider's settings are read again while it is being asked."""
    asked, go_on, hung_up = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await go_on.wait()
        writer.write(BALANCE.encoded())
        while await reader.read(65_536):
            pass
        hung_up.set()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with adapter_for(f"http://127.0.0.1:{port}/api") as adapter:
            call = asyncio.create_task(adapter.balance())
            await asked.wait()
        go_on.set()
        assert (await call).currency == "USD"
        await asyncio.wait_for(hung_up.wait(), 10)


@pytest.mark.parametrize(
    "trouble",
    [Canned(raw=b""), Canned(status=502, text="<html></html>"), Canned(status=503, text="")],
    ids=["closed", "a gateway's page", "an empty 503"],
)
async def test_a_read_is_asked_again(trouble: Canned) -> None:
    """A moment's trouble does not cost a balance."""
    async with panel_server(trouble, BALANCE) as panel, adapter_for(panel.url) as adapter:
        assert (await adapter.balance()).currency == "USD"
        assert len(panel.sent) == 2


async def test_a_read_is_not_asked_for_ever(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """A provider that is down is left in peace after three tries, each of which is a line in the log and no more."""
    async with panel_server(Canned(raw=b"")) as panel, adapter_for(panel.url) as adapter:
        with pytest.raises(Garbled):
            await adapter.balance()
        assert len(panel.sent) == 3
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == ["alpha balance: Garbled"] * 3
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "trouble",
    [
        Canned(text=" " * (2**19 + 1)),
        Canned(status=301, body={}, headers={"Location": "https://elsewhere.example/"}),
        Canned(body={"error": "Invalid API key"}),
    ],
    ids=["too large", "sent elsewhere", "refused"],
)
async def test_a_read_whose_answer_would_be_the_same_is_asked_once(trouble: Canned) -> None:
    """Asking again helps only where the trouble may pass."""
    async with panel_server(trouble) as panel, adapter_for(panel.url) as adapter:
        with pytest.raises((Garbled, Refused)):
            await adapter.balance()
        assert len(panel.sent) == 1


@pytest.mark.parametrize("action", ["cancel", "refill"])
async def test_a_request_that_changes_something_is_sent_once(action: str) -> None:
    """A refill asked for twice could be two refills."""
    async with panel_server(Canned(raw=b"")) as panel, adapter_for(panel.url) as adapter:
        with pytest.raises(Unsure):
            await (adapter.cancel(["5"]) if action == "cancel" else adapter.refill("5"))
        assert panel.actions == [action]


async def test_the_owner_is_told_where_the_address_moved() -> None:
    """The new address stands in the error; it is never followed."""
    moved = Canned(status=301, body={}, headers={"Location": "https://new.example/api"})
    async with panel_server(moved) as panel:
        assert "change the URL to https://new.example/api" in (await add_to(panel.url)).text


def packed(content: bytes) -> Canned:
    """A reply that is compressed although nobody asked for that."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(content)}\r\n\r\n"
    return Canned(raw=head.encode() + content)


async def test_a_read_may_come_compressed() -> None:
    """Some servers compress whatever they are asked."""
    async with panel_server(packed(gzip.compress(b'{"balance": "5"}'))) as panel, adapter_for(panel.url) as adapter:
        assert str((await adapter.balance()).balance) == "5"


async def test_a_header_that_lies_about_compression_is_forgiven() -> None:
    """The bytes are then what they are."""
    async with panel_server(packed(b'{"balance": "5"}')) as panel, adapter_for(panel.url) as adapter:
        assert str((await adapter.balance()).balance) == "5"


FLOOD = gzip.compress(b" " * 2**24)
"""A hundred megabytes of blanks travel in a hundred kilobytes."""


async def test_a_small_reply_that_unpacks_to_a_flood_is_refused() -> None:
    async with panel_server(packed(FLOOD)) as panel, adapter_for(panel.url) as adapter:
        with pytest.raises(Garbled, match="unpacked"):
            await adapter.balance()


@pytest.mark.parametrize(
    "broken", [b"\x1f", gzip.compress(b'{"balance": "5"}' * 9)[:-30] + b"\xff" * 9], ids=["cut", "torn"]
)
async def test_a_compression_that_breaks_off_is_no_answer(broken: bytes) -> None:
    async with panel_server(packed(broken)) as panel, adapter_for(panel.url) as adapter:
        with pytest.raises(Garbled):
            await adapter.balance()


async def test_a_reply_that_says_how_large_it_is_is_not_even_begun() -> None:
    """Nothing of the body comes, and the answer is there at once."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n"
    async with panel_server(Canned(raw=head)) as panel, adapter_for(panel.url) as adapter:
        with pytest.raises(Garbled, match="more than 524288 bytes"):
            await adapter.balance()


async def test_a_silent_catalogue_never_holds_an_order_up() -> None:
    """A panel that takes one call at a time still gets an order while a read hangs."""
    async with panel_server(Canned(silent=True), ACCEPTED) as panel, adapter_for(panel.url, parallel=1) as adapter:
        reading = asyncio.create_task(adapter.services())
        await panel.asked.wait()
        assert (await adapter.add(ORDER)).order == "7"
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def test_a_proxy_from_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where orders go is said in providers.toml and nowhere else."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    async with panel_server(BALANCE) as panel, adapter_for(panel.url) as adapter:
        assert (await adapter.balance()).currency == "USD"


@pytest.mark.parametrize("body_format", ["form", "json", "multipart", "query"])
async def test_the_key_is_in_the_body_unless_the_owner_says_query(body_format: str) -> None:
    """Addresses end up in other people's logs."""
    status = Canned(body={"status": "Completed"})
    async with panel_server(status) as panel, adapter_for(panel.url, Dialect(body_format=body_format)) as adapter:
        answer = (await adapter.statuses(["5"]))["5"]
        assert not isinstance(answer, Refused)
        assert answer.phase is Phase.COMPLETED
    assert ("s3cret" in panel.sent[0].target) == (body_format == "query")
    assert (b"s3cret" in panel.sent[0].body) == (body_format != "query")


async def test_an_address_keeps_its_own_parameters() -> None:
    """Some panels tell their pages apart in the query string."""
    async with panel_server(BALANCE) as panel:
        async with adapter_for(panel.url + "?page=api", Dialect(body_format="query")) as adapter:
            await adapter.balance()
        assert "page=api&" in panel.sent[0].target


async def test_no_compression_is_asked_for_and_no_library_named() -> None:
    """Firewalls turn the names of HTTP libraries away."""
    async with panel_server(BALANCE) as panel, adapter_for(panel.url) as adapter:
        await adapter.balance()
        headers = panel.sent[0].headers
    assert headers["accept-encoding"] == "identity"
    assert headers["user-agent"].startswith("Mozilla/5.0")
    assert headers["accept"] == "application/json"
