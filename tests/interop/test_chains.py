"""Three of our panels in a row over real processes: every order type passes through, and the ledgers agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from providers.sandbox import Sandbox
from providers.vocabulary import ServiceType
from tests.flows.panels import Panel, Reseller
from tests.flows.processes import wait_until
from tests.flows.sandboxes import Provider
from tests.interop.upstream import FIRST_SERVICE, KINDS, Upstream
from tests.providers.sandbox_server import serving
from tests.servers import create_database, drop_database

ADDS: dict[ServiceType, dict[str, Any]] = {
    ServiceType.DEFAULT: {"quantity": 1000},
    ServiceType.PACKAGE: {},
    ServiceType.CUSTOM_COMMENTS: {"comments": "good, very\nbad\nügly\nfour"},
    ServiceType.CUSTOM_COMMENTS_PACKAGE: {"comments": "one\ntwo"},
    ServiceType.SEO: {"quantity": 100, "keywords": "a\nb"},
    ServiceType.MENTIONS: {"quantity": 100, "usernames": "ann\nbob"},
    ServiceType.MENTIONS_WITH_HASHTAGS: {"quantity": 100, "usernames": "ann\nbob", "hashtags": "#a\n#b"},
    ServiceType.MENTIONS_CUSTOM_LIST: {"usernames": "ann\nbob\ncarl"},
    ServiceType.MENTIONS_HASHTAG: {"quantity": 100, "hashtag": "#a"},
    ServiceType.MENTIONS_USER_FOLLOWERS: {"quantity": 100, "username": "ann"},
    ServiceType.MENTIONS_MEDIA_LIKERS: {"quantity": 100, "media": "https://x.example/p/1"},
    ServiceType.COMMENT_LIKES: {"quantity": 100, "username": "ann"},
    ServiceType.COMMENT_REPLIES: {"username": "ann", "comments": "one\ntwo\nthree"},
    ServiceType.POLL: {"quantity": 100, "answer_number": "3"},
    ServiceType.INVITES_FROM_GROUPS: {"quantity": 100, "groups": "g1\ng2"},
    ServiceType.SUBSCRIPTIONS: {
        "username": "ann",
        "min": 10,
        "max": 20,
        "posts": 5,
        "delay": 30,
        "expiry": "31/12/2030",
    },
    ServiceType.WEB_TRAFFIC: {
        "quantity": 100,
        "country": "WW",
        "device": "5",
        "type_of_traffic": "2",
        "referring_url": "https://x.example",
    },
    ServiceType.SPECIAL: {"quantity": 100, "emoji": "👍"},
}
"""What an order of each type takes besides its link; lists as lines, which arrive as they left."""
BILLED = {
    ServiceType.DEFAULT: 1000,
    ServiceType.PACKAGE: 1,
    ServiceType.CUSTOM_COMMENTS: 4,
    ServiceType.CUSTOM_COMMENTS_PACKAGE: 1,
    ServiceType.MENTIONS_CUSTOM_LIST: 3,
    ServiceType.COMMENT_REPLIES: 3,
}
FUNDS = Decimal(10_000)
ENDED = ("COMPLETED", "PARTIAL", "CANCELLED")
HOPS = {
    "mystic, then perfectpanel": ("json", "classic"),
    "perfectpanel, then mystic": ("classic", "json"),
    "aggregator": ("ours", "ours"),
}
"""The presets in which the near panel writes to the middle one, and that one to the far one."""
DATABASES = ("sqlite", "postgresql")


class Chain:
    """near buys from middle, middle from far, far from a sandbox."""

    def __init__(self, panels: list[Panel], sandbox: Sandbox, ann: Reseller, accounts: list[Reseller]) -> None:
        self.panels = panels
        self.sandbox = sandbox
        self.ann = ann
        self.accounts = accounts
        """Of the buyers at near, middle and far."""
        self.services = {row["type"]: row["service"] for row in ann.call("services")}

    def add(self, kind: ServiceType, fate: str = "", **fields: Any) -> int:
        link = {} if kind is ServiceType.SUBSCRIPTIONS else {"link": f"https://x.example/{kind}/{fate}"}
        reply = self.ann.call("add", service=self.services[kind], **{**link, **ADDS[kind], **fields})
        assert reply.keys() == {"order"}, (kind, reply)
        return int(reply["order"])

    def wait_for_all(self, orders: list[int]) -> dict[int, Any]:
        """Ask in one call until all have ended."""

        def look() -> dict[str, Any]:
            replies: dict[str, Any] = self.ann.call("status", orders=orders)
            return replies

        told = wait_until(look, lambda replies: all(row["status"] in ENDED for row in replies.values()))
        return {int(order): row for order, row in told.items()}

    def assert_ledgers_agree(self) -> None:
        """Each order ended alike at all three, with the same share paid back; each buyer has paid what it was told."""
        wanted = "select state, charge, refunded, link, type, quantity, runs from orders"
        ledgers = [sorted(map(_line, panel.sql(wanted))) for panel in self.panels]
        assert ledgers[0] == ledgers[1] == ledgers[2]
        for panel, account in zip(self.panels, self.accounts, strict=True):
            kept = panel.sql("select sum(charge - refunded) as kept from orders")[0]["kept"]
            assert account.balance == FUNDS - Decimal(int(kept)).scaleb(-8)


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    share = Decimal(row["refunded"]) / row["charge"]
    return row["link"], row["type"], row["quantity"], row["runs"], row["state"], share


@contextmanager
def _database(kind: str, request: pytest.FixtureRequest, path: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres_url")
    url = create_database(server)
    yield url
    drop_database(server, url)


@pytest.fixture(scope="module", params=[(hops, kind) for hops in HOPS for kind in DATABASES], ids=" on ".join)
def chain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """Three panels, whose books are all proven at the end, over a sandbox that sells every type."""
    hops, kind = request.param
    folder = tmp_path_factory.mktemp("chain")
    sandbox = Sandbox(catalogue=Upstream().rows, speed=0, balance="100000")
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        source = Provider(stack.enter_context(portal.wrap_async_context_manager(serving(sandbox))))
        panels: list[Panel] = []
        accounts: list[Reseller] = []
        for name, dialect in zip(("far", "middle", "near"), (*reversed(HOPS[hops]), "json"), strict=True):
            database = stack.enter_context(_database(kind, request, folder / f"{name}.sqlite"))
            panel = stack.enter_context(Panel(folder / name, database))
            panel.write("providers.toml", source.as_toml("below"))
            panel.write("services.toml", "import_rest = true\n")
            panel.must("sync")
            panel.serve()
            accounts.append(panel.reseller("buyer", funds=FUNDS))
            panels.append(panel)
            source = Provider(panel.url, dialect=dialect, key=accounts[-1].key)
        yield Chain(panels[::-1], sandbox, accounts[-1], accounts[::-1])


def test_every_type_and_every_ending_passes_through_three_panels(chain: Chain) -> None:
    whole = {kind: chain.add(kind) for kind in KINDS}
    chain.wait_for_all([*whole.values()])
    drip = chain.add(ServiceType.DEFAULT, "drip", quantity=100, runs=5, interval=30)
    parts = {
        chain.add(ServiceType.DEFAULT, "partial/157"): ("PARTIAL", 157),
        chain.add(ServiceType.DEFAULT, "cancel"): ("CANCELLED", 1000),
        chain.add(ServiceType.DEFAULT, "cancel/300"): ("CANCELLED", 1000),
        chain.add(ServiceType.DEFAULT, "grow/100/250"): ("PARTIAL", 250),
        chain.add(ServiceType.DEFAULT, "late/7"): ("PARTIAL", 7),
        chain.add(ServiceType.DEFAULT, "refuse/Incorrect-link"): ("CANCELLED", 1000),
        chain.add(ServiceType.CUSTOM_COMMENTS, "partial/1"): ("PARTIAL", 1),
        chain.add(ServiceType.PACKAGE, "cancel"): ("CANCELLED", 1),
        chain.add(ServiceType.DEFAULT, "drip/partial/200", quantity=100, runs=5, interval=30): ("PARTIAL", 200),
        chain.add(ServiceType.DEFAULT, "drip/partial/50", quantity=100, runs=5, interval=30): ("PARTIAL", 50),
        chain.add(ServiceType.SUBSCRIPTIONS, "", username="partial/40"): ("PARTIAL", 40),
        chain.add(ServiceType.SUBSCRIPTIONS, "", username="cancel"): ("CANCELLED", 100),
        chain.add(ServiceType.DEFAULT, "drip/partial/1", quantity=100, runs=5, interval=30): ("PARTIAL", 1),
        chain.add(ServiceType.DEFAULT, "drip/partial/499", quantity=100, runs=5, interval=30): ("PARTIAL", 499),
        chain.add(ServiceType.SUBSCRIPTIONS, "", username="partial/37"): ("PARTIAL", 37),
        chain.add(ServiceType.SUBSCRIPTIONS, "", username="partial/1"): ("PARTIAL", 1),
        chain.add(ServiceType.SUBSCRIPTIONS, "", username="partial/999", max=1000, posts=1): ("PARTIAL", 999),
    }

    told = chain.wait_for_all([*whole.values(), drip])
    assert {told[order]["status"] for order in (*whole.values(), drip)} == {"COMPLETED"}
    wait_until(
        lambda: {order: _ending(row) for order, row in chain.wait_for_all([*parts]).items()}, lambda e: e == parts
    )
    assert told[drip]["runs"] == 5

    _compare_fields(chain, whole)
    chain.assert_ledgers_agree()


def _ending(told: dict[str, Any]) -> tuple[str, int]:
    return told["status"], told["remains"]


def _compare_fields(chain: Chain, orders: dict[ServiceType, int]) -> None:
    """What arrived at the far end of the chain is what was ordered at the near one."""
    kinds = {str(FIRST_SERVICE + number): kind for number, kind in enumerate(KINDS)}
    arrived = {kinds[seen.service]: seen for seen in reversed(chain.sandbox.orders)}
    for kind, order in orders.items():
        wanted = {name: str(value) for name, value in ADDS[kind].items() if name != "quantity"}
        quantity = chain.panels[0].sql(f"select quantity from orders where id = {order}")[0]["quantity"]
        assert arrived[kind].fields == wanted, kind
        assert (arrived[kind].units, quantity) == (BILLED.get(kind, 100),) * 2, kind


def test_drip_feeds_and_subscriptions_called_off_midway_pass_through_three_panels(chain: Chain) -> None:
    """In the middle of a run or post, of which all three tell that it has begun."""
    orders = {
        chain.add(ServiceType.DEFAULT, "slow/drip", quantity=37, runs=7, interval=30): ("runs", 37, 7),
        chain.add(ServiceType.SUBSCRIPTIONS, "", username="slow", min=1, max=37, posts=7): ("posts", 37, 7),
        chain.add(ServiceType.SUBSCRIPTIONS, "", username="slow/one", min=1, max=777, posts=1): ("posts", 777, 1),
    }
    wait_until(
        lambda: chain.ann.call("status", orders=[*orders]),
        lambda rows: all(rows[str(order)]["remains"] < each * bought for order, (_, each, bought) in orders.items()),
    )

    chain.ann.call("cancel", orders=[*orders])

    told = chain.wait_for_all([*orders])
    for order, (parts, each, bought) in orders.items():
        came = each * bought - told[order]["remains"]
        assert (told[order]["status"], 0 < came < each * bought) == ("PARTIAL", True)
        assert told[order][parts] == -(-came // each)
    chain.assert_ledgers_agree()


def test_refills_and_cancels_pass_through_three_panels(chain: Chain) -> None:
    ann = chain.ann
    done, slow, idle = (chain.add(ServiceType.DEFAULT, fate) for fate in ("", "slow", "pending"))
    chain.wait_for_all([done])
    ann.wait_for(slow, "IN_PROGRESS")
    wait_until(lambda: [seen.status for seen in chain.sandbox.orders].count("Pending") == 1)
    refill = ann.call("refill", order=done)["refill"]
    assert "error" in ann.call("refill", order=done)

    replies = ann.call("cancel", orders=[slow, idle])

    assert replies == [{"order": slow, "cancel": 1}, {"order": idle, "cancel": 1}]
    told = chain.wait_for_all([slow, idle])
    assert (told[slow]["status"], told[idle]["status"]) == ("PARTIAL", "CANCELLED")
    wait_until(lambda: ann.call("refill_status", refill=refill), lambda reply: reply == {"status": "COMPLETED"})
    chain.assert_ledgers_agree()


LARGE = {
    "57 KiB that are not English": "\n".join(f"Очень хорошая запись, спасибо! {number}" for number in range(950)),
    "20,000 comments": "\n".join(f"comment {number}" for number in range(20_000)),
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_a_large_text_passes_through_three_panels(chain: Chain, text: str) -> None:
    order = chain.add(ServiceType.CUSTOM_COMMENTS, "", comments=text)
    told = chain.wait_for_all([order])
    assert told[order]["status"] == "COMPLETED"
    assert chain.sandbox.orders[-1].fields["comments"] == text
