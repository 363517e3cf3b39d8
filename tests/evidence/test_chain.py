"""A panel of ours that buys from another of ours, over a line on which answers get lost: nothing stays unsure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from anyio.from_thread import start_blocking_portal

from tests.flows.panels import Panel
from tests.flows.processes import wait_until
from tests.flows.sandboxes import Provider, provider
from tests.providers.sandbox_server import serving

FAR = """
[[provider]]
name = "far"
url = "{url}/api/v2"
key = "{key}"
preset = "aggregator"
requests_per_second = 1000
burst = 1000
"""
LOST = {2, 3, 5, 6}
"""Which adds come to nothing that the sender hears of."""


class BadLine:
    """Passes calls on, and in place of some answers to adds gives a page; of every other one even the add is lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.adds: list[str] = []
        """The reference of each add that came by."""

    async def __call__(self, _: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        code, content = await self._pass_on(body)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": code, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _pass_on(self, body: bytes) -> tuple[int, bytes]:
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if asked["action"] == "add":
            self.adds.append(asked["request_id"])
        lost = asked["action"] == "add" and len(self.adds) in LOST
        if lost and len(self.adds) % 2:
            return 502, b"<html><title>Bad gateway</title></html>"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
            reply = await http.post(self._url, content=body, headers=headers)
        return (502, b"<html><title>Bad gateway</title></html>") if lost else (reply.status_code, reply.content)


@contextmanager
def bad_line(url: str) -> Iterator[tuple[BadLine, str]]:
    """The line, and its near end."""
    line = BadLine(url)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving(line)) as near_end:
        yield line, near_end


def test_a_repeat_by_reference_finds_or_places_every_lost_order_once(tmp_path: Path) -> None:
    """Whether the order or only its answer was lost: at the end each was bought once, and both books are in order."""
    near, far = (Panel(tmp_path / name, f"sqlite:///{tmp_path / name}.sqlite") for name in ("near", "far"))
    with provider() as alpha, far, near:
        far.buy_from({"alpha": alpha})
        far.serve()
        account = far.reseller("near", funds=1000)
        with bad_line(far.url) as (line, url):
            near.write("providers.toml", FAR.format(url=url, key=account.key))
            near.write("services.toml", 'import_rest = false\n[[service]]\nid = 1\noffers = ["far:1"]\n')
            near.set_pace(unsure_in_flight=99, add_timeout_seconds=1)
            near.must("sync")
            near.serve()
            ann = near.reseller(funds=1000)

            orders = [ann.add() for _ in range(8)]

            wait_until(lambda: {near.state(order) for order in orders}, lambda states: states == {"completed"})
            near.served[-1].terminate()
        assert near.must("orders", "unsure") == []
        assert len(set(line.adds)) == len(orders) < len(line.adds)
        assert len(_bought(alpha)) == len(orders)


def _bought(alpha: Provider) -> set[str]:
    taken = [add["link"] for add in alpha.taken]
    assert len(taken) == len(set(taken))
    return set(taken)
