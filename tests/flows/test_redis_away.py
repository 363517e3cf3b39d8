"""The cache may be flushed or killed at any moment: that costs time, never money."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import redis

from tests.flows.panels import Panel
from tests.flows.processes import wait_until
from tests.flows.sandboxes import Provider
from tests.servers import RedisServer


@pytest.fixture
def cached_panel(tmp_path: Path, database_url: str, redis_server: RedisServer) -> Iterator[Panel]:
    """A panel with a Redis of its own, on each engine in turn."""
    with Panel(tmp_path, database_url, cache=redis_server.url) as opened:
        yield opened


def test_a_cache_that_goes_away_changes_nothing_but_time(
    cached_panel: Panel, redis_server: RedisServer, alpha: Provider
) -> None:
    """What did not come is paid back once, exactly, whatever became of the cache in between."""
    panel, ann = cached_panel, cached_panel.reseller(funds=100)
    panel.buy_from({"alpha": alpha})
    panel.serve()
    first, second = ann.add("slow"), ann.add("slow")
    for order in (first, second):
        ann.wait_for(order, "IN_PROGRESS")
    with redis.Redis.from_url(redis_server.url) as client:
        wait_until(lambda: len(client.keys("*reading:*")) == 2)

    redis_server.flush()
    alpha.steer("order", order=panel.order(first)["upstream_order"], status="Partial", remains=300)

    assert ann.wait_for(first, "PARTIAL")["remains"] == 300
    assert ann.balance == Decimal("95.75")

    redis_server.kill()
    wait_until(lambda: readiness(panel) == (200, "degraded"))
    alpha.steer("order", order=panel.order(second)["upstream_order"], status="Partial", remains=1)

    assert ann.wait_for(second, "PARTIAL")["remains"] == 1
    assert ann.balance == Decimal("95.7525")

    redis_server.start()
    wait_until(lambda: readiness(panel) == (200, "ok"))
    ann.wait_for(ann.add("partial/500"), "PARTIAL")
    assert [ann.status(order)["status"] for order in (first, second)] == ["PARTIAL", "PARTIAL"]
    assert ann.balance == Decimal("94.5025")


def readiness(panel: Panel) -> tuple[int, str]:
    """What a load balancer is told."""
    reply = panel.http.get(panel.url.replace("/api/v2", "/readyz"))
    return reply.status_code, reply.json()["status"]
