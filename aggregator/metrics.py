"""What monitoring may count: requests by action and code, orders by state."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from aggregator.orders import store
from aggregator.orders.state import OrderState
from aggregator.storage.engine import is_unreachable


class Metrics:
    """One registry a process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "aggregator_requests", "Requests to the API.", ["action", "code"], registry=self._registry
        )
        self._counted: dict[tuple[str, int], Counter] = {}
        self._orders = Gauge("aggregator_orders", "Orders by state.", ["state"], registry=self._registry)

    def count_request(self, action: str, code: int) -> None:
        counter = self._counted.get((action, code))
        if counter is None:
            counter = self._counted[action, code] = self._requests.labels(action, str(code))
        counter.inc()

    async def text(self) -> bytes:
        """In Prometheus's text format; the orders are counted in the database now, and not told while it is away."""
        self._orders.clear()
        try:
            counts = await store.count_by_state()
        except Exception as error:
            if not is_unreachable(error):
                raise
        else:
            for state in OrderState:
                self._orders.labels(state.value).set(counts.get(state.value, 0))
        return generate_latest(self._registry)
