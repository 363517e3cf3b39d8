"""What an owner does at the console: every deed of the command line, shown before it is done, and done once."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

import pytest

from aggregator.catalog import store
from aggregator.catalog.syncing import decide
from aggregator.catalog.upstream import word_store
from aggregator.ledger import book
from aggregator.orders.settling.settle import settle
from aggregator.resellers import accounts, keys
from aggregator.resellers import store as reseller_store
from aggregator.resellers.model import KeyRules
from aggregator.settings import MARKUP_FILE, SERVICES_FILE
from aggregator.storage import decisions, tables
from pricing.money import SCALE
from providers.sandbox import Sandbox
from tests.builders import accept_order, active_order, make_reseller, order_now
from tests.providers.sandbox_server import serving
from tests.web.kit import Visitor, Web, once_of, plain
from tests.web.scene import busy_day, pages

_BASE = re.compile(r'name="base" value="([^"]+)"')


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """What providers.toml refers to, for whoever reads it anew."""
    monkeypatch.setenv("SANDBOX_KEY", "sandbox")


def base_of(page: str) -> str:
    """What the editor on a page began with."""
    found = _BASE.search(page)
    assert found
    return unescape(found[1])


async def markup_of(web: Web) -> str | None:
    path = web.panel.settings.directory / MARKUP_FILE
    return path.read_text() if path.exists() else None


async def test_every_page_opens_on_the_first_day(web: Web, boss: Visitor) -> None:
    """Before there is anything to show, each says the next step."""
    for path in pages({}):
        await boss.get(path)


async def test_the_overview_of_a_busy_day_says_what_is_wrong_and_what_happens_by_itself(
    web: Web, boss: Visitor
) -> None:
    await busy_day(web)
    overview = plain(await boss.get("/console"))
    assert "1 order unsure at alpha" in overview
    assert "1 order held" in overview
    assert "By itself" in overview


async def test_a_page_that_expects_no_refusal_tells_it_all_the_same(web: Web, boss: Visitor) -> None:
    """Whatever an owner is refused has one root, and its text is the answer: nothing went wrong on our side."""
    path = web.panel.settings.directory / MARKUP_FILE
    path.write_bytes(b"[default]\n# caf\xe9\n")
    page = plain(await boss.get("/console/prices", code=400))
    assert "That cannot be done" in page
    assert "markup.toml:2: is not UTF-8" in page


async def test_the_overview_of_a_quiet_panel_is_quiet(web: Web, boss: Visitor) -> None:
    assert "Nothing is wrong" in plain(await boss.get("/console"))


async def test_a_file_that_was_lost_or_cannot_be_read_is_shown_with_its_line(web: Web, boss: Visitor) -> None:
    """And the editor puts it in force where that is meant."""
    path = web.panel.settings.directory / MARKUP_FILE
    text = "[default]\npercent = 40\n[fx]\nEUR = 1.1\n"
    base = base_of(await boss.get("/console/prices"))
    await boss.post("/console/prices", {"text": text, "base": base, "reason": ""})
    path.write_bytes(b"[default]\n# caf\xe9\n")
    assert "markup.toml:2: is not UTF-8" in plain(await boss.get("/console"))
    assert "markup.toml:2: is not UTF-8" in plain(await boss.get("/console/prices"))
    path.write_text("")
    assert "markup.toml:1: is empty" in plain(await boss.get("/console"))
    page = await boss.get("/console/prices")
    assert "markup.toml:1: is empty" in plain(page)
    await boss.post("/console/prices", {"text": "", "base": base_of(page), "reason": "a sale"})
    assert "not in force" not in plain(await boss.get("/console"))
    assert path.read_text() == ""


async def test_a_preview_shows_every_change_and_makes_none(web: Web, boss: Visitor) -> None:
    """Also below its cost, and what is wrong in the text."""
    text = "[default]\npercent = 25\n[[rule]]\nmatch = { service = 1 }\npercent = -10\n"
    page = plain(await boss.post("/console/prices/preview", text=text, base="0-x"))
    assert "1 of 2 prices" in page
    assert "1 below cost" in page
    page = plain(await boss.post("/console/prices/preview", text="[default]\npercent = many\n", base="0-x"))
    assert "This cannot be applied" in page
    assert await markup_of(web) is None


async def test_of_two_owners_with_the_same_page_open_the_second_sees_what_the_first_saved(web: Web) -> None:
    """And keeps what was typed, with the difference beside it."""
    olga, oleg = await web.owner("olga"), await web.owner("oleg")
    base = base_of(await olga.get("/console/prices"))
    done = plain(await olga.post("/console/prices", text="[default]\npercent = 50\n", base=base, reason="summer"))
    assert "Applied as revision" in done
    page = await oleg.post("/console/prices", text="[default]\npercent = 40\n", base=base)
    assert "by olga (web)" in plain(page)
    assert await markup_of(web) == "[default]\npercent = 50\n"
    await oleg.post("/console/prices", text="[default]\npercent = 40\n", base=base_of(page))
    assert await markup_of(web) == "[default]\npercent = 40\n"
    (newest, first) = await store.revisions(MARKUP_FILE, limit=5)
    assert (newest.author, first.author) == ("oleg (web)", "olga (web)")
    page = await oleg.get(f"/console/prices/{first.id}")
    assert "percent = 50" in plain(page)
    await oleg.post(f"/console/prices/{first.id}", base=base_of(page))
    assert await markup_of(web) == "[default]\npercent = 50\n"


async def test_a_service_is_renamed_pinned_hidden_and_shown_again(web: Web, boss: Visitor) -> None:
    await boss.post("/console/services/1", name="Fans & more", category="", pin="alpha:7101", sold="1")
    found = web.panel.prices.shelf.get(1)
    assert found is not None
    assert found.name == "Fans & more"
    page = plain(await boss.post("/console/services/1", name="Fans", pin="", reason="complaints"))
    assert "switched off" in page
    assert web.panel.prices.shelf.get(1) is None
    await boss.post("/console/services/1", name="Fans", pin="", sold="1")
    assert web.panel.prices.shelf.get(1) is not None
    assert "Instagram Followers" not in (web.panel.settings.directory / SERVICES_FILE).read_text()
    assert "pin must be one of its offers" in plain(
        await boss.post("/console/services/1", name="x", pin="bravo:1", sold="1")
    )


async def test_a_held_change_is_shown_with_its_difference_and_decided_once(web: Web, boss: Visitor) -> None:
    """Of an approval and a rejection at the same moment one counts, and the other is told."""
    web.sandbox.set_rate(7101, "9.00")
    await web.panel.syncer.sync("alpha")
    page = plain(await boss.get("/console/services/held"))
    assert "price rose" in page
    assert "Rate 2 9" in page
    oleg = await web.owner("oleg")
    fields = {"provider": "alpha", "service": "7101", "reason": "it is what it is"}
    told = [
        await boss.post("/console/services/held", fields),
        await oleg.post("/console/services/held", fields, verdict="reject"),
    ]
    assert "is believed" in plain(told[0])
    assert "Nothing of alpha:7101 is held" in plain(told[1])
    with pytest.raises(decide.NothingHeld):
        await decide.approve("alpha", "7101", actor="x", reason="")


async def test_a_provider_is_tested_added_and_sold_by_category(web: Web, boss: Visitor) -> None:
    """Its key never comes back; nothing is sold before its prices were seen."""
    sandbox = Sandbox(dialect="json", speed=0, key="bravo-secret-key")
    services = web.panel.settings.directory / SERVICES_FILE
    services.write_text(services.read_text().replace("import_rest = false", "import_rest = true"))
    await store.add_revision(SERVICES_FILE, services.read_text(), "file")
    async with serving(sandbox) as url:
        wrong = await boss.post("/console/providers/new", url=f"{url}/api/v2", key="not-the-key")
        assert "It could not sell" in plain(wrong)
        page = await boss.post("/console/providers/new", url=f"{url}/api/v2", key="bravo-secret-key", name="bravo")
        assert "It could sell" in plain(page)
        assert sandbox.orders == []
        trial = re.search(r'name="trial" value="([^"]+)"', page)
        assert trial
        assert "too old" in plain(await (await web.owner("oleg")).post("/console/providers/add", trial=trial[1]))
        before = len(web.panel.prices.shelf)
        added = await boss.post("/console/providers/add", trial=trial[1])
        assert "Now choose what of it is sold" in plain(added)
        assert len(web.panel.prices.shelf) == before
        first = re.search(r'name="category" value="([^"]+)"', added)
        assert first
        await boss.post("/console/providers/of/bravo/import", category=unescape(first[1]))
        assert len(web.panel.prices.shelf) > before
        await boss.post("/console/providers/of/bravo/enabled", enabled="0")
        assert len(web.panel.prices.shelf) == before
        tested = plain(await boss.post("/console/providers/of/bravo/test"))
        assert "gets no orders until that is changed" in tested
    for text in (wrong, page, added, (web.panel.settings.directory / "providers.toml").read_text()):
        assert "bravo-secret-key" not in text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("url", "ftp://x", "The address must be"),
        ("key", "env:AGGREGATOR_DATABASE_URL", "type the key itself"),
        ("name", "Two Words", "A name has"),
    ],
)
async def test_what_cannot_be_a_provider_is_told_beside_its_field(
    boss: Visitor, field: str, value: str, said: str
) -> None:
    fields = {"url": "http://127.0.0.1:1/api/v2", "key": "k", "name": "bravo", field: value}
    assert said in plain(await boss.post("/console/providers/new", fields))


async def test_the_owner_says_that_a_changed_address_is_the_same_account(web: Web, boss: Visitor) -> None:
    """Until then it is the worst that the first page tells; one press, and the order goes on."""
    await active_order(await make_reseller("zoe"))
    await tables.Attempt.raw("update attempts set door = 'feedc0de00'")
    assert "The address or key of alpha changed under 1 order" in plain(await boss.get("/console"))
    page = await boss.get("/console/providers/of/alpha")
    assert "went to what may be another account (feedc0de)" in plain(page)
    refused = await boss.post("/console/providers/of/alpha/same-account", door="beef")
    assert "No order at alpha waits" in plain(refused)

    await boss.post("/console/providers/of/alpha/same-account", door="feedc0de00", reason="key renewed")

    assert "changed" not in plain(await boss.get("/console"))
    (decision,) = await decisions.about("provider", 0)
    assert (decision.verdict, decision.reason) == ("same account", "key renewed")


async def test_a_word_is_explained_once_for_all(web: Web, boss: Visitor) -> None:
    await word_store.hear("alpha", "error", "Kein Guthaben", "{}", 3)
    assert "Kein Guthaben" in plain(await boss.get("/console/providers/words"))
    await boss.post("/console/providers/words", provider="alpha", text="Kein Guthaben", meaning="FUNDS")
    assert "Every word is understood" in plain(await boss.get("/console/providers/words"))
    nothing = await boss.post("/console/providers/words", provider="alpha", text="Kein Guthaben", meaning="nonsense")
    assert "is not an error code" in plain(nothing)


async def test_a_held_order_is_settled_after_its_sum_was_seen(web: Web, boss: Visitor) -> None:
    ids = await busy_day(web)
    path = f"/console/orders/{ids['held']}/settle"
    reseller = (await order_now(ids["held"])).reseller
    before = await book.balance(reseller)
    seen = plain(await boss.post(path, undelivered="500", reason="their page says so"))
    assert "Goes back to the wallet now 1.50" in seen
    assert await book.balance(reseller) == before
    for _ in range(2):
        await boss.post(path, undelivered="500", reason="their page says so", sure="1")
    assert await book.balance(reseller) == before + 150_000_000
    timeline = plain(await boss.get(f"/console/orders/{ids['held']}"))
    assert "owner (web): settled 500" in timeline


async def test_money_moves_after_a_preview_with_a_reason_and_once(web: Web, boss: Visitor, anna: Visitor) -> None:
    base = f"/console/resellers/{anna.reseller}"
    page = await boss.post(f"{base}/money", kind="deposit", amount="12.50", reference="wire-1", note="March")
    assert "Nothing has moved yet" in plain(page)
    assert await book.balance(anna.reseller) == 150 * SCALE
    fields = {"kind": "deposit", "amount": "12.5", "reference": "wire-1", "note": "March", "once": once_of(page)}
    assert "162.50" in plain(await boss.post(f"{base}/move", fields))
    assert "Nothing was done twice" in plain(await boss.post(f"{base}/move", fields))
    page = await boss.post(f"{base}/money", kind="deposit", amount="12.50", reference="wire-1")
    told = await boss.post(f"{base}/move", fields, once=once_of(page))
    assert "taken before" in plain(told)
    assert "Please fill this in" in plain(await boss.post(f"{base}/money", kind="adjust", amount="-5"))
    page = await boss.post(f"{base}/money", kind="adjust", amount="-200", note="a fee")
    refused = await boss.post(f"{base}/move", kind="adjust", amount="-200", note="a fee", once=once_of(page))
    assert "below zero" in plain(refused)
    assert await book.balance(anna.reseller) == Decimal("162.5") * SCALE


async def test_an_account_is_frozen_and_opened_on_the_record(web: Web, boss: Visitor, anna: Visitor) -> None:
    base = f"/console/resellers/{anna.reseller}"
    await boss.post(f"{base}/frozen", frozen="1", reason="chargebacks")
    assert (await accounts.named("anna")).frozen
    await boss.post(f"{base}/terms", tier="vip", spelling="json")
    await boss.post(f"{base}/frozen", frozen="0")
    assert (await accounts.named("anna")).tier == "vip"
    page = plain(await boss.get("/console/decisions"))
    assert "owner (web) changed frozen reseller" in page
    assert "chargebacks" in page


async def test_keys_and_invitations_are_shown_once(web: Web, boss: Visitor, anna: Visitor) -> None:
    base = f"/console/resellers/{anna.reseller}"
    page = await boss.get(base)
    made = await boss.post(f"{base}/keys", rate="5", label="shop", once=once_of(page))
    key = re.search(r'data-copy="([^"]{40,})"', made)
    assert key
    assert key[1] not in await boss.get(base)
    place = f"{base}/keys/{(await keys.of_reseller(anna.reseller))[0].id}"
    assert 'value="shop"' in await boss.get(place)
    given = {
        "label": "shop",
        "rate": "0",
        "addresses": "203.0.113.0/24",
        "same_link": "refuse",
        "duplicate_seconds": "9",
    }
    assert "cannot be read" in plain(await boss.post(place, given, addresses="here and there"))
    assert "is changed" in plain(await boss.post(place, given, reason="asked"))
    assert (await keys.of_reseller(anna.reseller))[0].rules == KeyRules(
        label="shop", requests_per_second="0", addresses="203.0.113.0/24", same_link="refuse", duplicate_seconds=9
    )
    await boss.get(place.replace(f"/{anna.reseller}/", f"/{anna.reseller + 1}/"), code=404)
    assert "opens nothing any more" in plain(await boss.post(f"{place}/revoke", reason="it leaked"))
    told = [(row.verdict, row.actor, row.reason) for row in await decisions.about("reseller", anna.reseller)]
    assert told[-3:] == [
        ("key made", "owner (web)", ""),
        ("key changed", "owner (web)", "asked"),
        ("key revoked", "owner (web)", "it leaked"),
    ]
    invitation = await boss.post("/console/resellers/invite", reseller="anna")
    assert "/sign-up?invite=" in plain(invitation)
    taken = await boss.post("/console/resellers", name="bob", once=once_of(await boss.get("/console/resellers")))
    assert "Shown this once" in plain(taken)


async def test_pages_add_up_more_than_any_row_holds(web: Web, boss: Visitor, anna: Visitor) -> None:
    """All wallets together, and what somebody turned over: 63 bits are 92,233,720,368.54775807."""
    most = 2**63 - 1
    await accounts.fund("anna", most - await book.balance(anna.reseller))
    bob = await make_reseller("bob", funds=most)
    assert "184,467,440,737.09" in plain(await boss.get("/console/resellers"))
    for _ in range(2):
        order = await active_order(bob, charge=most, rate=most, rate_per=1000, quantity=1000)
        await settle(order, 0, note="all there")
        await accounts.fund("bob", most)
    overview = plain(await boss.get("/console"))
    assert "184,467,440,737.09" in overview
    assert "promises hold" in plain(await boss.post("/console/audit", full="1"))


async def test_the_audit_is_run_and_tells_what_is_broken(web: Web, boss: Visitor, anna: Visitor) -> None:
    assert "promises hold" in plain(await boss.post("/console/audit"))
    await tables.Wallet.raw("update wallets set balance = balance + 1 where reseller = {}", anna.reseller)
    assert "What is concerned stands still" in plain(await boss.post("/console/audit", full="1"))
    assert "promises are broken" in plain(await boss.get("/console/audit"))
    order = await accept_order(await reseller_store.get(anna.reseller))
    overview = plain(await boss.get("/console"))
    assert "The audit is red" in overview
    assert "1 order standing still: a promise about money is broken" in overview
    page = plain(await boss.get(f"/console/orders/{order.id}"))
    assert re.search(r"Stands still: .*wallet-equals-entries \(its reseller\)", page)


async def test_a_wallet_is_squared_after_both_sums_were_seen_and_once(web: Web, boss: Visitor, anna: Visitor) -> None:
    """Not where it has moved since, nor where there is nothing to square."""
    base = f"/console/resellers/{anna.reseller}"
    asked = {"keep": "entries", "note": "somebody's hand"}
    assert "nothing to square" in plain(await boss.post(f"{base}/square", asked))
    await tables.Wallet.raw("update wallets set balance = balance + 100000000 where reseller = {}", anna.reseller)
    assert "Please fill this in" in plain(await boss.post(f"{base}/square", asked, note=""))
    page = await boss.post(f"{base}/square", asked)
    assert "The wallet holds 151.00" in plain(page)
    assert "come to 150.00" in plain(page)
    fields = {**asked, "held": "151", "once": once_of(page)}
    assert "has moved meanwhile" in plain(await boss.post(f"{base}/squared", fields, held="151.5"))
    assert "Squared" in plain(await boss.post(f"{base}/squared", fields))
    assert "Nothing was done twice" in plain(await boss.post(f"{base}/squared", fields))
    assert await book.balance(anna.reseller) == 150 * SCALE
    assert (await decisions.about("reseller", anna.reseller))[-1].verdict == "squared"


async def test_orders_are_found_by_what_an_owner_has_in_hand(web: Web, boss: Visitor) -> None:
    ids = await busy_day(web)
    for query in (f"q={ids['held']}", "q=held-1", "q=TIKTOK.com/%40held", "held=1"):
        page = plain(await boss.get(f"/console/orders?{query}"))
        assert f"#{ids['held']} " in page, query
    assert "No order fits" in plain(await boss.get("/console/orders?q=nowhere&state=partial&provider=alpha"))
