"""Commands about resellers and their keys."""

from __future__ import annotations

import rich_click as click

from aggregator.cli.root import Context, Failure, Row, actor, command, root, when
from aggregator.ledger import book
from aggregator.ledger.book import Kept, PostedEntry
from aggregator.people import authentication
from aggregator.resellers import accounts, store
from aggregator.storage.opening import database
from pricing.money import parse_units, print_units

SPELLINGS = click.Choice(["auto", "classic", "json"])


REASON = click.option("--reason", default="", help="Why, for the record.")


@root.group("resellers")
def resellers() -> None:
    """Who buys: take in, fund, correct, freeze."""


def _units(text: str, what: str) -> int:
    try:
        return parse_units(text)
    except ValueError as error:
        raise Failure(f"{what} must be a plain number with at most 8 decimals, not {text!r}") from error


@command(resellers, "add")
@click.argument("name")
@click.option("--funds", default="0", help="A first deposit by hand.")
@click.option("--tier", default="", help="What markup rules may match.")
@click.option("--spelling", type=SPELLINGS, default="auto", show_default=True)
@REASON
async def add(context: Context, name: str, funds: str, tier: str, spelling: str, reason: str) -> None:
    """Take a reseller in and print its API key, this once."""
    settings = context.settings_of()
    amount = _units(funds, "--funds")
    if amount < 0 or not name.strip():
        raise Failure("a reseller needs a name, and --funds cannot be below 0")
    async with database(settings):
        new = await accounts.add(
            name,
            currency=settings.panel.currency,
            funds=amount,
            tier=tier,
            spelling=spelling,
            actor=actor(),
            reason=reason,
        )
    balance = print_units(new.balance, 2)
    text = f"reseller {name}, balance {balance} {settings.panel.currency}\nAPI key, shown this once: {new.key}"
    context.print({"reseller": name, "key": new.key, "balance": balance}, text=text)


@command(resellers, "fund", signed=True)
@click.argument("name")
@click.argument("amount")
@click.option("--note", default="")
@click.option("--reference", help="A deposit with a reference is taken once.")
async def fund(context: Context, name: str, amount: str, note: str, reference: str | None) -> None:
    """Deposit by hand."""
    async with database(context.settings_of()):
        balance, moved = await accounts.fund(
            name, _units(amount, "AMOUNT"), reference=reference, note=note, actor=actor()
        )
    document = {"reseller": name, "balance": print_units(balance, 2), "deposited": moved}
    done = "deposited" if moved else f"the deposit {reference} was taken before; nothing moved"
    context.print(document, text=f"{done}; balance {document['balance']}")


@command(resellers, "adjust", signed=True)
@click.argument("name")
@click.argument("amount")
@click.option("--note", required=True, help="Why.")
async def adjust(context: Context, name: str, amount: str, note: str) -> None:
    """Correct a wallet by hand: +X or -X, never below zero."""
    async with database(context.settings_of()):
        balance = await accounts.adjust(name, _units(amount.removeprefix("+"), "AMOUNT"), note=note, actor=actor())
    document = {"reseller": name, "balance": print_units(balance, 2)}
    context.print(document, text=f"adjusted; balance {document['balance']}")


@command(resellers, "square")
@click.argument("name")
@click.option("--keep", type=click.Choice(["wallet", "entries"]), required=True, help="Which of the two is right.")
@click.option("--note", required=True, help="Why.")
async def square(context: Context, name: str, keep: Kept, note: str) -> None:
    """Make a wallet and its entries say the same again, where an audit found that somebody changed one of them."""
    async with database(context.settings()):
        balance = await accounts.square(name, keep=keep, note=note, actor=actor())
    document = {"reseller": name, "balance": print_units(balance, 2)}
    context.print(document, text=f"squared; balance {document['balance']}")


@command(resellers, "set")
@click.argument("name")
@click.option("--tier")
@click.option("--spelling", type=SPELLINGS)
@click.option("--frozen", type=click.Choice(["yes", "no"]))
async def set_(context: Context, name: str, tier: str | None, spelling: str | None, frozen: str | None) -> None:
    """Change the tier, the spelling of replies, or freeze an account."""
    async with database(context.settings_of()):
        changed = await accounts.change(
            name, tier=tier, spelling=spelling, frozen=None if frozen is None else frozen == "yes", actor=actor()
        )
    context.print(
        {"reseller": changed.name, "tier": changed.tier, "spelling": changed.spelling, "frozen": changed.frozen}
    )


@command(resellers, "list")
@click.option("--limit", type=click.IntRange(1))
async def list_(context: Context, limit: int | None) -> None:
    """Show every reseller with its balance."""
    async with database(context.settings_of()):
        found = await store.all_with_balances()
    rows = [
        {
            "reseller": one.name,
            "balance": print_units(balance, 2),
            "tier": one.tier,
            "spelling": one.spelling,
            "frozen": one.frozen,
        }
        for one, balance in found
    ][:limit]
    context.print_rows(rows, columns=["reseller", "balance", "tier", "spelling", "frozen"], empty="no resellers yet")


@command(resellers, "statement")
@click.argument("name")
@click.option("--limit", type=click.IntRange(1))
async def statement(context: Context, name: str, limit: int | None) -> None:
    """Show every movement of a wallet, the newest first."""
    async with database(context.settings_of()):
        reseller = await accounts.named(name)
        entries = await book.statement(reseller.id, limit=limit)
    rows = [_entry_row(entry) for entry in entries]
    columns = ["at", "amount", "balance", "reference", "note"]
    context.print_rows(rows, columns=columns, empty="no movement yet")


def _entry_row(entry: PostedEntry) -> Row:
    return {
        "id": entry.id,
        "at": when(entry.at),
        "amount": print_units(entry.change, 2),
        "balance": print_units(entry.balance or 0, 2),
        "from": entry.source,
        "to": entry.target,
        "reference": entry.reference,
        "order": entry.order_id,
        "note": entry.note,
    }


@command(resellers, "invite")
@click.argument("name", required=False)
@REASON
async def invite(context: Context, name: str | None, reason: str) -> None:
    """Make a link that opens the pages to a reseller, once and within a week; without NAME, to a new one."""
    settings = context.settings_of()
    if name is None and settings.panel.sign_up == "closed":
        raise Failure('new resellers are not taken in: write sign_up = "invite" in [panel] of aggregator.toml')
    async with database(settings):
        reseller = None if name is None else (await accounts.named(name)).id
        token = await authentication.invite(reseller=reseller, author=actor(), reason=reason)
    url = f"{settings.panel.public_url}/sign-up?invite={token}"
    context.print(
        {"reseller": name, "url": url}, text=f"for {name or 'a new reseller'}, good once and for a week: {url}"
    )
