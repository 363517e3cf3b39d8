"""Commands about the keys of resellers."""

from __future__ import annotations

from typing import Any

import rich_click as click

from aggregator.cli.resellers import REASON, SPELLINGS
from aggregator.cli.root import Context, Failure, Row, actor, command, root, when
from aggregator.resellers import accounts, store
from aggregator.resellers.addresses import read_addresses
from aggregator.resellers.model import KeyRules, shown_part
from aggregator.storage.opening import database
from pricing.money import parse_units


@root.group("keys")
def keys() -> None:
    """What resellers prove themselves with."""


@command(keys, "add")
@click.argument("name")
@click.option("--spelling", type=SPELLINGS)
@click.option("--rate", help="Requests a second for this key; 0 = no limit.")
@click.option("--read-only", is_flag=True, help="May look, not order.")
@click.option("--same-link", type=click.Choice(["allow", "queue", "refuse"]), default="allow", show_default=True)
@click.option("--duplicate-seconds", type=click.IntRange(0, 86_400), default=0, help="Repeats so soon are one order.")
@click.option("--label", default="", help="What it is for.")
@click.option("--addresses", default="", help="Only from these addresses and networks; blanks between them.")
@REASON
async def add_key(
    context: Context,
    name: str,
    spelling: str | None,
    rate: str | None,
    read_only: bool,
    same_link: str,
    duplicate_seconds: int,
    label: str,
    addresses: str,
    reason: str,
) -> None:
    """Give a reseller another key, shown this once."""
    rules = KeyRules(
        spelling=spelling,
        requests_per_second=None if rate is None else _read_rate(rate),
        read_only=read_only,
        same_link=same_link,
        duplicate_seconds=duplicate_seconds,
        label=label,
        addresses=_read_addresses(addresses),
    )
    async with database(context.settings_of()):
        key = await accounts.add_key(name, rules, actor=actor(), reason=reason)
    context.print({"reseller": name, "key": key}, text=f"API key of {name}, shown this once: {key}")


def _read_addresses(text: str) -> str:
    try:
        return read_addresses(text)
    except ValueError as error:
        raise Failure(f"--addresses: {error}") from error


def _read_rate(text: str) -> str:
    try:
        number = parse_units(text)
    except ValueError:
        number = -1
    if number < 0:
        raise Failure(f"--rate must be a number of requests a second, not {text!r}")
    return text


@command(keys, "set")
@click.argument("prefix")
@click.option("--spelling", type=SPELLINGS)
@click.option("--rate", help='Requests a second for this key; 0 = no limit, "" = the panel\'s.')
@click.option("--read-only", type=click.Choice(["yes", "no"]))
@click.option("--same-link", type=click.Choice(["allow", "queue", "refuse"]))
@click.option("--duplicate-seconds", type=click.IntRange(0, 86_400))
@click.option("--label")
@click.option("--addresses", help='Only from these addresses and networks; "" = from anywhere.')
@REASON
async def set_key(context: Context, prefix: str, reason: str, **given: Any) -> None:
    """Change what a key says for itself; PREFIX is what `keys list` shows of it, and what is not named stays."""
    rate = given.pop("rate")
    changes = {name: value for name, value in given.items() if value is not None}
    if "read_only" in changes:
        changes["read_only"] = changes["read_only"] == "yes"
    if "addresses" in changes:
        changes["addresses"] = _read_addresses(changes["addresses"])
    if rate is not None:
        changes["requests_per_second"] = _read_rate(rate) if rate else None
    async with database(context.settings_of()):
        rules = await accounts.change_key(shown_part(prefix), changes, actor=actor(), reason=reason)
    context.print({"prefix": shown_part(prefix), **_rules_row(rules)})


def _rules_row(rules: KeyRules) -> Row:
    return {
        "label": rules.label,
        "addresses": rules.addresses,
        "spelling": rules.spelling,
        "rate": rules.requests_per_second,
        "read_only": rules.read_only,
        "same_link": rules.same_link,
        "duplicate_seconds": rules.duplicate_seconds,
    }


@command(keys, "revoke")
@click.argument("prefix")
@REASON
async def revoke(context: Context, prefix: str, reason: str) -> None:
    """Make a key useless at once; PREFIX is what `keys list` shows of it."""
    async with database(context.settings_of()):
        await accounts.revoke_key(shown_part(prefix), actor=actor(), reason=reason)
    context.print({"revoked": shown_part(prefix)}, text=f"{shown_part(prefix)} is revoked")


@command(keys, "list")
@click.argument("name")
@click.option("--limit", type=click.IntRange(1))
async def list_keys(context: Context, name: str, limit: int | None) -> None:
    """Show a reseller's keys by what they begin with."""
    async with database(context.settings_of()):
        found = await store.keys_of((await accounts.named(name)).id)
    rows = [
        {
            "prefix": key.prefix,
            **_rules_row(key.rules),
            "created": when(key.created_at),
            "revoked": when(key.revoked_at),
        }
        for key in found
    ][:limit]
    context.print_rows(
        rows, columns=["prefix", "label", "spelling", "rate", "read_only", "created", "revoked"], empty="no keys"
    )
