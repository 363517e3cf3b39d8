"""Owners and invitations from the command line: what is printed once opens the pages."""

from __future__ import annotations

from aggregator.app import Panel
from aggregator.people import authentication, store
from aggregator.people.model import Role
from tests.cli.desk import Desk


def test_an_owner_is_taken_in_and_let_in_again(idle: Desk) -> None:
    """Each password is printed once and opens the door; a name is given once."""
    first = idle.ask("owners", "add", "Boss")
    assert first == {"name": "boss", "url": "http://127.0.0.1:8000/sign-in", "password": first["password"]}
    assert "is taken" in idle.ask("owners", "add", "boss", code=1)["error"]
    assert "3 to 64" in idle.ask("owners", "add", "no way", code=1)["error"]
    second = idle.ask("owners", "reset", "boss")
    assert second["password"] != first["password"]
    assert "nobody is called eve" in idle.ask("owners", "reset", "eve", code=1)["error"]
    listed = idle.ask("owners", "list")
    assert [(row["name"], row["codes"], row["signed_in"]) for row in listed] == [("boss", False, None)]

    async def sign_in(_: Panel) -> None:
        await authentication.sign_in("boss", second["password"], instead_of="")
        known = await store.find("boss")
        assert known is not None
        assert known.person.role is Role.OWNER

    idle.live(sign_in)
    assert idle.ask("owners", "list")[0]["signed_in"] is not None


def test_a_reseller_is_invited_by_a_link(idle: Desk) -> None:
    """A new one only where the doors stand open for that."""
    idle.ask("resellers", "add", "shop")
    token = idle.ask("resellers", "invite", "shop")["url"].removeprefix("http://127.0.0.1:8000/sign-up?invite=")
    assert "sign_up" in idle.ask("resellers", "invite", code=1)["error"]
    assert "there is no reseller" in idle.ask("resellers", "invite", "nobody", code=1)["error"]

    async def join(_: Panel) -> None:
        assert await authentication.is_welcome(token, policy="closed")
        await authentication.sign_up("anna", "seven quiet rivers", invite=token, policy="closed", currency="USD")

    idle.live(join)
    idle.write("aggregator.toml", '[panel]\nsign_up = "invite"\n')
    assert idle.ask("resellers", "invite")["reseller"] is None
