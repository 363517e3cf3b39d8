"""What monitoring may count: requests by action and code, orders by state, and what the last audit found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Gauge, Summary, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from aggregator.audit import store as audit_store
from aggregator.orders import attempt_store, store
from aggregator.orders.state import OrderState
from aggregator.storage import clock
from aggregator.storage.engine import is_unreachable


class _Requests(Collector):
    """Counts in plain numbers, since it is done for each request, and tells them when they are asked for."""

    def __init__(self) -> None:
        self.counted: defaultdict[tuple[str, int], int] = defaultdict(int)
        """By action and HTTP status."""

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily("aggregator_requests", "Requests to the API.", labels=["action", "code"])
        for (action, code), times in self.counted.items():
            family.add_metric([action, str(code)], times)
        yield family


class Metrics:
    """One registry a process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = _Requests()
        self._registry.register(self._requests)
        self._stalls = Summary(
            "aggregator_loop_stalls_seconds", "When the event loop stood still.", registry=self._registry
        )
        self._orders = Gauge("aggregator_orders", "Orders by state.", ["state"], registry=self._registry)
        self._doubt = Gauge(
            "aggregator_unsure_seconds", "How long the oldest unsure order has been so.", registry=self._registry
        )
        self._green = Gauge("aggregator_audit_green", "Whether the last audit was green.", registry=self._registry)
        self._age = Gauge("aggregator_audit_age_seconds", "Since the last audit.", registry=self._registry)
        self._red = Gauge(
            "aggregator_audit_red_rows", "Rows that break a promise.", ["promise"], registry=self._registry
        )

    def count_stall(self, seconds: float) -> None:
        """The event loop stood still for so long."""
        self._stalls.observe(seconds)

    def count_request(self, action: str, code: int) -> None:
        self._requests.counted[action, code] += 1

    async def text(self) -> bytes:
        """In Prometheus's text format; the database is asked now, and nothing of it is told while it is away."""
        self._orders.clear()
        try:
            await self._count()
        except Exception as error:
            if not is_unreachable(error):
                raise
        return generate_latest(self._registry)

    async def _count(self) -> None:
        counts = await store.count_by_state()
        for state in OrderState:
            self._orders.labels(state.value).set(counts.get(state.value, 0))
        since = await attempt_store.unsure_since_when()
        self._doubt.set(0 if since is None else (clock.now() - since) // 1000)
        self._red.clear()
        for run in await audit_store.last_runs():
            self._green.set(bool(run.green))
            self._age.set((clock.now() - run.at) // 1000)
            for finding in run.red:
                self._red.labels(finding.promise).set(finding.broken)
