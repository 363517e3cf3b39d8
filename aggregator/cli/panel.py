"""Commands that run and look after the panel: serve, demo, sandbox, check, migrate, sync."""

from __future__ import annotations

import asyncio
import os
import signal
from decimal import Decimal
from pathlib import Path

import rich_click as click

from aggregator.app import Panel, database
from aggregator.catalog.sync import SyncReport
from aggregator.cli.moved import moved
from aggregator.cli.root import Context, Failure, Row, command, root
from aggregator.demo import show
from aggregator.live import load_for_serving, publish, texts
from aggregator.serving import address, listen, make_server
from aggregator.serving import serve as run_server
from aggregator.settings import ConfigurationError, cross_check, load
from aggregator.storage import migrations
from providers.sandbox import Sandbox, load_catalogue


@command(root, "serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), help="[8000; a worker listens only where this is given]")
@click.option("--role", type=click.Choice(["all", "web", "worker"]), default="all", show_default=True)
async def serve(context: Context, host: str, port: int | None, role: str) -> None:
    """Run the panel: the API and the work behind it. Migrates the database first."""
    seen = texts(context.directory)
    settings, passed_over = await load_for_serving(context.directory)
    for fault in passed_over:
        click.echo(f"{fault}: kept the last good prices instead", err=True)
    for notice in settings.notices:
        click.echo(f"warning: {notice}", err=True)
    listener = None
    if role != "worker" or port is not None:
        try:
            listener = listen(host, 8000 if port is None else port)
        except OSError as error:
            message = f"cannot listen on {host}:{8000 if port is None else port}: {error.strerror}; try --port"
            raise Failure(message) from error
    where = f"{address(host, listener)}/api/v2" if listener else "no port"

    def ready() -> None:
        click.echo(f"{settings.panel.name} serves as {role} on {where}", err=True)

    await run_server(settings, passed_over, seen, listener=listener, role=role, ready=ready)


@command(root, "demo")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--once", is_flag=True, help="End after the show.")
async def demo(context: Context, port: int, once: bool) -> None:
    """Show the whole job on a scratch database with two sandbox providers, then keep serving."""
    await show(port=port, once=once, tell=lambda line: click.echo(line, err=context.as_json))
    if context.as_json:
        context.print({"demo": "ok"})


@command(root, "sandbox")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), required=True)
@click.option("--catalogue", type=click.Path(exists=True, dir_okay=False), help="A panel's reply to action=services.")
@click.option("--dialect", type=click.Choice(["classic", "json"]), default="classic", show_default=True)
@click.option("--key", default="sandbox", show_default=True)
@click.option("--balance", default="1000", show_default=True)
@click.option("--currency", default="USD", show_default=True)
@click.option("--speed", default=4.0, show_default=True, help="Seconds that an order takes; 0 = done when asked.")
async def sandbox(
    _: Context, host: str, port: int, catalogue: str | None, dialect: str, key: str, balance: str,
    currency: str, speed: float,
) -> None:  # fmt: skip
    """Serve an upstream panel to try against: its orders do what their link says."""
    try:
        rows = load_catalogue(Path(catalogue)) if catalogue else None
        application = Sandbox(
            key=key, dialect="json" if dialect == "json" else "classic", balance=Decimal(balance), currency=currency,
            catalogue=rows, speed=speed,
        )  # fmt: skip
        listener = listen(host, port)
    except (ValueError, ArithmeticError, OSError) as error:
        raise Failure(str(error) or f"not a balance: {balance}") from error
    server = make_server(application)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    click.echo(f"sandbox ({dialect}) on {address(host, listener)}/api/v2, key {key}", err=True)
    await server.serve(sockets=[listener])


@command(root, "check")
async def check(context: Context) -> None:
    """Read the configuration and show every fault as file:line: message."""
    try:
        settings = load(context.directory, os.environ)
        findings = cross_check(settings)
        faults, notices = list(findings.faults), [*settings.notices, *findings.notices, *await moved(settings)]
    except ConfigurationError as error:
        faults, notices = list(error.faults), []
    for line in (*faults, *(f"{notice} (warning)" for notice in notices)) if not context.as_json else ():
        click.echo(line)
    document = {"faults": [str(fault) for fault in faults], "warnings": [str(notice) for notice in notices]}
    if faults:
        message = f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}"
        raise Failure(message, document=document)
    context.print(document, text=f"{context.directory}: in order")


@command(root, "migrate")
async def migrate(context: Context) -> None:
    """Bring the database up to date."""
    settings = context.settings_of()
    async with database(settings):
        missing = await migrations.missing()
    context.print({"migrated": not missing}, text="the database is up to date")


@command(root, "sync")
@click.argument("provider", required=False)
async def sync(context: Context, provider: str | None) -> None:
    """Read the catalogue of one provider, or of all, now; show what changed."""
    settings = context.settings()
    names = [known.profile.name for known in settings.providers]
    if provider is not None and provider not in names:
        message = f"there is no provider {provider} in providers.toml"
        raise Failure(message)
    async with database(settings):
        await publish(settings)
        panel = Panel(settings)
        try:
            await panel.prepare()
            reports = [await panel.syncer.sync(name) for name in ([provider] if provider else names)]
        finally:
            await panel.stop()
    rows = [_report_row(report) for report in reports]
    if any(report.failed for report in reports):
        raise Failure("\n".join(_report_line(report) for report in reports), document={"providers": rows})
    context.print({"providers": rows}, text="\n".join(_report_line(r) for r in reports) or "no provider is configured")


def _report_row(report: SyncReport) -> Row:
    changes = [
        {"service": change.service, "kind": change.kind, "before": change.before, "now": change.now}
        for change in report.changes
    ]
    return {
        "provider": report.provider, "services": report.services, "held": report.held, "error": report.error,
        "changes": changes,
    }  # fmt: skip


def _report_line(report: SyncReport) -> str:
    if report.failed:
        return f"{report.provider}: kept the old catalogue: {report.held or report.error}"
    kinds = [change.kind for change in report.changes]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)) or "nothing changed"
    return f"{report.provider}: {report.services} services; {counted}"
