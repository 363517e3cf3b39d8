"""The whole job on a scratch database: two sandbox providers, a panel, a reseller, an order that falls short."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from aggregator.app import Panel
from aggregator.audit.run import audit
from aggregator.catalog.syncing.sync import SyncReport
from aggregator.config_watcher import publish
from aggregator.people import authentication
from aggregator.resellers import accounts
from aggregator.resellers.accounts import NewReseller
from aggregator.serving import listen, make_server
from aggregator.settings import load
from aggregator.storage.opening import database
from pricing.money import SCALE
from providers.sandbox import Sandbox
from providers.wire.http import httpx
from providers.wire.network import guarded

Tell = Callable[[str], None]
"""Takes a line of the story, numbered once."""
_LINE_ANEW = "\r\x1b[K"

PROVIDERS = """
[[provider]]
name = "alpha"
url = "{alpha}/api/v2"
key = "env:DEMO_KEY"
preset = "perfectpanel"
[[provider]]
name = "bravo"
url = "{bravo}/api/v2"
key = "env:DEMO_KEY"
preset = "mystic"
requests_per_second = 20
burst = 20
"""
SERVICES = """
[[service]]
id = 1
name = "Instagram Followers - Premium"
category = "Instagram"
offers = ["alpha:101", "bravo:9"]
"""
PANEL = """
[limits]
requests_per_second = 0
[pace]
poll_seconds = 0.5
confirm_seconds = 1
"""
MARKUP = """
[default]
percent = 25
"""


class DemoFailed(Exception):
    """The show did not end as it should."""


async def show(*, port: int, once: bool, tell: Tell) -> None:
    """Run the show; afterwards keep serving until interrupted, unless `once`."""
    with tempfile.TemporaryDirectory(prefix="aggregator-demo-") as folder:
        async with _provider("classic", 101, "2.00") as alpha, _provider("json", 9, 2.2) as bravo:
            tell("1. Two providers are up: alpha (classic, asks $2.00 per 1,000) and bravo (JSON, asks $2.20).")
            config = _write_config(Path(folder), alpha, bravo)
            settings = load(config, {**os.environ, "DEMO_KEY": "sandbox"})
            async with database(settings):
                await publish(settings)
                await _run_panel(Panel(settings), port, once, tell)


async def _run_panel(panel: Panel, port: int, once: bool, tell: Tell) -> None:
    await panel.prepare()
    reports = [await panel.syncer.sync(provider.profile.name) for provider in panel.upstreams]
    tell(f"2. Their catalogues are read: {' and '.join(map(_imported, reports))}.")
    await panel.prices.reload(panel.upstreams)
    new = await accounts.add("demo-reseller", currency="USD", funds=150 * SCALE)
    async with _serving(panel, port, tell) as url:
        tell(f"3. The panel serves {url}; demo-reseller has $150.00 and a key.")
        await _order(url, new.key, tell)
        await _prove(tell)
        if not once:
            await _keep_serving(url, new, tell)


def _imported(report: SyncReport) -> str:
    return f"{report.services} {'service' if report.services == 1 else 'services'} of {report.provider}"


async def _order(url: str, key: str, tell: Tell) -> None:
    carried = guarded(httpx.URL(url).host)
    async with httpx.AsyncClient(transport=carried, timeout=10, trust_env=False) as http:

        async def call(**fields: Any) -> Any:
            return (await http.post(url, json={"key": key, **fields})).json()

        service = (await call(action="services"))[0]
        tell(f"4. Service {service['service']}, {service['name']}: sold at ${service['rate']:.2f} per 1,000.")
        link = "https://instagram.com/username/partial/3000"
        placed = await call(action="add", service=1, link=link, quantity=10_000)
        tell(f"5. Order {placed['order']}: 10,000 units for $25.00; the wallet holds ${await _wallet(call)}.")
        status = await _follow(call, placed["order"], tell)
        back = Decimal(await _wallet(call)) - Decimal(125)
        tell(f"7. {status['status']}: {status['remains']} units were not delivered, ${back:.2f} came back.")
        if (status["status"], status["remains"], back) != ("PARTIAL", 3000, Decimal("7.5")):
            raise DemoFailed(f"the order ended as {status} with {back} paid back")


async def _wallet(call: Callable[..., Any]) -> str:
    return str((await call(action="balance"))["balance"])


async def _follow(call: Callable[..., Any], order: int, tell: Tell) -> dict[str, Any]:
    """One line, which changes in its place where somebody watches it, and is told at the end where nobody does."""
    told: list[str] = []
    async with asyncio.timeout(60):
        while True:
            status: dict[str, Any] = await call(action="status", order=order)
            if [now := f"{_in_words(status['status'])} ({status['remains']:,} remain)"] != told[-1:]:
                told.append(now)
                _show_in_place(f"6. {now}")
            if status["status"] in ("COMPLETED", "PARTIAL", "CANCELLED"):
                _show_in_place("")
                tell(f"6. {', '.join([*told[:1], *told[1:][-2:]])}.")
                return status
            await asyncio.sleep(0.25)


def _in_words(status: str) -> str:
    return status.replace("_", " ").capitalize()


def _show_in_place(line: str) -> None:
    if sys.stdout.isatty():
        sys.stdout.write(f"{_LINE_ANEW}{line}")
        sys.stdout.flush()


async def _prove(tell: Tell) -> None:
    findings = await audit()
    broken = [finding.promise for finding in findings if finding.broken]
    if broken:
        raise DemoFailed(f"the audit is red: {', '.join(broken)}")
    tell(f"8. The audit is green: {len(findings)} promises about money and orders hold.")


async def _keep_serving(url: str, new: NewReseller, tell: Tell) -> None:
    key, password = new.key, authentication.make_password()
    await authentication.add_owner("demo-owner", password)
    invite = await authentication.invite(reseller=new.reseller.id, author="demo")
    await authentication.sign_up("demo-reseller", password, invite=invite, policy="closed", currency="USD")
    head = f"curl -s {url} -H 'Content-Type: application/json' -d "
    tell("\nStill serving; try it (Ctrl+C ends it):\n")
    tell(f"""{head}'{{"key": "{key}", "action": "balance"}}'""")
    link = "https://instagram.com/username"
    add = f'{{"key": "{key}", "action": "add", "service": 1, "link": "{link}", "quantity": 1000}}'
    tell(f"{head}'{add}'")
    tell(f"""{head}'{{"key": "{key}", "action": "status", "order": 1}}'""")
    tell(f"\nIn a browser: {url.removesuffix('/api/v2')}/sign-in as demo-owner or demo-reseller, password {password}")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


@asynccontextmanager
async def _provider(dialect: str, service: int, rate: str | float) -> AsyncIterator[str]:  # as a panel publishes it
    """A sandbox with one service, under its address."""
    row = {
        "service": service,
        "name": "Instagram Followers",
        "type": "Default",
        "category": "Instagram",
        "rate": rate,
        "min": 100,
        "max": 100_000,
        "refill": True,
        "cancel": False,
        "dripfeed": False,
    }
    sandbox = Sandbox(dialect="json" if dialect == "json" else "classic", catalogue=[row])
    async with _http(sandbox, 0) as url:
        yield url


@asynccontextmanager
async def _serving(panel: Panel, port: int, tell: Tell) -> AsyncIterator[str]:
    await panel.jobs.start()
    try:
        async with _http(panel.asgi(with_api=True), port, tell) as url:
            yield f"{url}/api/v2"
    finally:
        await panel.stop()


@asynccontextmanager
async def _http(application: Any, port: int, tell: Tell = print) -> AsyncIterator[str]:
    try:
        listener = listen("127.0.0.1", port)
    except OSError:
        tell(f"   Port {port} is taken: another one is used.")
        listener = listen("127.0.0.1", 0)
    server = make_server(application)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


def _write_config(folder: Path, alpha: str, bravo: str) -> Path:
    config = folder / "config"
    config.mkdir()
    files = {
        "aggregator.toml": PANEL,
        "markup.toml": MARKUP,
        "services.toml": SERVICES,
        "providers.toml": PROVIDERS.format(alpha=alpha, bravo=bravo),
    }
    for name, text in files.items():
        (config / name).write_text(text)
    return config
