"""Our panel over upstreams that a test speaks for; nothing leaves and nobody is asked until the test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from aggregator.app import Panel
from aggregator.audit.run import audit
from aggregator.orders import store
from aggregator.orders.model import Order
from aggregator.resellers import accounts
from aggregator.resellers.model import KeyRules
from aggregator.storage import clock, tables
from pricing.money import parse_units
from providers.vocabulary import ServiceType
from tests.api.served import Client
from tests.builders import order_now
from tests.catalog.panels import opened, settings_of
from tests.interop.upstream import FIRST_SERVICE, KINDS, Upstream
from tests.providers.sandbox_server import serving

BRAVOS = 100
"""Added to an id: the same service, bought from bravo alone."""
ANYBODYS = 200
"""Added to an id: the same service, bought from whoever is cheapest."""
FREE_PACE = "requests_per_second = 1000\nburst = 1000\n"
AT_ONCE = "[limits]\nrequests_per_second = 0\nfailed_keys_per_minute = 0\n[pace]\nconfirm_seconds = 0\n"


def service(kind: ServiceType, *, of: int = 0) -> int:
    """Our id of the service of this type."""
    return KINDS.index(kind) + 1 + of


FOLLOWERS = service(ServiceType.DEFAULT)


class Market:
    """A panel, its upstreams, and its owner's hand on the clockwork."""

    def __init__(
        self, panel: Panel, upstreams: Mapping[str, Upstream], http: httpx.AsyncClient, providers: Sequence[str] = ()
    ) -> None:
        """`providers` names those that are no upstreams of the test's own."""
        self.panel = panel
        self.upstreams = upstreams
        self.http = http
        self._names = [*upstreams, *providers]

    @property
    def alpha(self) -> Upstream:
        return self.upstreams["alpha"]

    @property
    def bravo(self) -> Upstream:
        return self.upstreams["bravo"]

    async def reseller(self, name: str = "ann", funds: str = "1000", *, spelling: str = "auto") -> Client:
        """Somebody with a key and money."""
        new = await accounts.add(name, currency="USD", funds=parse_units(funds), spelling=spelling)
        return Client(self.http, new.key)

    async def another_key(self, name: str, **rules: Any) -> Client:
        """The same reseller under a key with rules of its own."""
        return Client(self.http, await accounts.add_key(name, KeyRules(**rules)))

    async def send_out(self) -> None:
        """Let all that waits leave for its provider, as if every pause were over."""
        await store.make_due_now()
        while await self.panel.dispatcher.run_once():
            await self.panel.dispatcher.idle()

    async def ask(self, *orders: int, **says: Any) -> None:
        """Ask their providers about these orders, as if they were due; `says` is what all providers say by then."""
        for upstream in self.upstreams.values():
            upstream.says = says or upstream.says
        attempt = tables.Attempt
        followed = attempt.order_id.is_in(list(orders)) & attempt.upstream_order.is_not_null()
        await attempt.update({attempt.poll_at: clock.now()}).where(followed)
        for name in self._names:
            await self.panel.poller.run_once(name)

    async def refill(self) -> None:
        """Send the refills that wait, and ask about those that were taken."""
        refill = tables.Refill
        await refill.update({refill.due_at: clock.now()}).where(refill.due_at.is_not_null())
        for name in self._names:
            await self.panel.refiller.run_once(name)

    async def buy(self, client: Client, kind: ServiceType = ServiceType.DEFAULT, **fields: Any) -> int:
        """Place an order and let it leave; its id."""
        wanted = {"service": service(kind), "link": "https://x.example/u", "quantity": 1000, **fields}
        reply = (await client.form("add", **wanted)).json()
        assert reply.keys() == {"order"}, reply
        await self.send_out()
        return int(reply["order"])

    async def order(self, order: int) -> Order:
        return await order_now(order)


async def status(client: Client, order: int) -> Any:
    """What a classic client is told of an order."""
    return (await client.form("status", order=order)).json()


async def wallet(client: Client) -> Decimal:
    return Decimal((await client.form("balance")).json()["balance"])


async def assert_audit_is_green() -> None:
    assert [(finding.promise, finding.rows) for finding in await audit() if finding.broken] == []


@asynccontextmanager
async def market(
    folder: Path,
    database_url: str,
    *,
    presets: Mapping[str, str] | None = None,
    lines: str = "",
    aggregator: str = AT_ONCE,
    upstreams: Mapping[str, Upstream] | None = None,
) -> AsyncIterator[Market]:
    """A panel that sells every type: from alpha, from bravo, and from whoever is cheaper, which is alpha.

    `presets` by the names of the providers, `lines` for each of them in providers.toml. The books are proven at the
    end.
    """
    selling = upstreams or {"alpha": Upstream(), "bravo": Upstream(rate="2.20")}
    async with AsyncExitStack() as stack:
        urls = {name: await stack.enter_async_context(serving(one)) for name, one in selling.items()}
        config = _write_config(folder, urls, presets or {}, lines, aggregator)
        panel = await stack.enter_async_context(opened(settings_of(config, database_url)))
        for name in selling:
            await panel.syncer.sync(name)
            await panel.syncer.read_balance(name)
        await panel.look()
        url = await stack.enter_async_context(serving(panel.asgi(with_api=True)))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20, trust_env=False))
        yield Market(panel, selling, http)
        await assert_audit_is_green()


def _write_config(folder: Path, urls: Mapping[str, str], presets: Mapping[str, str], lines: str, panel: str) -> Path:
    config = folder / "config"
    config.mkdir()
    listed = "".join(
        f'[[provider]]\nname = "{name}"\nurl = "{url}/api/v2"\nkey = "env:SANDBOX_KEY"\n'
        f'preset = "{presets.get(name, "perfectpanel")}"\n{FREE_PACE}{lines}\n'
        for name, url in urls.items()
    )
    names = list(urls)
    sold = "".join(
        _entry(number + 1 + shift, kind, [f"{name}:{FIRST_SERVICE + number}" for name in offering])
        for number, kind in enumerate(KINDS)
        for shift, offering in ((0, names[:1]), (BRAVOS, names[1:]), (ANYBODYS, names))
        if offering
    )
    for file, text in {"aggregator": panel, "providers": listed, "services": f"import_rest = false\n{sold}"}.items():
        (config / f"{file}.toml").write_text(text)
    return config


def _entry(number: int, kind: ServiceType, offers: list[str]) -> str:
    listed = ", ".join(f'"{offer}"' for offer in offers)
    return f'[[service]]\nid = {number}\nname = "{kind} of ours"\ncategory = "Ours"\noffers = [{listed}]\n'
