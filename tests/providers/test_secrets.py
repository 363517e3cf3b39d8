"""A key never shows: not in an error, not in a stored reply, not in a log, not in a repr."""

from __future__ import annotations

import logging
from contextlib import suppress
from urllib.parse import quote, quote_plus

import pytest

from providers.dialect import Dialect
from providers.errors import ProviderError
from providers.masking import MASK, Mask
from providers.vocabulary import Progress, ServiceType, Submission
from tests.providers.panel_server import KEY, Canned, adapter_for, panel_server, profile_of

ORDER = Submission(service="1", type=ServiceType.DEFAULT, link="https://x.example/p", quantity=100)
SPELLINGS = [KEY, quote(KEY), quote(KEY, safe=""), quote_plus(KEY), quote_plus(KEY).lower(), KEY.replace("/", r"\/")]


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_panel_that_repeats_our_key_is_masked(spelling: str) -> None:
    """Some error pages print the whole request."""
    for reply in (
        Canned(body={"error": f"no user {spelling}"}),
        Canned(text=f"<html><title>{spelling}</title></html>"),
    ):
        async with panel_server(reply) as panel, adapter_for(panel.url) as adapter:
            with pytest.raises(ProviderError) as raised:
                await adapter.add(ORDER)
        shown = f"{raised.value!r} {raised.value.text} {raised.value.raw}"
        assert MASK in shown
        assert not [one for one in SPELLINGS if one in shown]


async def test_an_accepted_order_keeps_its_reply_without_our_key() -> None:
    """The stored reply is for the owner to read, perhaps aloud."""
    async with panel_server(Canned(body={"order": 7, "echo": KEY})) as panel, adapter_for(panel.url) as adapter:
        placement = await adapter.add(ORDER)
    assert placement.raw == f'{{"order": 7, "echo": "{MASK}"}}'


@pytest.mark.parametrize(
    "reply",
    [Canned(body={"order": 7}), Canned(raw=b""), Canned(status=301, headers={"Location": f"/?{KEY}"})],
    ids=["taken", "closed", "moved"],
)
async def test_no_log_holds_a_key_however_much_is_logged(reply: Canned, caplog: pytest.LogCaptureFixture) -> None:
    """Even with the key in the address and every library talking."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpx")
    async with panel_server(reply) as panel, adapter_for(panel.url, Dialect(body_format="query")) as adapter:
        with suppress(ProviderError):
            await adapter.add(ORDER)
        with suppress(ProviderError):
            await adapter.balance()
    assert "alpha add: " in caplog.text
    assert "alpha balance: " in caplog.text
    assert "s3cret" not in caplog.text


async def test_an_address_that_cannot_be_used_is_shown_without_its_password() -> None:
    """Proxies and test panels carry passwords in their addresses."""
    async with adapter_for("http://ann:hunter2hunter2@127.0.0.1:1/api") as adapter:
        with pytest.raises(ProviderError) as raised:
            await adapter.balance()
    assert "hunter2" not in repr(raised.value)


async def test_a_word_that_nobody_knows_is_kept_without_our_key() -> None:
    """It is stored for the owner; and no database takes a zero inside a text."""
    status = Canned(body={"status": f"who is {KEY}\x00?"})
    async with panel_server(status) as panel, adapter_for(panel.url) as adapter:
        progress = (await adapter.statuses(["5"]))["5"]
    assert isinstance(progress, Progress)
    assert progress.word == f"who is {MASK}?"
    assert "s3cret" not in progress.raw
    assert MASK in progress.raw


def test_a_profile_does_not_print_its_key() -> None:
    """Profiles end up in messages about configuration."""
    assert "s3cret" not in repr(profile_of("http://127.0.0.1/"))


def test_long_texts_are_cut_and_what_a_database_cannot_hold_is_dropped() -> None:
    """A panel may answer with megabytes, zeros and halves of characters."""
    mask = Mask(profile_of("http://127.0.0.1/"))
    assert len(mask.raw("x" * 10_000)) == 2_000
    assert len(mask.text("x" * 10_000)) == 500
    assert mask.text("a\x00b\ud800c") == "ab?c"


def test_a_second_secret_among_the_fixed_parameters_is_masked_too() -> None:
    """Some panels want an id beside the key; short ones are no secrets."""
    mask = Mask(profile_of("http://127.0.0.1/", Dialect(extra_params={"api_id": "12", "token": "abcdefgh1"})))
    assert mask.text("12 abcdefgh1") == f"12 {MASK}"
