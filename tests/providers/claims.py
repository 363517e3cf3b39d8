"""What a preset claims to do, and which recorded exchanges show that it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from providers.adapter import Adapter
from providers.vocabulary import Capability

ALWAYS = {"services", "add", "one status", "balance"}
BY_CAPABILITY = {
    Capability.MULTI_STATUS: {"several statuses"},
    Capability.REFILL: {"refill", "refill_statuses"},
    Capability.CANCEL: {"cancel"},
    Capability.ORDER_LIST: {"recent_orders"},
}


def claims_of(adapter: Adapter) -> set[str]:
    """Every call that the adapter says it can make to good effect."""
    return ALWAYS.union(*(BY_CAPABILITY[able] for able in adapter.capabilities))


def shown_by(exchanges: Iterable[Mapping[str, Any]], preset: str) -> set[str]:
    """Every call that some exchange of the preset shows succeeding."""
    return {_name(one) for one in exchanges if one["preset"] == preset and _succeeds(one)}


def _name(exchange: Mapping[str, Any]) -> str:
    action = exchange["call"][0]
    if action != "statuses":
        return str(action)
    asked_at_once = any("," in str(value) for sent in exchange.get("sent", []) for value in sent.values())
    return "several statuses" if asked_at_once or len(exchange["replies"]) < len(exchange["call"][1]) else "one status"


def _succeeds(exchange: Mapping[str, Any]) -> bool:
    gives = exchange.get("gives")
    rows = list(gives.values()) if isinstance(gives, dict) else []
    return bool(gives) and not (rows and all(isinstance(row, dict) and "refused" in row for row in rows))
