"""Reads a provider's list of our orders, remembers what it shows, and asks what it proves of adds in doubt."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.catalog import store as catalog_store
from aggregator.orders.attempt_store import Followed
from aggregator.orders.dispatching import reference_store
from aggregator.orders.dispatching.reference_store import Sent
from aggregator.orders.model import Attempt
from aggregator.orders.unsure import evidence_store, relisted, sightings
from aggregator.orders.unsure.sightings import Claim, First, Known, Lists, Shown, Sighting, Unclear
from aggregator.orders.upstream_ids import id_reuse, reuse_store
from aggregator.orders.upstream_ids.account_doors import Doors
from aggregator.storage.clock import DAY_MS
from providers.adapter import Adapter, ListsOrders
from providers.vocabulary import Capability, ListedOrder, ServiceType

LIST_AGAIN_MS = 600_000
"""While nothing is in doubt a list is read this often, where something was sent since."""
RIVALS_MS = DAY_MS
"""Adds that were given up so long before the oldest in doubt may still turn up in a list."""


def listing(adapter: Adapter) -> ListsOrders | None:
    """The adapter, where it can list our orders."""
    able = Capability.ORDER_LIST in adapter.capabilities and isinstance(adapter, ListsOrders)
    return adapter if able and isinstance(adapter, ListsOrders) else None


async def read(lister: ListsOrders, lists: Lists) -> tuple[list[ListedOrder], Lists]:
    """The list as it is, and what lists have shown with it. Raises `ProviderError`."""
    rows = await lister.recent_orders()
    # Whatever is newer than this began when the list had been read.
    newest = await evidence_store.newest_attempt()
    return rows, lists.with_list([row.order for row in rows], newest)


async def judge(
    provider: str, rows: Sequence[ListedOrder], unsure: Sequence[Followed], lists: Lists, doors: Doors
) -> dict[int, Sighting]:
    """What a list says of each add in doubt. `lists` = with this one.

    All is loaded after the list was read: what was answered meanwhile has an owner by now.
    """
    oldest = min(one.attempt.created_at for one in unsure)
    decided = [
        one for one in await evidence_store.rivals(provider, oldest - RIVALS_MS) if doors.lead_to(one.attempt.door)
    ]
    everyone = [*unsure, *decided]
    owners = await evidence_store.owners(provider, [row.order for row in rows], since=oldest)
    here = {order: attempt for order, attempt in owners.items() if doors.lead_to(attempt.door)}
    sent = await reference_store.references([*(one.attempt.id for one in everyone), *(one.id for one in here.values())])
    known = await _known(provider, here, oldest, sent, lists, doors)
    unsure_ones = {one.attempt.id for one in unsure}
    claims = [_claim(one, sent.get(one.attempt.id), given_up=one.attempt.id not in unsure_ones) for one in everyone]
    return sightings.judge(rows, claims, known) | await _relisted(provider, rows, claims, restarted=known.restarted)


async def _relisted(
    provider: str, rows: Sequence[ListedOrder], claims: Sequence[Claim], *, restarted: bool
) -> dict[int, Shown | Unclear]:
    """What rows with ids that belong to orders of ours say of adds that nobody answered."""
    holders = await reuse_store.holders(provider, [row.order for row in rows])
    owned = {one.attempt.upstream_order or "": _claim(one, None, given_up=False) for one in holders}
    running = frozenset(one.attempt.upstream_order or "" for one in holders if id_reuse.runs(one))
    return relisted.judge(rows, claims, owned, running, restarted=restarted)


async def _known(
    provider: str, owners: dict[str, Attempt], oldest: int, sent: dict[int, Sent], lists: Lists, doors: Doors
) -> Known:
    restarted = (await catalog_store.provider(provider)).ids_restarted_at is not None
    newest, first = await evidence_store.newest_before(provider, oldest), await evidence_store.first_there(provider)
    return Known(
        sent={order: one.created_at for order, one in owners.items()},
        had_earlier=newest is not None,
        given={order: one.answered_at for order, one in owners.items() if one.answered_at is not None},
        references={order: sent[one.id].reference for order, one in owners.items() if one.id in sent},
        newest_earlier=newest.upstream_order if newest and doors.lead_to(newest.door) else None,
        first=First(first.upstream_order or "", first.id, first.created_at) if first else None,
        lists=lists,
        restarted=restarted,
    )


def _claim(one: Followed, sent: Sent | None, *, given_up: bool) -> Claim:
    plain = one.order.type == ServiceType.DEFAULT and one.order.runs == 1
    return Claim(
        attempt=one.attempt.id,
        service=one.attempt.service,
        link=one.order.link,
        quantities=frozenset({one.order.quantity}) if plain else frozenset(),
        reference=sent.reference if sent else "",
        sent_at=one.attempt.created_at,
        given_up=given_up,
        given=one.attempt.given_order or "",
    )
