"""However an order ends, a panel that resells us pays its customer what we paid back, or it loses the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from providers.vocabulary import ServiceType
from tests.api.served import Client
from tests.interop.market import BRAVOS, Market, service, status, wallet
from tests.interop.readers import (
    BUYERS_OF_SUBSCRIPTIONS,
    CENT,
    EVERYBODY,
    RUNS_THEIR_OWN_DRIP_FEED,
    Follow,
    Sale,
    Verdict,
    read_new_order,
)

CUT_IN_A_RUN = "cut in a run"
DRIP_FEED = {"quantity": 100, "runs": 5, "interval": 30}
SUBSCRIPTION = {"username": "u", "min": 10, "max": 20, "posts": 5, "delay": 0}
LINES = {"comments": "one\ntwo\nthree\nfour", "quantity": 99}


class Ending(NamedTuple):
    """One way in which an order ends."""

    says: Sequence[dict[str, Any]]
    """What its provider says, one answer after the other."""
    status: str
    """What we say at last."""
    back: str
    """What comes back of each dollar."""
    kind: ServiceType = ServiceType.DEFAULT
    fields: Mapping[str, Any] = MappingProxyType({})
    sold: tuple[int, int, int] = (1000, 1, 0)
    """Units, runs, posts."""


def partial(remains: object, **more: object) -> dict[str, Any]:
    return {"status": "Partial", "remains": remains, **more}


RUNNING = {"status": "In progress", "remains": "700", "charge": "2.00", "start_count": "572"}
DONE = {"status": "Completed", "remains": "0"}
OFF = {"status": "Canceled", "remains": "0"}
JSON_OFF = {"status": "CANCELLED", "remains": 250}
AT_BRAVO = {"service": service(ServiceType.DEFAULT, of=BRAVOS)}
DRIP: dict[str, Any] = {"fields": DRIP_FEED, "sold": (500, 5, 0)}
WATCH: dict[str, Any] = {"kind": ServiceType.SUBSCRIPTIONS, "fields": SUBSCRIPTION, "sold": (100, 1, 5)}

ENDINGS: dict[str, dict[str, Ending]] = {
    "whole": {
        "completed": Ending([RUNNING, DONE], "Completed", "0"),
        "completed, some said to remain": Ending([RUNNING, {**DONE, "remains": "40"}], "Completed", "0"),
        "over-delivered": Ending([RUNNING, {**DONE, "remains": "-30"}], "Completed", "0"),
        "cancelled": Ending([RUNNING, OFF], "Canceled", "1"),
        "cancelled and called refunded": Ending([{"status": "Refunded"}], "Canceled", "1"),
        "cancelled, JSON": Ending([{"status": "CANCELLED", "remains": 0}], "Canceled", "1", fields=AT_BRAVO),
        "a package": Ending([OFF], "Canceled", "1", ServiceType.PACKAGE, sold=(1, 1, 0)),
    },
    "part": {
        "by remains": Ending([RUNNING, partial("157")], "Partial", "0.157"),
        "by charge": Ending([RUNNING, RUNNING, partial("0", charge="1.50")], "Partial", "0.25"),
        "by charge alone": Ending([RUNNING, RUNNING, partial(None, charge="0.50")], "Partial", "0.75"),
        "with more than all": Ending([RUNNING, partial("1200")], "Canceled", "1"),
        "a third": Ending([RUNNING, partial("1")], "Partial", "0.333", fields={"quantity": 3}, sold=(3, 1, 0)),
        "cancelled in part, JSON": Ending([JSON_OFF], "Partial", "0.25", fields=AT_BRAVO),
        "comments": Ending([partial("1")], "Partial", "0.25", ServiceType.CUSTOM_COMMENTS, LINES, (4, 1, 0)),
    },
    "late": {
        "completed, then partial": Ending([DONE, partial("300")], "Partial", "0.3"),
        "partial, then more": Ending([partial("200"), partial("500")], "Partial", "0.5"),
        "partial, then less": Ending([partial("500"), partial("200")], "Partial", "0.5"),
        "partial, then running again": Ending([partial("500"), RUNNING, DONE], "Partial", "0.5"),
        "completed, then cancelled": Ending([DONE, OFF], "Canceled", "1"),
    },
    "drip-feed": {
        "completed": Ending([{"status": "Completed", "runs": 5}], "Completed", "0", **DRIP),
        "cut between runs": Ending([partial("200")], "Partial", "0.4", **DRIP),
        "told by its runs": Ending([{"status": "Partial", "runs": 3}], "Partial", "0.4", **DRIP),
        CUT_IN_A_RUN: Ending([partial("250")], "Partial", "0.5", **DRIP),
        "cancelled": Ending([OFF], "Canceled", "1", **DRIP),
    },
    "subscription": {
        "completed": Ending([{"status": "Completed", "posts": 5}], "Completed", "0", **WATCH),
        "expired": Ending([{"status": "Expired", "posts": 2}], "Expired", "0.6", **WATCH),
        "ended early": Ending([{"status": "Completed", "posts": 4}], "Expired", "0.2", **WATCH),
        "cancelled late": Ending([{"status": "Canceled", "posts": 1}], "Expired", "0.8", **WATCH),
        "cancelled": Ending([{"status": "Canceled", "posts": 0}], "Canceled", "1", **WATCH),
    },
}


def is_read_by(reader: str, name: str, ending: Ending) -> bool:
    """Whether this panel buys such orders; SmartPanel pays whole runs, and so cannot follow a run cut in its middle."""
    if ending.kind is ServiceType.SUBSCRIPTIONS:
        return reader in BUYERS_OF_SUBSCRIPTIONS
    if reader.startswith("SP4") and name == CUT_IN_A_RUN:
        return False
    return ending.sold[1] == 1 or reader not in RUNS_THEIR_OWN_DRIP_FEED


async def read_by_all(ann: Client, order: int, sale: Sale) -> dict[str, list[Verdict]]:
    """What each panel makes of the order, asking in each way that such panels ask."""
    lists = [{"action": "status"}, {"action": "orders"}]
    replies = [await status(ann, order)]
    for fields in lists:
        reply = await ann.http.post("/api/v2", data={"key": ann.key, "orders": f"{order}", **fields})
        replies.append(reply.json()[str(order)])
    return {name: [read(reply, sale) for reply in replies] for name, read in EVERYBODY.items()}


@pytest.mark.parametrize("group", ENDINGS)
async def test_what_comes_back_passes_through(trade: Market, ann: Client, group: str) -> None:
    for name, ending in ENDINGS[group].items():
        before = await wallet(ann)
        order = await trade.buy(ann, ending.kind, **ending.fields)
        charge = before - await wallet(ann)
        sale = Sale(charge, *ending.sold)
        opened = await read_by_all(ann, order, sale)
        for says in ending.says:
            await trade.ask(order, **says)

        back = await wallet(ann) - before + charge
        told = await status(ann, order)
        verdicts = await read_by_all(ann, order, sale)

        assert (told["status"], round(back / charge, 3)) == (ending.status, Decimal(ending.back)), (name, told)
        assert Decimal(told["charge"]) == charge - back, (name, told)
        for reader in EVERYBODY:
            if is_read_by(reader, name, ending):
                assert {verdict.follow for verdict in opened[reader]} == {Follow.OPEN}, (name, reader)
                assert {verdict.follow for verdict in verdicts[reader]} == {Follow.ENDED}, (name, reader)
                assert all(abs(verdict.back - back) <= CENT for verdict in verdicts[reader]), (name, reader, back)


async def test_an_order_that_nobody_takes_is_cancelled_for_every_panel(trade: Market, ann: Client) -> None:
    """What is refused upstream shows up as cancelled, with everything undelivered and nothing charged."""
    for upstream in trade.upstreams.values():
        upstream.refuses = "Incorrect link"
    order = await trade.buy(ann)
    sale = Sale(Decimal("2.5"), 1000)
    assert await wallet(ann) == Decimal(1000)
    assert {verdict for read in (await read_by_all(ann, order, sale)).values() for verdict in read} == {
        Verdict(Follow.ENDED, Decimal("2.5"))
    }


async def test_an_order_called_off_in_the_queue_is_cancelled_for_every_panel(trade: Market, ann: Client) -> None:
    order = (await ann.form("add", service=1, link="user", quantity=1000)).json()["order"]
    await ann.form("cancel", orders=order)
    verdicts = await read_by_all(ann, order, Sale(Decimal("2.5"), 1000))
    assert {verdict for read in verdicts.values() for verdict in read} == {Verdict(Follow.ENDED, Decimal("2.5"))}


async def test_every_panel_keeps_the_same_id_of_a_new_order(trade: Market, ann: Client) -> None:
    """Some send fields along that this type does not take, empty or not."""
    for fields in ({}, {"comments": "", "quantity": "1000"}, {"runs": "", "interval": ""}):
        wanted = {"service": 1, "link": "user", "quantity": 1000, **fields}
        reply = (await ann.form("add", **wanted)).json()
        assert {read_new_order(reader, reply) for reader in EVERYBODY} == {reply["order"]}


async def test_no_panel_keeps_an_id_of_a_refused_order(trade: Market, ann: Client) -> None:
    reply = (await ann.form("add", service=1, link="user", quantity=0)).json()
    kept = {read_new_order(reader, reply) for reader in EVERYBODY if reader != "typed client"}
    assert kept == {None, -3}
