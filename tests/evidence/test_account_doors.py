"""A provider's address or key may lead to another account: nothing there decides about orders of the first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from aggregator.app import Panel
from aggregator.audit.run import audit
from aggregator.orders.aftersales import refill
from aggregator.orders.model import Order, Undecidable
from aggregator.orders.unsure import resolve
from aggregator.orders.upstream_ids import account_door_store
from aggregator.orders.upstream_ids.account_doors import account_door
from aggregator.resellers.model import Reseller
from aggregator.storage import decisions, tables
from providers.adapter import Profile
from providers.dialect import Dialect
from tests.builders import accept_order, make_reseller, order_now
from tests.evidence.inquiries import attempts_of, looks_at, time_passes
from tests.evidence.lists import NO_ANSWER, ListingPanel
from tests.orders.panels import dispatch_all, move_providers, open_panel, poll

COMPLETED = {"status": "Completed", "remains": "0", "charge": "2.4", "currency": "USD"}
CANCELLED = {"status": "Canceled", "remains": "1000", "charge": "0", "currency": "USD"}
RUNNING = {"status": "In progress", "remains": "400", "start_count": "77", "charge": "2.4", "currency": "USD"}


class Swap(Struct, frozen=True):
    """A panel over two providers that number their orders alike, and where its providers.toml is."""

    panel: Panel
    alpha: ListingPanel
    beta: ListingPanel
    ann: Reseller
    folder: Path

    async def buy(self) -> Order:
        """At alpha, as 5001 and up; it is cheaper."""
        order = await accept_order(self.ann)
        await dispatch_all(self.panel)
        assert (await attempts_of(order))[-1].provider == "alpha"
        return order

    async def exchange_addresses(self) -> None:
        text = self.text()
        one, two = (self.panel.upstreams.settings(name) for name in ("alpha", "beta"))
        assert one is not None
        assert two is not None
        swapped = text.replace(one.profile.url, "#").replace(two.profile.url, one.profile.url)
        await self.edit(swapped.replace("#", two.profile.url))

    async def rotate_key(self, key: str = "another") -> None:
        await self.edit(self.text().replace('key = "sandbox"', f'key = "{key}"'))

    async def edit(self, text: str) -> None:
        (self.folder / "providers.toml").write_text(text)
        await move_providers(self.panel, self.folder, text)

    def text(self) -> str:
        return (self.folder / "providers.toml").read_text()

    async def confirm(self, door: str = "") -> None:
        settings = self.panel.upstreams.settings("alpha")
        assert settings is not None
        await account_door_store.confirm(settings.profile, door, actor="owner", reason="the key was renewed")

    async def poll(self) -> None:
        for _ in range(2):
            await poll(self.panel)


@pytest.fixture
async def swap(tmp_path: Path, panel_database: str) -> AsyncIterator[Swap]:
    async with _swap(tmp_path, panel_database) as one:
        yield one


@asynccontextmanager
async def _swap(folder: Path, url: str) -> AsyncIterator[Swap]:
    alpha, beta = ListingPanel(), ListingPanel()
    beta.rows[0]["rate"] = "2.90"
    async with open_panel(folder, url, {"alpha": alpha, "beta": beta}) as panel:
        yield Swap(panel, alpha, beta, await make_reseller(), folder)
        assert [finding for finding in await audit() if finding.broken] == []


@pytest.mark.parametrize("ending", [CANCELLED, COMPLETED, {**CANCELLED, "status": "Error"}])
async def test_a_strangers_order_of_the_same_number_ends_nothing(swap: Swap, ending: dict[str, str]) -> None:
    """Two addresses are exchanged by mistake: what the other panel says of its own order is held."""
    order = await swap.buy()
    swap.beta.replies["5001"] = ending
    await swap.exchange_addresses()

    await swap.poll()

    now = await order_now(order.id)
    assert (now.state, now.refunded) == ("active", 0)
    assert "confirm-account alpha" in str(now.held)

    await swap.exchange_addresses()
    swap.alpha.replies["5001"] = COMPLETED
    await swap.poll()
    assert (await order_now(order.id)).state == "completed"


async def test_nothing_of_a_reading_from_elsewhere_is_kept(swap: Swap) -> None:
    order = await swap.buy()
    swap.beta.replies["5001"] = RUNNING
    await swap.exchange_addresses()
    await swap.poll()
    now, attempt = await order_now(order.id), (await attempts_of(order))[-1]
    assert (now.held, now.remains, now.start_count, now.delivery_seen) == (None, 1000, None, False)
    assert (attempt.highest_charge, attempt.last_charge, attempt.lost_since) == (None, None, None)


async def test_what_has_ended_is_not_paid_back_by_another_accounts_word(swap: Swap) -> None:
    order = await swap.buy()
    swap.alpha.replies["5001"] = COMPLETED
    await swap.poll()
    swap.beta.replies["5001"] = CANCELLED
    await swap.exchange_addresses()
    await swap.poll()
    now = await order_now(order.id)
    assert (now.state, now.refunded, now.held) == ("completed", 0, None)


async def test_once_the_owner_confirms_it_goes_on(swap: Swap) -> None:
    """Its key was renewed; who said that it is the same account, and why, is on record."""
    order = await swap.buy()
    swap.alpha.replies["5001"] = COMPLETED
    await swap.rotate_key()
    await swap.poll()
    assert (await order_now(order.id)).state == "active"

    await swap.confirm()
    await swap.poll()

    assert ((await order_now(order.id)).state, (await order_now(order.id)).held) == ("completed", None)
    (decision,) = await decisions.about("provider", 0)
    assert (decision.verdict, decision.actor, decision.reason) == ("same account", "owner", "the key was renewed")
    with pytest.raises(Undecidable, match="no order at alpha waits"):
        await swap.confirm()


async def test_two_renewals_one_after_the_other(swap: Swap) -> None:
    """What was confirmed once leads to the account of the third key, too."""
    first = await swap.buy()
    await swap.rotate_key("two")
    await swap.confirm()
    second = await swap.buy()
    await swap.edit(swap.text().replace('key = "two"', 'key = "three"'))
    doors = {(await attempts_of(order))[-1].door for order in (first, second)}
    assert len(doors) == 2
    with pytest.raises(Undecidable, match="several accounts"):
        await swap.confirm()
    newest = str((await attempts_of(second))[-1].door)
    await swap.confirm(newest[:8])
    swap.alpha.reply = COMPLETED
    await swap.poll()
    assert [(await order_now(order.id)).state for order in (first, second)] == ["completed", "completed"]


async def test_new_orders_at_the_new_account_are_followed_there(swap: Swap) -> None:
    """And those of the mistake stay with it when the address is put right."""
    await swap.exchange_addresses()
    swap.beta.placed = 7000
    order = await swap.buy()
    await swap.exchange_addresses()
    swap.alpha.replies["7001"] = CANCELLED
    await swap.poll()
    assert (await order_now(order.id)).refunded == 0


async def test_no_cancel_and_no_refill_is_asked_of_another_account(swap: Swap) -> None:
    one, two = await swap.buy(), await swap.buy()
    swap.alpha.replies["5002"] = COMPLETED
    await swap.poll()
    await swap.exchange_addresses()
    await resolve.call_off(one.id, actor="owner", reason="a test")
    number = await refill.request_refill(two.reseller, two.id)

    await swap.poll()
    await swap.panel.refiller.run_once("alpha")

    assert swap.beta.cancels == []
    (row,) = await tables.Refill.select().where(tables.Refill.id == number)
    assert (row["state"], row["upstream_refill"]) == ("requested", None)

    await swap.exchange_addresses()
    await swap.poll()
    assert swap.alpha.cancels == ["5001"]


async def test_an_add_in_doubt_is_not_looked_for_at_another_account(tmp_path: Path, panel_database: str) -> None:
    async with _swap(tmp_path, panel_database) as swap:
        more = 'order_list = "orders"\npreset = "perfectpanel"'
        await swap.edit(swap.text().replace('preset = "perfectpanel"', more))
        await swap.panel.investigator.run_once("alpha")
        await time_passes()
        swap.alpha.answer_to_add = NO_ANSWER
        order = await swap.buy()
        swap.alpha.answer_to_add = None
        await swap.exchange_addresses()
        for _ in range(4):
            await time_passes()
            await swap.panel.investigator.run_once("alpha")
        assert [look.rule for look in await looks_at(order)] in ([], ["balance"])
        assert (await order_now(order.id)).state == "unsure"


async def test_found_by_hand_it_is_at_the_account_of_today(swap: Swap) -> None:
    swap.alpha.answer_to_add = NO_ANSWER
    order = await swap.buy()
    await swap.rotate_key()
    await resolve.found(order.id, "5001", actor="owner", reason="seen there")
    swap.alpha.replies["5001"] = COMPLETED
    await swap.poll()
    assert (await order_now(order.id)).state == "completed"


async def test_orders_from_before_doors_were_kept_take_the_one_of_the_first_start(swap: Swap) -> None:
    order = await swap.buy()
    await tables.Attempt.raw("update attempts set door = null")
    await swap.panel.prepare()
    swap.beta.replies["5001"] = CANCELLED
    await swap.exchange_addresses()
    await swap.poll()
    assert "confirm-account" in str((await order_now(order.id)).held)


async def test_a_renamed_provider_keeps_its_account(swap: Swap) -> None:
    order = await swap.buy()
    await swap.edit(swap.text().replace('name = "alpha"', 'name = "gamma"\nformerly = "alpha"'))
    swap.alpha.replies["5001"] = COMPLETED
    for _ in range(2):
        await poll(swap.panel, "gamma")
    assert (await order_now(order.id)).state == "completed"


def door(url: str, key: str = "k") -> str:
    return account_door(Profile(name="a", url=url, key=key, dialect=Dialect()))


@pytest.mark.parametrize(
    "url",
    [
        "http://Panel.Example/api/v2",
        "https://panel.example/api/v2/",
        "https://panel.example:443/api/v2",
        "http://panel.example:80/api/v2",
        "https://panel.example./api/v2",
    ],
)
def test_spellings_of_one_address_are_one_door(url: str) -> None:
    assert door(url) == door("https://panel.example/api/v2")


@pytest.mark.parametrize(
    "url",
    [
        "https://panel.example/api/v3",
        "https://panel.example:8443/api/v2",
        "https://other.example/api/v2",
        "https://panel.example/API/v2",
        "https://panel.example/api/v2?shop=2",
    ],
)
def test_other_addresses_and_keys_are_other_doors(url: str) -> None:
    assert door(url) != door("https://panel.example/api/v2")
    assert door(url) != door(url, "another")


def test_a_door_does_not_tell_the_key() -> None:
    profile = replace(Profile(name="a", url="https://x.example", key="s3cret", dialect=Dialect()))
    assert "s3cret" not in account_door(profile)
