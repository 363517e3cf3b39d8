"""What monitoring asks: does the process live, can it answer, and what does it count."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from aggregator.app import Panel
from providers.sandbox import Sandbox
from tests.api.served import Client, Served, served
from tests.catalog.panels import panel_over
from tests.providers.sandbox_server import serving
from tests.servers import PostgresServer, RedisServer


async def test_a_process_that_lives_says_so(shop: Served) -> None:
    reply = await shop.http.get("/healthz")
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


async def test_a_panel_that_can_answer_is_ready(shop: Served) -> None:
    reply = await shop.http.get("/readyz")
    assert (reply.status_code, reply.json()) == (200, {"status": "ok", "database": "ok", "cache": "ok"})


async def test_a_panel_that_does_not_answer_calls_yet_is_not_ready(shop: Served) -> None:
    """Its database is there and up to date, but it has not read its prices."""
    starting = Panel(shop.panel.settings)
    told = await starting.readiness()
    assert (told.ready, told.parts["status"], told.parts["panel"]) == (False, "unavailable", "starting")
    await starting.prepare()
    told = await starting.readiness()
    assert (told.ready, told.parts) == (True, {"status": "ok", "database": "ok", "cache": "ok"})
    await starting.stop()


async def test_a_lost_redis_is_only_a_degradation(tmp_path: Path, fresh_sqlite: str, redis_server: RedisServer) -> None:
    """Orders are taken and statuses told without it."""
    cache = f'[cache]\nurl = "{redis_server.url}"\n'
    async with served(tmp_path, fresh_sqlite, panel=cache) as shop:
        anna = await shop.reseller("anna")
        assert (await shop.http.get("/readyz")).json()["cache"] == "ok"
        redis_server.kill()
        reply = await shop.http.get("/readyz")
        assert (reply.status_code, reply.json()) == (
            200,
            {"status": "degraded", "database": "ok", "cache": "unavailable"},
        )
        order = await anna.buy()
        assert (await anna.json("status", order=order)).json()["status"] == "PENDING"
        redis_server.start()
        assert (await shop.http.get("/readyz")).json()["status"] == "ok"


async def test_a_lost_database_is_told_without_a_word_about_orders(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """Not ready; statuses are answered by nothing at all, for an error text would end them at chained panels."""
    async with served(tmp_path, postgres_server.url) as shop:
        anna = await shop.reseller("anna")
        order = await anna.buy()
        await shop.panel.cache.clear()
        postgres_server.kill()
        assert (await shop.http.get("/healthz")).status_code == 200
        ready = await shop.http.get("/readyz")
        assert (ready.status_code, ready.json()["database"]) == (503, "unavailable")
        metrics = await shop.http.get("/metrics")
        assert (metrics.status_code, "aggregator_orders{" in metrics.text) == (200, False)
        for send in (anna.json, anna.form):
            status = await send("status", order=order)
            assert (status.status_code, status.content) == (503, b"")
            assert int(status.headers["retry-after"]) > 0
            balance = await send("balance")
            assert (balance.status_code, list(balance.json())) == (503, ["error"])
            assert "postgres" not in balance.text.lower()
        postgres_server.start()
        async with asyncio.timeout(30):
            while (await shop.http.get("/readyz")).status_code != 200:  # noqa: ASYNC110  # asked over HTTP
                await asyncio.sleep(0.1)
        assert (await anna.json("status", order=order)).json()["status"] == "PENDING"
        assert (await anna.json("balance")).json()["balance"] == "147.50"


async def test_requests_and_orders_are_counted(anna: Client) -> None:
    await anna.buy()
    await anna.json("balance")
    await anna.json("status", order=999)
    reply = await anna.http.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain")
    lines = reply.text.splitlines()
    assert 'aggregator_requests_total{action="add",code="201"} 1.0' in lines
    assert 'aggregator_requests_total{action="status",code="400"} 1.0' in lines
    assert 'aggregator_orders{state="queued"} 1.0' in lines
    assert anna.key not in reply.text


async def test_a_state_that_no_order_is_in_any_more_counts_nothing(shop: Served, anna: Client) -> None:
    """A queue that was emptied must not look full for ever."""
    order = await anna.buy()
    assert 'aggregator_orders{state="queued"} 1.0' in (await shop.http.get("/metrics")).text
    await anna.json("cancel", order=order)
    told = (await shop.http.get("/metrics")).text
    assert 'aggregator_orders{state="queued"} 0.0' in told
    assert 'aggregator_orders{state="cancelled"} 1.0' in told


async def test_a_worker_answers_monitoring_and_nothing_else(tmp_path: Path, fresh_sqlite: str) -> None:
    async with (
        panel_over(tmp_path, fresh_sqlite, {"alpha": Sandbox()}) as panel,
        serving(panel.asgi(with_api=False)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        for path, code in (("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/api/v2", 404)):
            assert (await http.get(path)).status_code == code, path
