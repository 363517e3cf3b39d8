"""sync tells in a line what each provider came to, as soon as it is known, and where rows went."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from providers.sandbox import Sandbox
from tests.api.served import goods
from tests.cli.desk import Desk, make_desk, providers_in_a_thread


def test_a_provider_that_nobody_answers_for_is_one_line_in_our_words(idle: Desk) -> None:
    """There is no old catalogue to keep, and no log of each try."""
    said = idle.say("sync", "alpha")
    assert said.code == 1
    assert said.text == ""
    first, second = said.errors.splitlines()
    assert first == "alpha: reading its catalogue ..."
    assert second.startswith("alpha: nobody answers at its address; nothing of it was ever read (")
    assert second.endswith("providers test alpha tells more)")


def test_what_was_read_before_stays_and_is_said_to(stocked: Desk, sandboxes: list[Sandbox]) -> None:
    sandboxes[0].set_mode("down")
    said = stocked.say("sync", "alpha")
    assert "what was read before stays in force" in said.errors
    assert len(said.errors.splitlines()) == 2


def test_one_provider_that_fails_hides_no_other(desk: Desk, sandboxes: list[Sandbox]) -> None:
    sandboxes[0].set_mode("down")
    said = desk.say("sync")
    assert said.code == 1
    assert said.text.startswith("bravo: ")
    assert "alpha: " in said.errors


ROW = {
    "name": "Followers",
    "type": "Default",
    "category": "Instagram",
    "rate": "1",
    "min": 10,
    "max": 1000,
    "refill": False,
    "cancel": False,
}


def test_rows_that_are_no_services_are_accounted_for(desk: Desk, sandboxes: list[Sandbox]) -> None:
    """One of four has no price: three services, and the line says why."""
    rows = [{**ROW, "service": number} for number in (1, 2, 3, 4)]
    rows[3]["rate"] = "free"
    sandboxes[0].set_catalogue(rows)
    assert desk.say("sync", "alpha").text == ("alpha: 3 services (4 rows, 1 cannot be sold: no price); 3 new\n")
    document = desk.ask("sync", "alpha")["providers"][0]
    assert (document["services"], document["unsold"]) == (4, {"no price": 1})


def test_what_is_sold_only_once_its_owner_has_said_what_it_is_is_counted(desk: Desk, sandboxes: list[Sandbox]) -> None:
    """Two of a type that nobody knows, and a package of a range of quantities."""
    rows = [{**ROW, "service": number} for number in (1, 2, 3, 4)]
    rows[1]["type"] = rows[2]["type"] = "Levitation"
    rows[3].update(type="Package", min=10, max=5000)
    sandboxes[0].set_catalogue(rows)
    told = desk.say("sync", "alpha").text
    assert "2 cannot be sold: " in told
    assert 'of no known type, see type_words: 2 of "Levitation"' in told
    assert "1 ranged package\n" in told
    document = desk.ask("sync", "alpha")["providers"][0]
    assert (document["type_words"], document["ranged_packages"]) == ({"Levitation": 2}, 1)


def test_progress_is_told_beside_the_answer(desk: Desk) -> None:
    """On stderr, so that a script still reads one document."""
    assert desk.say("sync").errors == "alpha: reading its catalogue ...\nbravo: reading its catalogue ...\n"
    assert desk.ask("sync")["providers"][1]["provider"] == "bravo"


@pytest.mark.parametrize("seconds", ["-1", "soon"])
def test_a_wait_is_a_number_of_seconds(idle: Desk, seconds: str) -> None:
    assert idle.say("sync", "--wait", seconds).code == 2


class Starting(Sandbox):
    """Tells no balance before it has told its catalogue: it is not quite there yet."""

    reads = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.reads += b"services" in body
        if b"balance" in body and not self.reads:
            await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return

        async def again() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        await super().__call__(scope, again, send)


def test_whoever_still_starts_is_waited_for_until_it_tells_its_currency_too(tmp_path: Path) -> None:
    """Else nothing of it could be priced until the next balance."""
    with providers_in_a_thread(Starting(catalogue=goods(), speed=0), Sandbox(dialect="json", speed=0)) as urls:
        desk = make_desk(tmp_path, urls)
        said = desk.say("sync", "alpha", "--wait", "30")
        assert (said.code, "balance" in said.text) == (0, False), said
        alpha = desk.ask("providers")[0]
        assert (alpha["provider"], alpha["currency"]) == ("alpha", "USD")


def test_without_a_wait_it_is_said_that_the_balance_is_missing(tmp_path: Path) -> None:
    with providers_in_a_thread(Starting(catalogue=goods(), speed=0), Sandbox(dialect="json", speed=0)) as urls:
        assert "its balance could not be read" in make_desk(tmp_path, urls).say("sync", "alpha").text
