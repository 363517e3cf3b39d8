"""Orders of more units than a database can count are more than anybody can pay, never a failure of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from providers.vocabulary import ServiceType
from tests.interop.market import market, service
from tests.interop.upstream import Upstream

POORER = {"error": "Insufficient balance in wallet."}
HUGE = 2**63 - 1


@pytest.mark.parametrize(
    ("most", "posts", "old_posts"), [(1, HUGE, HUGE), (1, 2**62, 2**62), (2, 2**62, 0), (1_000_000, 2**43, 2**10)]
)
async def test_more_units_than_can_be_counted_are_more_than_a_wallet_holds(
    tmp_path: Path, empty_url: str, most: int, posts: int, old_posts: int
) -> None:
    """At a price so small that the charge alone would be a sum like any other."""
    async with market(tmp_path, empty_url, upstreams={"alpha": Upstream(rate="0.000001")}) as trade:
        ann = await trade.reseller()
        fields = {"username": "ann", "min": 1, "max": most, "posts": posts, "old_posts": old_posts, "delay": 0}
        reply = await ann.json("add", service=service(ServiceType.SUBSCRIPTIONS), **fields)
        assert (reply.status_code, reply.json()) == (400, POORER)
        assert (await ann.json("balance")).json()["balance"] == "1000.00"


@pytest.mark.parametrize(
    ("field", "number", "said"),
    [
        ("posts", -5, "posts must not be negative"),
        ("old_posts", "-5", "old_posts must not be negative"),
        ("min", -5, "min must not be negative"),
        ("max", -5, "min must not be above max"),
        ("delay", -5, "delay must be one of "),
        ("posts", "1.5", "posts must be a whole number"),
    ],
)
async def test_a_subscription_of_less_than_nothing_says_what_is_wrong(
    tmp_path: Path, fresh_sqlite: str, field: str, number: object, said: str
) -> None:
    async with market(tmp_path, fresh_sqlite, upstreams={"alpha": Upstream()}) as trade:
        ann = await trade.reseller()
        order = {"username": "ann", "min": 1, "max": 10, "posts": 2, "delay": 0, field: number}
        reply = await ann.json("add", service=service(ServiceType.SUBSCRIPTIONS), **order)
        assert reply.status_code == 400
        assert reply.json()["error"].startswith(said)
        words = {"posts": "NaN", "old_posts": "undefined", "delay": 0, "min": 1, "max": 10, "username": "ann"}
        for send, code in ((ann.json, 201), (ann.form, 200)):
            assert (await send("add", service=service(ServiceType.SUBSCRIPTIONS), **words)).status_code == code
        assert (await ann.json("add", service=1, link="xx", quantity=5, runs=-5, interval=5)).json() == {
            "error": "runs must not be negative"
        }
        told = (await ann.json("add", service=1, link="xx", quantity=5, runs=2, interval=-5)).json()["error"]
        assert told == "interval must be between 1 and 525600 minutes"
