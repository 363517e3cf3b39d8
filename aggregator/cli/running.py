"""Commands that serve: the panel itself, the demo, and a sandbox to try against."""

from __future__ import annotations

import asyncio
import signal
from decimal import Decimal
from pathlib import Path

import rich_click as click

from aggregator.cli.root import Context, Failure, command, root
from aggregator.config_watcher import load_for_serving, texts
from aggregator.demo import show
from aggregator.serving import address, listen, make_server
from aggregator.serving import serve as run_server
from providers.sandbox import Sandbox, load_catalogue


@command(root, "serve", serves=True)
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
            raise Failure(
                f"cannot listen on {host}:{8000 if port is None else port}: {error.strerror}; try --port"
            ) from error
    where = f"{address(host, listener)}/api/v2" if listener else "no port"

    def ready() -> None:
        click.echo(f"{settings.panel.name} serves as {role} on {where}", err=True)

    await run_server(settings, passed_over, seen, listener=listener, role=role, ready=ready)


@command(root, "demo", serves=True, quiet=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--once", is_flag=True, help="End after the show.")
async def demo(context: Context, port: int, once: bool) -> None:
    """Show the whole job on a scratch database with two sandbox providers, then keep serving."""
    await show(port=port, once=once, tell=lambda line: click.echo(line, err=context.as_json))
    if context.as_json:
        context.print({"demo": "ok"})


@command(root, "sandbox", serves=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), required=True)
@click.option("--catalogue", type=click.Path(exists=True, dir_okay=False), help="A panel's reply to action=services.")
@click.option("--dialect", type=click.Choice(["classic", "json"]), default="classic", show_default=True)
@click.option("--key", default="sandbox", show_default=True)
@click.option("--balance", default="1000", show_default=True)
@click.option("--currency", default="USD", show_default=True)
@click.option("--speed", default=4.0, show_default=True, help="Seconds that an order takes; 0 = done when asked.")
async def sandbox(
    _: Context,
    host: str,
    port: int,
    catalogue: str | None,
    dialect: str,
    key: str,
    balance: str,
    currency: str,
    speed: float,
) -> None:
    """Serve an upstream panel to try against: its orders do what their link says."""
    try:
        rows = load_catalogue(Path(catalogue)) if catalogue else None
        application = Sandbox(
            key=key,
            dialect="json" if dialect == "json" else "classic",
            balance=Decimal(balance),
            currency=currency,
            catalogue=rows,
            speed=speed,
        )
        listener = listen(host, port)
    except (ValueError, ArithmeticError, OSError) as error:
        raise Failure(str(error) or f"not a balance: {balance}") from error
    server = make_server(application)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    click.echo(f"sandbox ({dialect}) on {address(host, listener)}/api/v2, key {key}", err=True)
    await server.serve(sockets=[listener])
