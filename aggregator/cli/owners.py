"""Commands about owners: who may open the console."""

from __future__ import annotations

import rich_click as click

from aggregator.cli.consent import interruptible
from aggregator.cli.root import Context, command, root, when
from aggregator.people import authentication, store
from aggregator.storage.opening import database


@root.group("owners")
def owners() -> None:
    """Who may open the console: take in, list, let in again."""


def _password(*, ask: bool) -> str:
    if not ask:
        return authentication.make_password()
    with interruptible():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@command(owners, "add")
@click.argument("name")
@click.option("--ask", is_flag=True, help="Type the password, in place of a made one.")
async def add(context: Context, name: str, ask: bool) -> None:
    """Let an owner sign in to the console; the password is printed, this once."""
    password = _password(ask=ask)
    settings = context.settings_of()
    async with database(settings):
        await authentication.add_owner(name, password)
    _tell(context, name.strip().lower(), password, settings.panel.public_url, ask=ask)


@command(owners, "reset")
@click.argument("name")
@click.option("--ask", is_flag=True, help="Type the password, in place of a made one.")
async def reset(context: Context, name: str, ask: bool) -> None:
    """A new password for whoever is locked out, owner or reseller; codes are asked for no longer."""
    password = _password(ask=ask)
    settings = context.settings_of()
    async with database(settings):
        await authentication.reset(name, password)
    _tell(context, name.strip().lower(), password, settings.panel.public_url, ask=ask)


def _tell(context: Context, name: str, password: str, url: str, *, ask: bool) -> None:
    told = {"name": name, "url": f"{url}/sign-in", **({} if ask else {"password": password})}
    shown = "" if ask else f"\npassword, shown this once: {password}"
    context.print(told, text=f"{name} can sign in at {url}/sign-in{shown}")


@command(owners, "list")
@click.option("--limit", type=click.IntRange(1))
async def list_(context: Context, limit: int | None) -> None:
    """Show every owner."""
    async with database(context.settings_of()):
        found = await store.owners()
    rows = [
        {
            "name": each.name,
            "codes": each.totp,
            "created": when(each.created_at),
            "signed_in": when(each.signed_in_at),
        }
        for each in found
    ][:limit]
    empty = "no owners yet: aggregator owners add NAME"
    context.print_rows(rows, columns=["name", "codes", "created", "signed_in"], empty=empty)
