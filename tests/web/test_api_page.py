"""The API's page says what the API does, to the byte; and a browser makes it comfortable."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.api.guide.examples import KEY, Example, examples
from aggregator.api.guide.samples import Language, write
from aggregator.api.views import Spelling
from aggregator.catalog.news import news_store
from aggregator.catalog.news.news import lines_of
from aggregator.catalog.shelf.shelf import NOBODY
from aggregator.resellers import accounts, keys
from aggregator.resellers.model import KeyRules
from aggregator.settings import PanelSettings
from aggregator.web.public.live_examples import live
from aggregator.web.public.reference import CODED, reference
from pricing.money import SCALE
from tests.api.story import story
from tests.catalog.goods import offers, row, shelf
from tests.web.chromium import CHROMIUM, screen_of
from tests.web.kit import Visitor, Web, once_of, plain, web_of

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</code></pre><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "]]>",
    "\u202egnp.exe",
    "&lt;b&gt;&amp;",
    "</title></style></textarea>",
    "<a href='//evil.example'>x</a>",
    "%3Cscript%3E",
    "`${alert(1)}`",
    "x" * 300,
    "<iframe srcdoc='<script>alert(1)</script>'>",
]


def pieces(page: str) -> dict[str, list[str]]:
    """What stands in the code after the name of each example on the page."""
    found: dict[str, list[str]] = {}
    for part in page.split('data-example="')[1:]:
        name, _, rest = part.partition('"')
        codes = re.findall(r'<pre tabindex="0"><code>(.*?)</code></pre>', rest, re.DOTALL)
        found[name] = [unescape(re.sub("<[^>]*>", "", code)) for code in codes]
    return found


async def test_every_example_on_the_page_is_one_that_is_sent_and_compared(tmp_path: Path, fresh_sqlite: str) -> None:
    """At the panel of the examples the page shows them as they are, with every program, and both replies."""
    async with story(tmp_path, fresh_sqlite) as (served, _):
        web = Web(served.panel, served.sandbox)
        page = await web.visitor().get("/api")
    url = served.panel.settings.panel.public_url + "/api/v2"
    shown = pieces(page)
    assert shown.keys() == {example.name for example in examples().example}
    for example in examples().example:
        many = 0 if example.refused else len(Language) * 2 if example.name in CODED else 2
        *sent, in_json, classic = shown[example.name][: many + 2]
        assert json.loads(in_json) == json.loads(example.json), example.name
        assert json.loads(classic) == json.loads(example.classic), example.name
        if example.name in CODED:
            programs = [write(language, url, example.fields, one) for one in Spelling for language in Language]
            assert [text.strip() for text in sent] == [text.strip() for text in programs]
        elif not example.refused:
            assert json.loads(sent[0]) == example.fields
    assert KEY in page


def fitted(name: str, *, minimum: int = 1, maximum: int = 10) -> Example:
    made = shelf(
        offers([row("alpha:1", "2", minimum=minimum, maximum=maximum, dripfeed=True)]),
        imported={("alpha", "1"): 100_007},
    )
    return live(examples().named(name), made, NOBODY)


def test_an_example_orders_what_this_panel_sells() -> None:
    """As many as it takes; and so does its program."""
    assert fitted("add").send["service"] == 100_007
    assert fitted("add").send["quantity"] == 10
    assert fitted("add", minimum=5000, maximum=9000).send["quantity"] == 5000
    assert fitted("add-drip-feed").send["service"] == 100_007
    assert fitted("add-package") == examples().named("add-package")
    assert json.loads(fitted("services").json)[0]["service"] == 100_007


def test_charge_and_refund_are_worked_out_at_a_real_price() -> None:
    """10,000 at 2.50, of which 3,000 do not come; and at the specification's prices where nothing is sold."""
    made = shelf(offers([row("alpha:1", "3.2", maximum=None)]), imported={("alpha", "1"): 100_007})
    worked = reference(PanelSettings(), made, NOBODY).worked
    assert (worked.charge, worked.refund) == (40 * SCALE, 12 * SCALE)
    empty = reference(PanelSettings(), shelf(offers([])), NOBODY).worked
    assert (empty.charge, empty.refund) == (25 * SCALE, 750_000_000)


async def test_the_page_says_how_to_begin_here(tmp_path: Path, fresh_sqlite: str) -> None:
    """Address, currency, deposit, the owner's words on paying, whom to ask, and for more."""
    panel = 'name = "Blue"\npublic_url = "https://blue.example"\nsign_up = "open"\nminimum_deposit = 25\n'
    panel += 'deposit_note = "Send USDT to <us>."\nsupport = "mailto:help@blue.example"\n'
    async with web_of(tmp_path, fresh_sqlite, panel=panel) as web:
        page = await web.visitor().get("/api")
        told = json.loads(await web.visitor().get("/openapi.json"))
    for text in (
        "https://blue.example/api/v2",
        "25 USD or more",
        "Send USDT to <us>.",
        "Ask for a higher limit",
        "Sign up",
        "Where no posts are named, 10 coming ones are charged and served.",
    ):
        assert text in plain(page), text
    assert "mailto:help@blue.example?subject=A%20higher%20API%20limit" in page
    assert "gets, and is charged, 10 of them" in told["paths"]["/api/v2"]["post"]["description"]
    assert told["servers"] == [{"url": "https://blue.example"}]
    assert told["info"]["contact"] == {"email": "help@blue.example"}


async def test_an_empty_panel_has_its_pages_too(tmp_path: Path, fresh_sqlite: str) -> None:
    async with web_of(tmp_path, fresh_sqlite, services="import_rest = false\n") as web:
        assert "No services yet" in await web.visitor().get("/services")
        assert "12345" in await web.visitor().get("/api")


async def test_a_panel_that_answers_json_classically_says_so(tmp_path: Path, fresh_sqlite: str) -> None:
    async with web_of(tmp_path, fresh_sqlite, panel='spelling = "classic"\n') as web:
        assert "answers JSON bodies as it answers forms" in await web.visitor().get("/api")


async def test_a_reseller_makes_a_key_for_the_page_by_one_press(web: Web, anna: Visitor) -> None:
    """It works, is shown this once, and bears the page's name; the keys that are there stay secret."""
    page = await anna.post("/api/key", once=once_of(await anna.get("/api")))
    shown = re.search(r'id="my-key"[^>]* value="(\w{64})"', page)
    assert shown
    assert "Of the keys you have" not in page
    reply = await web.visitor().http.post("/api/v2", json={"key": shown[1], "action": "balance"})
    assert reply.json()["balance"] == "150.00"
    assert shown[1] not in await anna.get("/api")
    assert "API page" in plain(await anna.get("/keys"))
    for _ in range(keys.MOST_KEYS - 2):
        await keys.make(anna.reseller, KeyRules())
    assert "revoke one first" in plain(await anna.post("/api/key", once=once_of(await anna.get("/api"))))
    for other in (web.visitor(), await web.owner()):
        assert "/api/key" not in await other.get("/api")


def hostile_services() -> str:
    """Our first service under an ordinary name, and one more of its kind under each hostile one."""
    blocks = ['import_rest = false\n[[service]]\nid = 1\noffers = ["alpha:7101"]\n']
    for number, text in enumerate(HOSTILE, 2):
        told = "".join(f"{field} = {json.dumps(text)}\n" for field in ("name", "category", "description"))
        blocks.append(f'[[service]]\nid = {number}\n{told}offers = ["alpha:7101"]\n')
    return "".join(blocks)


async def news_of(web: Web) -> None:
    """Every service was told of once at a lower price, and is dearer now."""
    lines = [replace(line, rate=1) for line in lines_of(web.panel.prices.shelf).values()]
    await news_store.put_lines(lines)
    await web.panel.jobs.announce()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
async def test_a_browser_searches_copies_and_tries(tmp_path: Path, fresh_sqlite: str) -> None:
    """And whatever a service is called, nothing of it runs, or leaves the page."""
    async with web_of(tmp_path, fresh_sqlite, services=hostile_services()) as web:
        await news_of(web)
        key = (await accounts.add("anna", currency="USD", funds=150 * SCALE)).key
        async with screen_of(web, tmp_path / "profile") as screen:
            await screen.context.grant_permissions(["clipboard-read", "clipboard-write"])
            page = await screen.go("/services")
            assert (
                await page.locator("main script, main img, main iframe, main svg[onload], main [onerror]").count() == 0
            )
            await page.fill("#q", "<SCRIPT>")
            await page.press("#q", "Enter")
            await page.wait_for_url("**/services?q=**")
            assert await page.locator(".list tbody tr:not(.group)").count() == 2
            page = await screen.go("/services/changes")
            assert await page.locator("tbody tr").count() == len(HOSTILE) + 1
            page = await screen.go("/api")
            await page.click("label[for=in-python]")
            await screen.become(await web.reseller("eve"))
            page = await screen.go("/api")
            await page.click("text=Make a key and insert it")
            made = await page.input_value("#my-key")
            assert f"key={made}" in await page.locator("#example-balance .in-curl.as-classic").inner_text()
            assert await page.input_value("#try-key") == made
            await page.click("label[for=in-python]")
            await page.fill("#my-key", key)
            block = page.locator("#example-balance .program.in-python.as-json")
            await block.locator(".take").click()
            copied = await page.evaluate("navigator.clipboard.readText()")
            assert f'"key": "{key}"' in copied
            await page.fill("#my-key", "'; alert(1); '")
            assert f'"key": "{KEY}"' in await block.inner_text()
            await page.fill("#my-key", key)
            await page.click(".trial button")
            await page.wait_for_selector("#try-result:not([hidden])")
            assert json.loads(await page.inner_text("#try-body")) == {"balance": "150.00", "currency": "USD"}
            assert key not in page.url
            assert screen.faults == []
