"""What monitoring may count: requests by action and code, orders by state, what is unsure or held."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from aggregator.orders import store


class Metrics:
    """One registry a process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "aggregator_requests", "Requests to the API.", ["action", "code"], registry=self._registry
        )
        self._orders = Gauge("aggregator_orders", "Orders by state.", ["state"], registry=self._registry)

    def count_request(self, action: str, code: int) -> None:
        self._requests.labels(action, str(code)).inc()

    async def text(self) -> bytes:
        """In Prometheus's text format; the orders are counted in the database now."""
        for state, count in (await store.count_by_state()).items():
            self._orders.labels(state).set(count)
        return generate_latest(self._registry)
