"""A panel on a busy day, for pages that show everything; its texts are as friendly or hostile as a test wants them."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from aggregator.catalog import learned_store, store
from aggregator.catalog.model import Change, ChangeKind, Hold, HoldKind
from aggregator.catalog.upstream import word_store
from aggregator.orders import attempt_store
from aggregator.orders import store as order_store
from aggregator.orders.settling.settle import settle
from aggregator.orders.unsure import evidence_store
from aggregator.orders.unsure.evidence_store import Rule, Seen
from aggregator.resellers import accounts
from aggregator.resellers.model import Reseller
from aggregator.settings import MARKUP_FILE
from aggregator.storage import clock, decisions, tables
from aggregator.storage.transaction import write
from pricing.money import SCALE
from tests.builders import accept_order, active_order, days_ago, make_reseller, order_now, set_attempt, unsure_order
from tests.catalog.goods import row
from tests.web.kit import Web

Say = Callable[[str], str]
"""What stands where a provider, a reseller or an owner would write this."""


def plainly(text: str) -> str:
    return text


async def busy_day(web: Web, say: Say = plainly) -> dict[str, int]:
    """Orders in every state, things held, words unknown, prices revised; the ids of what a page can show."""
    ann, bob = await make_reseller(say("boost-panel"), funds=480 * SCALE), await make_reseller(say("smmking"))
    await accounts.fund(ann.name, 25 * SCALE, reference=say("wire-77"), note=say("March"), actor="olga")
    await accounts.change(
        bob.name, tier=say("vip"), spelling=None, frozen=True, actor="olga", reason=say("asked for it")
    )
    for number in range(24):
        with days_ago(11 - number // 2):
            await _past_order(ann if number % 3 else bob, number, say)
    unsure = await _unsure(ann, say)
    held = await _held(bob, say)
    await accept_order(ann, link=say("https://instagram.com/waiting"))
    await _catalogue(say)
    await write(
        lambda: word_store.hear("alpha", "status", say("wird bearbeitet"), say('{"status": "wird bearbeitet"}'), 41)
    )
    await write(
        lambda: word_store.hear("alpha", "error", say("balance too low!"), say('{"error": "balance too low!"}'), 3)
    )
    revision = await _prices(say)
    await web.panel.prices.reload(web.panel.upstreams)
    return {"unsure": unsure, "held": held, "ann": ann.id, "revision": revision, "partial": 3}


async def _prices(say: Say) -> int:
    """Two revisions of the markup; the first of them."""
    comment = "".join(f"# {line}\n" for line in say("a quarter upon the cost").splitlines())
    first = await store.add_revision(MARKUP_FILE, f"{comment}[default]\npercent = 20\n", say("olga"))
    await store.add_revision(MARKUP_FILE, f"{comment}[default]\npercent = 25\n", "file")
    return first


async def _past_order(reseller: Reseller, number: int, say: Say) -> None:
    order = await active_order(
        reseller,
        upstream=say(f"ord-{number}"),
        link=say(f"https://instagram.com/somebody.{number}"),
        fields={"comments": say("great\nvery great")} if number == 1 else {},
    )
    await settle(order, (0, 0, 300, 0, 1000)[number % 5], note=say("as its provider says, confirmed"))


async def _unsure(reseller: Reseller, say: Say) -> int:
    order = await unsure_order(reseller, seconds_ago=400)
    (attempt,) = await attempt_store.of_order(order.id)
    reply = {
        tables.Attempt.reply: say("<html><h1>502 Bad Gateway</h1></html>"),
        tables.Attempt.error: "UNKNOWN",
        tables.Attempt.error_text: say("answered with a page"),
    }
    await set_attempt(attempt.id, reply)
    await evidence_store.note(attempt.id, Rule.BALANCE, Seen.ABSENT, {"before": say("25.00"), "after": say("25.00")})
    await evidence_store.note(attempt.id, Rule.LIST, Seen.FAILED, {"said": say("timeout")})
    return order.id


async def _held(reseller: Reseller, say: Say) -> int:
    order = await active_order(reseller, upstream=say("held-1"), link=say("https://tiktok.com/@held"))
    (attempt,) = await attempt_store.of_order(order.id)
    await set_attempt(attempt.id, {tables.Attempt.poll_at: clock.now() - 600_000})
    await order_store.hold(await order_now(order.id), say("alpha no longer knows it"))
    await write(
        lambda: decisions.record("order", order.id, "noted", say("a call"), actor="olga", reason=say("asked them"))
    )
    return order.id


async def _catalogue(say: Say) -> None:
    was = row("alpha:31", "2.00", name=say("Instagram Followers | Real"), category=say("Instagram Followers"))
    now = replace(was, rate="9.00", name=say("Instagram Followers | Real | Refill 30 days"))
    others = [
        row(f"alpha:{number}", "1.25", name=say(f"TikTok Views {number}"), category=say("TikTok Views"))
        for number in range(40, 52)
    ]
    await store.put_listings([now, *others])
    hold = Hold(kind=HoldKind.DEARER, reason=say("price rose from 2.00 to 9.00, by 350 %"), accepted=was)
    await write(lambda: learned_store.put_holds("alpha", {"31": hold}))
    told = [Change("31", ChangeKind.DEARER, "2.00", "9.00", say("Instagram Followers"))]
    await write(lambda: store.add_changes("alpha", told))
    await store.set_provider(
        "alpha",
        rest_until=clock.now() + 400_000,
        rest_reason=say("3 calls in a row failed"),
        sync_error=say("TRANSPORT: no connection"),
        held_catalogue=say("the catalogue shrank by 60 %"),
    )


def pages(ids: dict[str, int]) -> list[str]:
    """Every page of the console; without ids, those that need none."""
    plain = [
        "/console",
        "/console/prices",
        "/console/prices/why",
        "/console/prices/why?service=1",
        "/console/services",
        "/console/services/1",
        "/console/services/held",
        "/console/services/matches",
        "/console/providers",
        "/console/providers/new",
        "/console/providers/of/alpha",
        "/console/providers/words",
        "/console/providers/words?all=1",
        "/console/orders",
        "/console/orders?q=instagram&state=completed",
        "/console/orders/unsure",
        "/console/orders/held",
        "/console/resellers",
        "/console/audit",
        "/console/decisions",
    ]
    if not ids:
        return plain
    orders = [f"/console/orders/{ids[name]}" for name in ("unsure", "held", "partial")]
    return [*plain, *orders, f"/console/prices/{ids['revision']}", f"/console/resellers/{ids['ann']}"]
