"""An add was not taken, says the balance, only where it was read at once and has not moved both ways since."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aggregator.audit.run import audit
from aggregator.orders.unsure import evidence
from aggregator.orders.unsure.evidence import Account, AccountReading, Glance, Sum, TakenAdds, UnsureAdd
from aggregator.orders.unsure.evidence_store import suggest
from tests.builders import make_reseller, order_now
from tests.evidence.inquiries import BALANCE_DECIDES, PACE, Inquiry, deciders, inquiry, looks_at
from tests.orders.panels import open_panel, sandbox

CENT = Decimal("0.01")


class Blind:
    """A sandbox whose balance cannot be read while it is told so."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.blind = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if self.blind and b"action=balance" in body:
            headers = [(b"content-type", b"text/html"), (b"content-length", b"5")]
            await send({"type": "http.response.start", "status": 502, "headers": headers})
            await send({"type": "http.response.body", "body": b"<html"})
            return
        await self.app(scope, Once(body, receive), send)


class Once:
    """The body that was read already, then whatever the connection says."""

    def __init__(self, body: bytes, receive: Any) -> None:
        self._body: bytes | None = body
        self._receive = receive
        self.__self__ = getattr(receive, "__self__", None)  # the sandbox hangs up through it

    async def __call__(self) -> Any:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


@asynccontextmanager
async def blind_inquiry(folder: Path, url: str) -> AsyncIterator[tuple[Inquiry, Blind]]:
    alpha = sandbox()
    blind = Blind(alpha)
    async with open_panel(folder, url, {"alpha": blind}, pace=PACE, more=BALANCE_DECIDES) as panel:
        yield Inquiry(panel, alpha, await make_reseller()), blind
        assert [finding for finding in await audit() if finding.broken] == []


async def test_a_credit_before_the_first_look_makes_it_a_suggestion(tmp_path: Path, panel_database: str) -> None:
    """The order was taken, its cost was paid in, and only then somebody looked: bought twice, if that were believed."""
    async with blind_inquiry(tmp_path, panel_database) as (case, blind):
        await case.settle_down()
        blind.blind = True
        order = await case.order("lost")
        blind.blind = False
        case.alpha.set_balance("1000")
        await case.panel.syncer.sync("alpha")

        await case.look(6)

        assert ((await order_now(order.id)).state, await deciders(order)) == ("unsure", [])
        looks = await looks_at(order)
        assert (looks[-1].verdict, looks[-1].told["why"]) == ("absent", "the balance was not read at once after it")
        assert str(suggest(looks)).startswith("perhaps it was not taken")


async def test_looked_at_at_once_the_money_was_gone(tmp_path: Path, panel_database: str) -> None:
    async with inquiry(tmp_path, panel_database, offers={}) as case:
        await case.settle_down()
        order = await case.order("lost")
        case.alpha.set_balance("1000")
        await case.panel.syncer.sync("alpha")

        await case.look(6)

        assert ((await order_now(order.id)).state, await deciders(order)) == ("unsure", [])
        assert case.taken(order) == 1


async def test_looked_at_at_once_the_money_was_there(tmp_path: Path, panel_database: str) -> None:
    async with inquiry(tmp_path, panel_database, offers={}) as case:
        await case.settle_down()
        order = await case.order("lostno", quantity=700)
        glance = (await looks_at(order))[0]
        assert (glance.rule, glance.told["at_once"]) == ("balance", "1000")
        await case.panel.syncer.sync("alpha")

        await case.look(6)

        assert await deciders(order) == [("rule:balance", "absent")]


CLEAN = AccountReading(Decimal(100), {}, 0)
NONE_MISSING = Sum(Decimal(0), CENT, Decimal(0))


def glance(balance: str, *, risen: str = "0", fallen: str = "0", bought: str = "0") -> Glance:
    return Glance(balance=Decimal(balance), at=5, risen=Decimal(risen), fallen=Decimal(fallen), bought=Decimal(bought))


def doubts(seen: Glance | None, *, risen: str = "0", fallen: str = "0") -> dict[int, str]:
    """Of one add of 2.40 that nothing is missing for."""
    account = Account(baseline=CLEAN, risen=Decimal(risen), fallen=Decimal(fallen), digits=2, charge_digits=2)
    add = UnsureAdd(attempt=1, cost=Decimal("2.40"), glance=seen)
    return evidence.unproven(account, NONE_MISSING, [add], TakenAdds(frozenset()))


@pytest.mark.parametrize(
    ("seen", "risen", "fallen", "said"),
    [
        (None, "0", "0", "not read at once"),
        (glance("97.60"), "0", "0", "2.4 were gone"),
        (glance("99.98"), "0", "0", "0.02 were gone"),
        (glance("99.99"), "0", "0", ""),
        (glance("100"), "0", "0", ""),
        (glance("95", bought="5"), "0", "5", ""),
        (glance("92.60", bought="5"), "0", "7.40", "2.4 were gone"),
        (glance("100"), "2.40", "0", ""),
        (glance("100"), "0", "2.40", ""),
        (glance("100"), "2.40", "2.40", "both ways"),
        (glance("100", risen="2.40", fallen="2.40"), "2.40", "2.40", ""),
        (glance("100", fallen="2.40"), "2.40", "2.40", ""),
    ],
)
def test_what_a_credit_could_have_turned_round_is_only_suggested(
    seen: Glance | None, risen: str, fallen: str, said: str
) -> None:
    told = doubts(seen, risen=risen, fallen=fallen)
    assert said in told[1] if said else told == {}


def test_what_an_earlier_add_took_explains_a_fall_and_a_later_one_does_not() -> None:
    account = Account(baseline=CLEAN, digits=2, charge_digits=2)
    for taken, doubtful in ((1, set()), (3, {2})):
        adds = [
            UnsureAdd(attempt=taken, cost=Decimal(5)),
            UnsureAdd(attempt=2, cost=Decimal("2.40"), glance=glance("95")),
        ]
        total = Sum(Decimal(5), CENT, Decimal(0))
        assert evidence.unproven(account, total, adds, TakenAdds(frozenset({taken}))).keys() == doubtful


def test_every_look_counts_what_went_out() -> None:
    account = evidence.look(Account(), Decimal("10.00"), 1, unobserved_ms=100)
    for at, balance in enumerate(("8.00", "9.00", "8.50"), 2):
        account = evidence.look(account, Decimal(balance), at, unobserved_ms=100)
    assert (account.risen, account.fallen) == (Decimal("0.99"), Decimal("2.48"))
