"""The command that reads catalogues now, and tells what came of each as it comes."""

from __future__ import annotations

import asyncio
import time

import rich_click as click
from msgspec.structs import replace

from aggregator import logs
from aggregator.catalog.syncing.sync import Syncer, SyncReport
from aggregator.catalog.syncing.sync_report import tell_sync
from aggregator.cli.opened import opened
from aggregator.cli.root import Context, Failure, Row, command, root
from aggregator.storage.opening import database
from providers.errors import Code

_AGAIN_SECONDS = 0.5


@command(root, "sync")
@click.argument("provider", required=False)
@click.option("--wait", type=click.IntRange(0), default=0, metavar="SECONDS", help="For providers that still start.")
async def sync(context: Context, provider: str | None, wait: int) -> None:
    """Read the catalogue of one provider, or of all, now; show what changed."""
    settings = context.settings()
    names = [known.profile.name for known in settings.providers]
    if provider is not None and provider not in names:
        raise Failure(f"there is no provider {provider} in providers.toml")
    reports = []
    async with database(settings), opened(settings) as panel:
        with logs.without_providers():
            for name in [provider] if provider else names:
                click.echo(f"{name}: reading its catalogue ...", err=True)
                reports.append(await _sync(panel.syncer, name, wait))
                _tell(context, reports[-1])
    document = {"providers": [_report_row(report) for report in reports]}
    if any(report.failed for report in reports):
        raise Failure(_failures(reports) if context.as_json else "", document=document)
    context.print(document, text="" if reports else "no provider is configured: aggregator init asks for one")


async def _sync(syncer: Syncer, name: str, wait: int) -> SyncReport:
    """Again while nobody answers, for so many seconds."""
    end = time.monotonic() + wait
    while (report := await syncer.sync(name)).code is Code.TRANSPORT and time.monotonic() < end:  # noqa: ASYNC110
        await asyncio.sleep(_AGAIN_SECONDS)
    return replace(report, balance_unread=not await _is_balance_read(syncer, report, end))


async def _is_balance_read(syncer: Syncer, report: SyncReport, end: float) -> bool:
    """Whoever is not quite there yet may have told its catalogue, and not the balance that names its currency."""
    read = not report.balance_unread
    while not read and time.monotonic() < end:
        await asyncio.sleep(_AGAIN_SECONDS)
        read = await syncer.read_balance(report.provider)
    return read


def _tell(context: Context, report: SyncReport) -> None:
    """As soon as it is known: catalogues of thousands take their time."""
    if not context.as_json:
        click.echo(_line(report), err=report.failed)


def _line(report: SyncReport) -> str:
    more = f" (aggregator providers test {report.provider} tells more)" if report.code else ""
    return f"{report.provider}: {tell_sync(report)}{more}"


def _failures(reports: list[SyncReport]) -> str:
    return "\n".join(_line(report) for report in reports if report.failed)


def _report_row(report: SyncReport) -> Row:
    changes = [
        {"service": change.service, "kind": change.kind, "before": change.before, "now": change.now}
        for change in report.changes
    ]
    return {
        "provider": report.provider,
        "services": report.services,
        "unsold": report.unsold,
        "held": report.held,
        "error": report.error,
        "changes": changes,
        "type_words": report.type_words,
        "ranged_packages": report.ranged_packages,
    }
