"""Whose form it is, by what a browser says of the page that sent it."""

from __future__ import annotations

import pytest

from aggregator.web.cookies import Cookies, form_token
from tests.web.kit import Web


@pytest.mark.parametrize(
    ("origin", "ours"),
    [
        ("https://panel.example", True),
        ("https://PANEL.example:443", True),
        ("http://panel.example", False),
        ("https://panel.example:8443", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
        ("https://panel.example.evil.example", False),
        ("https://panel.example:port", False),
        (None, True),
    ],
)
def test_an_origin_is_our_public_address_or_a_strangers(origin: str | None, ours: bool) -> None:
    assert Cookies("https://panel.example").is_ours(origin, None) is ours


async def test_a_host_that_agrees_with_a_strangers_origin_makes_it_none_of_ours(web: Web) -> None:
    """Whoever leads a name of his own to us sends both."""
    visitor = web.visitor()
    await visitor.http.get("/sign-in")
    form = {"token": form_token(visitor.session), "name": "x", "password": "y"}
    evil = {"origin": "http://evil.example", "host": "evil.example"}
    refused = await visitor.http.post("/sign-in", data=form, headers=evil)
    assert (refused.status_code, "This form cannot be taken" in refused.text) == (403, True)
    origin = web.panel.settings.panel.public_url
    taken = await visitor.http.post("/sign-in", data=form, headers={"origin": origin, "host": "evil.example"})
    assert "This form cannot be taken" not in taken.text
