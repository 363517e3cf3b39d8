"""The command that proves the books."""

from __future__ import annotations

import msgspec
import rich_click as click

from aggregator.app import database
from aggregator.audit.run import audit as run_audit
from aggregator.cli.root import Context, Failure, command, root


@command(root, "audit")
async def audit(context: Context) -> None:
    """Prove every promise about money and orders over the whole database; exit 1 where one is broken."""
    async with database(context.settings()):
        findings = await run_audit()
    broken = [finding for finding in findings if finding.broken]
    document = {"green": not broken, "promises": [msgspec.to_builtins(finding) for finding in findings]}
    if not context.as_json:
        for finding in findings:
            click.echo(f"{'RED  ' if finding.broken else 'green'}  {finding.promise}: {finding.sentence}")
            for row in finding.rows:
                click.echo(f"       {row}")
    if broken:
        message = f"{len(broken)} of {len(findings)} promises are broken"
        raise Failure(message, document=document)
    context.print(document, text=f"{len(findings)} promises hold")
