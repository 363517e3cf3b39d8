"""What strangers and spreadsheets see first: whom an invitation is for, the API in a browser, a saved cell."""

from __future__ import annotations

import pytest

from aggregator.people import authentication
from aggregator.web.exports import cell
from tests.builders import make_reseller
from tests.web.kit import Web, plain

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def test_an_invitation_says_for_whom_it_is(web: Web) -> None:
    ann = await make_reseller()
    token = await authentication.invite(reseller=ann.id, author="boss")
    assert f"This invitation is for the reseller {ann.name}" in plain(
        await web.visitor().get(f"/sign-up?invite={token}")
    )
    assert "for the reseller" not in plain(await web.visitor().get("/sign-up?invite=made-up"))


@pytest.mark.parametrize("path", ["/api/v2", "/api/v1"])
async def test_a_browser_at_the_apis_address_is_led_to_its_page(web: Web, path: str) -> None:
    http = web.visitor().http
    led = await http.get(path, headers={"accept": BROWSER}, follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, "/api")


@pytest.mark.parametrize(
    ("accept", "query"), [("*/*", {}), ("application/json", {}), (BROWSER, {"action": "balance", "key": "x"})]
)
async def test_a_script_is_answered_as_ever(web: Web, accept: str, query: dict[str, str]) -> None:
    reply = await web.visitor().http.get("/api/v2", params=query, headers={"accept": accept}, follow_redirects=False)
    assert "error" in reply.json()


@pytest.mark.parametrize("text", ["\x00=1+1", "\x00\x00@x", " =1+1", "\xa0+1", "\ufeff=1", "\t=1", "=1", "\x01safe"])
def test_no_cell_runs_whatever_stands_before_it(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "thanks", " spaced", "a=b"])
def test_a_harmless_cell_stays(text: str) -> None:
    assert cell(text) == text
