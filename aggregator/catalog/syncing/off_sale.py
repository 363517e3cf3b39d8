"""Takes a service off sale by rule, until its owner has looked at it."""

from __future__ import annotations

import structlog

from aggregator.catalog import learned_store, store
from aggregator.catalog.model import Change, ChangeKind, Hold, HoldKind
from aggregator.storage import signals
from aggregator.storage.transaction import write

log = structlog.get_logger(__name__)


async def take_off_sale(provider: str, service: str, reason: str) -> bool:
    """Hold a service until `aggregator services approve`; False where it is off sale, or not listed, already."""

    async def work() -> bool:
        row = await store.listing(provider, service)
        known = await learned_store.of_service(provider, service)
        if row is None or (known.hold is not None and known.hold.takes_off_sale):
            return False
        hold = Hold(kind=HoldKind.OVERSERVES, reason=reason, accepted=row)
        await learned_store.put_holds(provider, {service: hold})
        await store.add_changes(provider, [Change(service, ChangeKind.HELD, "", hold.text, row.name)])
        await signals.raise_signal(signals.CATALOGUE)
        return True

    held = await write(work)
    if held:
        log.error("service.off_sale", provider=provider, service=service, reason=reason)
    return held


async def offers_refill(provider: str, service: str) -> bool | None:
    """Whether a service may be refilled, as it was published or turned out to be; None = nobody has said."""
    row, known = await store.listing(provider, service), await learned_store.of_service(provider, service)
    if known.refill_refused:
        return False
    return None if row is None else row.refill


async def may_be_cancelled(provider: str, service: str) -> bool:
    """Whether neither its listing nor an earlier answer says that orders of the service cannot be called off."""
    row, known = await store.listing(provider, service), await learned_store.of_service(provider, service)
    return not known.cancel_refused and (row is None or row.cancel is not False)
