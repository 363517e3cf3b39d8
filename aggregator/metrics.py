"""What monitoring may count: requests by action and code, orders by state, and what the last audit found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Gauge, Summary, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from aggregator.audit import health as audit_health
from aggregator.audit.health import Health
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


class _Audit(Collector):
    """What was read of the audit for this answer; nothing where it could not be read."""

    def __init__(self) -> None:
        self.health: Health | None = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        red = GaugeMetricFamily("aggregator_audit_red_rows", "Rows that break a promise.", labels=["promise"])
        if self.health is not None:
            yield GaugeMetricFamily(
                "aggregator_audit_green", "Whether the last audit was green.", value=bool(self.health.green)
            )
            yield GaugeMetricFamily(
                "aggregator_audit_age_seconds",
                "Since the last audit that could look at everything.",
                value=self.health.age_ms // 1000,
            )
            for finding in self.health.red:
                red.add_metric([finding.promise], finding.broken)
        yield red


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
        self._audit = _Audit()
        self._registry.register(self._audit)

    def count_stall(self, seconds: float) -> None:
        """The event loop stood still for so long."""
        self._stalls.observe(seconds)

    def count_request(self, action: str, code: int) -> None:
        self._requests.counted[action, code] += 1

    async def text(self) -> bytes:
        """In Prometheus's text format; the database is asked now, and nothing of it is told while it is away."""
        self._orders.clear()
        self._audit.health = None
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
        self._audit.health = await audit_health.look()
