"""A panel in which every text of a reseller, an owner or a provider is what a test wants, written straight into tables.

Each place marks its texts with its own name, so that a test can ask of a page: did it show all of them, of this place?
Where a place has one row for each text, `marked` fills it; where it has only a few, `spread` puts many into each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from aggregator.audit.promise import Stops
from aggregator.audit.store import Finding
from aggregator.catalog import learned_store, store
from aggregator.catalog.model import Change, ChangeKind, Hold, HoldKind
from aggregator.orders.intake import accept_store
from aggregator.settings import MARKUP_FILE
from aggregator.storage import clock, tables
from aggregator.storage.transaction import write
from tests.builders import new_order
from tests.catalog.goods import row
from tests.web.kit import Visitor, Web

FEW = 5
"""Rows into which all texts are spread."""
NEWEST = 8
"""The same for orders, of which the first page of a reseller shows so many."""
BRAVO = '[[provider]]\nname = "bravo"\nurl = "http://127.0.0.1:1/api/v2"\nkey = "env:SANDBOX_KEY"\ncurrency = "USD"\n'
"""A second provider, so that there are matches."""


class HostileData(Struct, frozen=True, kw_only=True):
    """Ids of rows that hold all texts."""

    order: int
    reseller: int
    person: int
    """Who signs in for that reseller."""
    keys: tuple[int, int]
    """One of anna's, one of that reseller."""
    revision: int
    services: tuple[int, ...]
    """Of ours, a few that have all together."""
    unsold: tuple[int, ...]


def marked(texts: Sequence[str], place: str) -> list[str]:
    return [f"{text}~{place}" for text in texts]


def spread(texts: Sequence[str], place: str, rows: int = FEW) -> list[str]:
    """So many texts that have all of them."""
    return [" ".join(marked(texts[start::rows], place)) for start in range(rows)]


def whole(texts: Sequence[str], place: str) -> str:
    return "\n".join(marked(texts, place))


async def fill_with_hostile_data(web: Web, anna: Visitor, texts: Sequence[str]) -> HostileData:
    """Put the texts wherever somebody can put one; what is not told here is alike for any texts of their number."""
    services, unsold = await _catalogue(web, texts)
    orders = await _orders(anna.reseller, texts, services)
    await write(lambda: _told_of(orders, texts))
    reseller, person, keys = await write(lambda: _people(anna, texts))
    await write(lambda: _providers(texts))
    # TOML takes no control characters in a comment.
    comments = "".join(f"# {text}\n".replace("\x0b", " ") for text in marked(texts, "comment"))
    revision = 0
    for author in spread(texts, "author"):
        revision = await store.add_revision(MARKUP_FILE, f"{comments}[default]\npercent = 20\n", author)
    await store.add_revision(MARKUP_FILE, "[default]\npercent = 25\n", "file")
    await web.panel.prices.reload(web.panel.upstreams)
    return HostileData(
        order=orders[-1],
        reseller=reseller,
        person=person,
        keys=keys,
        revision=revision,
        services=tuple(services[:FEW]),
        unsold=tuple(unsold),
    )


async def _catalogue(web: Web, texts: Sequence[str]) -> tuple[list[int], list[int]]:
    """Our ids: of a few services with many texts each, and then of one for each text; and of what is not sold."""
    await tables.Listing.raw("update listings set missing = 9")
    some = [
        row(f"alpha:s{n}", "2", name=name, category=category, description=description)
        for n, (name, category, description) in enumerate(
            zip(*(spread(texts, place) for place in ("name", "category", "description")), strict=True)
        )
    ]
    each = [
        row(
            f"alpha:e{n}",
            "2",
            name=f"group{n // 50} {text}~name",
            category=f"{text}~category",
            description=f"{text}~description",
        )
        for n, text in enumerate(texts)
    ]
    alike = [
        row(f"{provider}:m{n}", rate, name=f"Instagram Followers | Refill 30 days | {name}", category="Instagram")
        for n, name in enumerate(spread(texts, "match"))
        for provider, rate in (("alpha", "3"), ("bravo", "3.1"))
    ]
    flawed = [row(f"alpha:f{n}", "2", flaw=flaw) for n, flaw in enumerate(spread(texts, "flaw"))]
    await store.put_listings([*some, *each, *alike, *flawed])
    listed = [one.service for one in (*some, *each, *alike, *flawed) if one.provider == "alpha"]
    await store.give_ids("alpha", listed)
    await store.give_ids("bravo", [one.service for one in alike if one.provider == "bravo"])
    await _held(texts)
    await web.panel.prices.reload(web.panel.upstreams)
    known = await store.imported()
    return [known["alpha", one.service] for one in (*some, *each)], [known["alpha", one.service] for one in flawed]


async def _held(texts: Sequence[str]) -> None:
    told = zip(*(spread(texts, place) for place in ("held", "was", "once")), strict=True)
    holds = {
        f"f{n}": Hold(
            kind=HoldKind.DEARER, reason=reason, accepted=row(f"alpha:f{n}", "2", name=name, category=category)
        )
        for n, (reason, name, category) in enumerate(told)
    }
    await write(lambda: learned_store.put_holds("alpha", holds))
    changes = [
        Change(service, ChangeKind.DEARER, before, "2", name)
        for service, before, name in zip(
            *(spread(texts, place) for place in ("their id", "before", "changed")), strict=True
        )
    ]
    await write(lambda: store.add_changes("alpha", changes))


async def _orders(reseller: int, texts: Sequence[str], services: Sequence[int]) -> list[int]:
    """One for each text, then some with many, the last with all."""
    links = [*marked(texts, "link"), *spread(texts, "link", NEWEST), whole(texts, "link")]
    sold = [*services[FEW:], *(services[n % FEW] for n in range(NEWEST)), services[0]]
    batch = [
        new_order(reseller, link=link, service=service, charge=1, fields={"comments": marked(texts, "comments")})
        if place == len(links) - 1
        else new_order(reseller, link=link, service=service, charge=1)
        for place, (link, service) in enumerate(zip(links, sold, strict=True))
    ]
    done = await accept_store.accept(batch)
    return [one.order for one in done if isinstance(one, accept_store.Accepted)]


async def _told_of(orders: Sequence[int], texts: Sequence[str]) -> None:
    """What providers and owners said of orders: of the last all that there is, of others that they are in doubt."""
    now, last = clock.now(), orders[-1]
    answers = zip(marked(texts, "error"), marked(texts, "reply"), strict=True)
    await _insert(
        tables.Attempt,
        [_attempt(last, "refused", error_text=error, reply=reply) for error, reply in answers],
    )
    await _insert(
        tables.Event, [{"order_id": last, "state": "queued", "text": t, "at": now} for t in marked(texts, "event")]
    )
    decided = zip(*(marked(texts, place) for place in ("verdict", "detail", "actor", "reason")), strict=True)
    await _insert(
        tables.Decision,
        [
            {
                "subject": "order",
                "subject_id": last,
                "at": now,
                "verdict": verdict,
                "detail": detail,
                "actor": actor,
                "reason": reason,
            }
            for verdict, detail, actor, reason in decided
        ],
    )
    for order, held, theirs in zip(orders[:FEW], spread(texts, "hold"), spread(texts, "upstream"), strict=False):
        await tables.Order.raw("update orders set state = 'active', held = {} where id = {}", held, order)
        await _insert(tables.Attempt, [_attempt(order, "accepted", upstream_order=theirs)])
    for order, error, reply, facts, service in zip(
        orders[FEW:], *(spread(texts, place) for place in ("error", "reply", "facts", "service")), strict=False
    ):
        await tables.Order.raw("update orders set state = 'unsure' where id = {}", order)
        await _insert(tables.Attempt, [_attempt(order, "unsure", error_text=error, reply=reply, service=service)])
        rows = await tables.Attempt.raw("select max(id) as id from attempts")
        seen = {"attempt": rows[0]["id"], "rule": "list", "verdict": "failed", "at": now}
        await _insert(tables.Observation, [{**seen, "facts": msgspec.json.encode({"said": facts}).decode()}])


def _attempt(order: int, outcome: str, **told: Any) -> dict[str, Any]:
    usual = {
        "order_id": order,
        "provider": "alpha",
        "service": "e1",
        "outcome": outcome,
        "cost": 1,
        "cost_theirs": "1",
        "currency": "USD",
        "fx": "1",
        "deadline_at": 0,
        "created_at": clock.now(),
        "answered_at": clock.now(),
    }
    return usual | told


async def _people(anna: Visitor, texts: Sequence[str]) -> tuple[int, int, tuple[int, int]]:
    """Resellers under each name, one more with all of them, and what anna wrote beside her keys and payments."""
    now, mine = clock.now(), {"reseller": anna.reseller}
    names = [*zip(marked(texts, "reseller"), marked(texts, "tier"), strict=True)]
    names.append((whole(texts, "reseller"), whole(texts, "tier")))
    usual = {"spelling": "auto", "frozen": False, "created_at": now}
    await _insert(tables.Reseller, [{"name": name, "tier": tier, **usual} for name, tier in names])
    await tables.Wallet.raw(
        "insert into wallets (reseller, currency, balance) select id, 'USD', 0 from resellers where id > {}"
        " and id not in (select reseller from wallets)",
        anna.reseller,
    )
    last = int((await tables.Reseller.raw("select max(id) as id from resellers"))[0]["id"])
    person = {"role": "reseller", "reseller": last, "password": "", "created_at": now}
    await _insert(tables.Person, [{"name": whole(texts, "person"), **person}])
    key = {"prefix": "agg", "read_only": False, "same_link": "allow", "created_at": now}
    labels = [(anna.reseller, label, f"d{n}") for n, label in enumerate(marked(texts, "label"))]
    labels += [(last, label, f"e{n}") for n, label in enumerate(spread(texts, "label"))]
    labels += [(anna.reseller, whole(texts, "label"), "all"), (last, whole(texts, "label"), "more")]
    await _insert(
        tables.ApiKey, [{"reseller": who, "label": label, "digest": digest, **key} for who, label, digest in labels]
    )
    entry = {"source": "gateway:manual", "amount": 1, "balance": 1, "at": now}
    notes = [({**mine, "target": f"wallet:{anna.reseller}"}, note) for note in marked(texts, "note")]
    notes += [({"reseller": last, "target": f"wallet:{last}"}, note) for note in spread(texts, "note")]
    await _insert(
        tables.Entry,
        [{**entry, **whose, "note": note, "reference": f"r{n}{note}"} for n, (whose, note) in enumerate(notes)],
    )
    keys = await tables.ApiKey.raw("select id from api_keys where digest in ({}, {}) order by id", "all", "more")
    people = await tables.Person.raw("select id from people where reseller = {}", last)
    return last, people[0]["id"], (keys[0]["id"], keys[-1]["id"])


async def _providers(texts: Sequence[str]) -> None:
    """What is kept of providers, of words that nobody understands, of news, and of a red audit."""
    now = clock.now()
    told = {name: whole(texts, name) for name in ("rest_reason", "sync_error", "held_catalogue")}
    await store.set_provider(
        "alpha",
        rest_until=now + 10**9,
        rest_reason=told["rest_reason"],
        sync_error=told["sync_error"],
        held_catalogue=told["held_catalogue"],
    )
    await store.set_provider("bravo", sync_error=told["sync_error"])
    words = zip(marked(texts, "word"), marked(texts, "answer"), ("status", "error") * len(texts), strict=False)
    usual = {"provider": "alpha", "times": 1, "first_at": now, "last_at": now}
    await _insert(tables.Word, [{"kind": kind, "text": text, "reply": reply, **usual} for text, reply, kind in words])
    news = {"service": 1, "kind": "dearer", "before": 1, "now": 2, "rate_per": 1000, "at": now}
    await _insert(tables.ShelfNews, [{"name": name, **news} for name in spread(texts, "news", 50)])
    found = Finding("M1", "promise", whole(texts, "promise"), Stops.NOTHING, 1, spread(texts, "broken"))
    run = {"complete": True, "at": now, "milliseconds": 1, "checked": 1, "green": False}
    failed = {"failure": whole(texts, "failure")}
    await _insert(tables.AuditRun, [{"red": msgspec.json.encode([found]).decode(), **run, **failed}])


async def _insert(table: Any, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 200):
        await table.insert(*(table(**one) for one in rows[start : start + 200]))
