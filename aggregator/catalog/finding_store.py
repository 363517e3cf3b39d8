"""The rows of findings: what a refusal told of a service, when it lapses, and how often it was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from aggregator.catalog.findings import PAUSES_MS, Finding, FindingKind, again_at
from aggregator.storage import clock, tables

_FINDING = tables.Finding


async def found(provider: str | None = None, service: str | None = None) -> list[Finding]:
    """All that is kept, what has lapsed among it, in the order of provider and service."""
    query = _FINDING.select().order_by(_FINDING.provider, _FINDING.service, _FINDING.id)
    query = query.where(_FINDING.provider == provider) if provider is not None else query
    rows = await (query.where(_FINDING.service == service) if service is not None else query)
    return [_as_finding(row) for row in rows]


def _as_finding(row: Mapping[str, Any]) -> Finding:
    return msgspec.convert(dict(row), Finding, strict=False)


async def learn(provider: str, service: str, kind: FindingKind, *, value: int | None, said: str) -> bool:
    """A refusal told it: new, or again after it had lapsed, then for longer; False while it holds. In a transaction."""
    now = clock.now()
    pauses = f"case findings.times {''.join(f'when {n} then {ms} ' for n, ms in enumerate(PAUSES_MS[1:], 1))}"
    # SQL: it counts on in the row that is there, and only where that has lapsed.
    rows = await _FINDING.raw(
        "insert into findings (provider, service, kind, value, said, times, learned_at, again_at)"
        " values ({}, {}, {}, {}, {}, 1, {}, {}) on conflict (provider, service, kind) do update set"
        " value = excluded.value, said = excluded.said, times = findings.times + 1, learned_at = excluded.learned_at,"
        f" again_at = excluded.learned_at + {pauses} else {PAUSES_MS[-1]} end, offered_at = null"
        " where findings.again_at <= excluded.learned_at returning id",
        provider,
        service,
        kind.value,
        value,
        said[:500],
        now,
        again_at(now, times=1),
    )
    return bool(rows)


async def offer_again(provider: str) -> bool:
    """Whether anything has lapsed at a provider since this was asked last: its shelf is made anew then."""
    now = clock.now()
    lapsed = (_FINDING.provider == provider) & (_FINDING.again_at <= now) & _FINDING.offered_at.is_null()
    return bool(await _FINDING.update({_FINDING.offered_at: now}).where(lapsed).returning(_FINDING.id))


async def forget(provider: str, service: str, kinds: Iterable[FindingKind] = tuple(FindingKind)) -> list[Finding]:
    """As if it had never been told; what was forgotten."""
    named = _FINDING.kind.is_in([kind.value for kind in kinds])
    here = (_FINDING.provider == provider) & (_FINDING.service == service)
    return [_as_finding(row) for row in await _FINDING.delete().where(here & named).returning(*_FINDING.all_columns())]
