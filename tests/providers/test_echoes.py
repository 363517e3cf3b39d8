"""What a reseller sent decides nothing, in whichever form a panel sends it back."""

from __future__ import annotations

import json
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from msgspec.structs import replace

from providers.errors import Code, Garbled, ProviderError, Refused, Unsure
from providers.reading.echoes import Echoes
from providers.reading.error_texts import without_addresses
from providers.vocabulary import Placement, ServiceType, Submission
from tests.providers.panel_server import Canned
from tests.providers.quirks import Asked

LINK = "https://x.example/a/insufficient_balance"
PATH_STYLE = "path_style"
COMMENTS = ServiceType.CUSTOM_COMMENTS


async def placed(said: Any, *, preset: str = "perfectpanel", link: str = LINK, **more: Any) -> Any:
    """What becomes of an order for this link when the panel says this."""
    kind, fields = more.pop("type", ServiceType.DEFAULT), more.pop("fields", {})
    order = Submission(service="1", type=kind, link=link, quantity=100, fields=fields, reference="our-reference-77")
    return await Asked(said, preset=preset, **more).ask("add", order)


def in_json(text: str) -> str:
    return json.dumps(text)[1:-1].replace("/", r"\/")


SPELLINGS = {
    "plain": LINK,
    "for a URL": quote(LINK, safe=""),
    "in small hex": quote(LINK, safe="").lower(),
    "for a URL twice": quote(quote(LINK, safe=""), safe=""),
    "for HTML": escape(LINK).replace("/", "&#x2F;"),
    "for HTML twice": escape(escape(LINK).replace("/", "&#47;")),
    "for JSON": in_json(LINK),
    "shouted": LINK.upper(),
    "without its scheme": LINK.removeprefix("https://"),
    "its path": "/a/insufficient_balance",
    "its last part": "insufficient_balance",
    "in quotes": f'"{LINK}"',
    "cut at its end": f"{LINK[:-3]}...",
    "cut at its end without a sign": LINK[:-1],
    "cut at its front": "...ple/a/insufficient_balance",
    "with a slash behind": f"{LINK}/",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("preset", ["perfectpanel", PATH_STYLE])
async def test_a_link_in_an_error_refuses_nothing(spelling: str, preset: str) -> None:
    """Nobody knows what became of such an order."""
    text = f"We were unable to handle {spelling} today"
    said = {"success": False, "fault": {"text": text}} if preset == PATH_STYLE else {"error": text}
    error = await placed(said, preset=preset)
    assert isinstance(error, Unsure), error
    assert error.code is Code.UNKNOWN
    assert "insufficient" not in error.unknown.lower()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (f"Not enough funds for {LINK}", Code.FUNDS),
        (f"{quote(LINK, safe='')}: Incorrect service ID", Code.SERVICE_GONE),
        ("Insufficient balance", Code.FUNDS),
        ("Bad link", Code.LINK_INVALID),
    ],
)
async def test_the_panels_own_words_count_beside_it(said: str, code: Code) -> None:
    error = await placed({"error": said})
    assert isinstance(error, Refused), error
    assert error.code is code


async def test_a_text_that_may_be_either_is_in_doubt() -> None:
    """The comment, or the provider's own error: doubt costs time, a wrong belief an order bought twice."""
    for comments in ("insufficient balance", "nice\ninsufficient balance\ngreat", "oh, Insufficient  balance again"):
        error = await placed({"error": "Insufficient balance"}, type=COMMENTS, fields={"comments": comments})
        assert isinstance(error, Unsure), comments
    error = await placed({"error": "Insufficient balance"}, type=COMMENTS, fields={"comments": "balance is nice"})
    assert isinstance(error, Refused)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("comments", "not enough funds"),
        ("usernames", "account_banned"),
        ("hashtags", "not_enough_funds"),
        ("hashtag", "too_many_orders"),
        ("keywords", "your account is banned"),
        ("groups", "api is disabled"),
        ("media", "https://x.example/link_not_found"),
        ("username", "bad_link"),
        ("answer_number", "rate limit"),
        ("country", "low balance"),
        ("device", "bad link"),
        ("referring_url", "t.example/not_enough_funds"),
        ("something_special", "incorrect service id"),
    ],
)
async def test_no_field_of_an_order_decides(name: str, value: str) -> None:
    error = await placed({"error": f"Rejected: {value}"}, type=ServiceType.SPECIAL, fields={name: value})
    assert isinstance(error, Unsure), error
    assert error.code is Code.UNKNOWN


async def test_no_limit_is_learnt_from_a_link() -> None:
    """It would hold for everybody's orders."""
    link = "https://x.example/?q=min_quantity 5000"
    error = await placed({"error": f"Quantity is refused for {link}"}, link=link)
    assert isinstance(error, Unsure), error
    error = await placed({"error": f"Quantity less than minimal 100 for {quote_plus(link)}"}, link=link)
    assert isinstance(error, Refused)
    assert (error.code, error.learned_minimum) == (Code.QTY_MIN, 100)
    error = await placed({"error": "Quantity 100 less than minimal 100"})
    assert isinstance(error, Refused)
    assert error.learned_minimum == 100


async def test_a_word_of_the_owner_is_no_resellers_to_say() -> None:
    words: dict[str, Any] = {"error_words": {"stock is empty": "MAINTENANCE"}}
    comments = {"comments": "the stock is empty here"}
    said = {"error": "Comment not taken: the stock is empty here"}
    assert isinstance(await _with_words(said, words, comments), Unsure)
    assert isinstance(await _with_words({"error": "Our stock is empty"}, words, {"comments": "nice"}), Refused)


async def _with_words(said: Any, words: dict[str, Any], fields: dict[str, Any]) -> Any:
    asked = Asked(said)
    asked.dialect = replace(asked.dialect, **words)
    return await asked.ask("add", Submission(service="1", type=COMMENTS, link=LINK, quantity=1, fields=fields))


async def test_one_unknown_error_is_one_word_whatever_it_is_about() -> None:
    """The owner explains it once."""
    heard = set()
    for link in ("https://x.example/one", "https://x.example/two?a=1", "@three.the.third"):
        for shown in (link, quote(link, safe=""), link[:-2] + "..."):
            error = await placed({"error": f"Zorp {shown} (7)"}, link=link)
            assert isinstance(error, ProviderError)
            heard.add(error.unknown)
    assert heard == {"Zorp \u2026 (7)"}


async def test_an_id_is_never_what_we_sent() -> None:
    error = await placed({"order": "user123"}, type=ServiceType.MENTIONS_USER_FOLLOWERS, fields={"username": "user123"})
    assert isinstance(error, Unsure)
    found = await placed({"order": 5001, "message": f"Order for {LINK} is queued"})
    assert isinstance(found, Placement), found
    assert found.order == "5001"


@pytest.mark.parametrize("comment", ['{"order": 77}', '{"error": "not enough funds"}', '{"error": 1, "status": 113}'])
async def test_json_that_a_reseller_wrote_is_no_reply(comment: str) -> None:
    """Scripts print their warnings, and what they are about, in front of everything."""
    for text in (f"Warning: cannot post {comment}", comment):
        error = await placed(Canned(text=text), type=COMMENTS, fields={"comments": comment})
        assert isinstance(error, Unsure), error


async def test_short_values_leave_longer_words_alone() -> None:
    fields = {"comments": "min\na\nis\n5\n50\nfund\nnot"}
    error = await placed({"error": "Quantity less than minimum 50"}, type=COMMENTS, fields=fields)
    assert isinstance(error, Refused), error
    assert (error.code, error.learned_minimum) == (Code.QTY_MIN, 50)
    assert isinstance(await placed({"error": "Not enough funds in it"}, type=COMMENTS, fields=fields), Refused)


async def test_other_calls_believe_no_address_either() -> None:
    """A status, a refill or a cancel may repeat the order's link, which is not at hand then."""
    for action, *given in (("refill", "5"), ("cancel", ["5"])):
        error = await Asked({"error": "Rejected: https://x.example/refill_is_disabled/already_cancelled"}).ask(
            action, *given
        )
        assert isinstance(error, Unsure), error
        assert error.unknown == "Rejected: \u2026"
    error = await Asked({"error": "About x.example/order_not_found: no"}).ask("statuses", ["5"])
    assert isinstance(error, Garbled), error
    assert (error.code, error.unknown) == (Code.UNKNOWN, "About \u2026 no")


def test_large_values_are_found_in_large_texts() -> None:
    """A comment list of 60 KiB that comes back whole, and one whose lines all begin alike."""
    lines = [f"not enough funds, said number {number} of them all" for number in range(1_350)]
    echoes = Echoes({"comments": "\r\n".join(lines), "link": LINK})
    assert len("".join(lines)) > 60_000
    assert echoes.text("Zorp: " + "\n".join(lines)) == "Zorp: \u2026"
    assert echoes.text(f"Zorp: {lines[700]} and {lines[3]}!") == "Zorp: \u2026 and \u2026!"
    alike = Echoes({"comments": "a" * 60_000})
    assert alike.text(f"Zorp {'a' * 60_000} zorp") == "Zorp \u2026 zorp"
    assert alike.text("b" * 60_000) == "b" * 60_000
    for again in ("ab cd ", "a1 ", "not enough funds, "):
        repeated = again * (60_000 // len(again))
        alike = Echoes({"comments": f"{repeated}x"})
        for text in (repeated, f"{repeated}y", f"y {repeated}", f"Zorp {repeated}y zorp"):
            assert again.strip() not in alike.text(text)


async def test_a_reply_too_deep_for_any_reader_breaks_nothing() -> None:
    deep: Any = {"error": "not enough funds"}
    for _ in range(400):
        deep = {"message": deep}
    assert isinstance(await placed({**deep, "error": "Bad link"}), Refused)
    assert isinstance(await placed(deep), Unsure)


async def test_a_character_that_json_writes_in_halves_is_one() -> None:
    comments = "\U0001f525\U0001f525 insufficient balance"
    twice = json.dumps(json.dumps(comments))[1:-1]
    assert isinstance(await placed({"error": f"No: {twice}"}, type=COMMENTS, fields={"comments": comments}), Unsure)
    fire = "\U0001f525" * 4
    assert Echoes({"comments": fire}).text(f"No {in_json(fire)}!") == "No \u2026!"


def test_long_texts_of_hosts_and_dashes_are_read_in_one_go() -> None:
    """Made to keep a searcher of addresses busy."""
    for text in ("a." * 30_000, "-a" * 30_000, "a" * 60_000, "http:/" * 10_000, ", " * 30_000):
        assert without_addresses(text) == text
    assert without_addresses(r"at https:\/\/x.example\/a%20b?c=1, or x.example/a and/or 24/7") == (
        "at \u2026 or \u2026 and/or 24/7"
    )
