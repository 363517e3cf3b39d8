"""Resellers who order at a panel that keeps breaking, ask again until they are answered, and write everything down."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx

from tests.chaos.plan import Plan, Wish
from tests.chaos.stage import Stage

TRIES = 60
AGAIN_SECONDS = 0.25
ACTIONS_OF_READERS = ("status", "status", "balance", "services")


class Reply(NamedTuple):
    """What came back for one try: an order, or a refusal in words."""

    wish: Wish
    order: int | None
    refusal: str | None


class Load:
    """All resellers; `replies` is what they were told for good, `denials` what nobody may be told."""

    def __init__(self, stage: Stage, plan: Plan, keys: list[str], log: Path) -> None:
        self._stage = stage
        self._plan = plan
        self._keys = keys
        self._log = log.open("a")
        self._random = Random(plan.seed)
        self.replies: list[Reply] = []
        self.denials: list[str] = []
        self.heard = 0
        """Wishes that were answered, or given up."""

    @property
    def through(self) -> float:
        """How much of the load is through, 0 to 1."""
        return self.heard / max(1, len(self._plan.wishes))

    async def run(self) -> None:
        """Place every wish, at the plan's pace, while others ask for what was placed."""
        readers = [asyncio.create_task(self._read(number)) for number in range(2)]
        try:
            async with asyncio.TaskGroup() as group:
                for reseller in range(len(self._keys)):
                    mine = [wish for wish in self._plan.wishes if wish.reseller == reseller]
                    group.create_task(self._order_all(reseller, mine))
        finally:
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)
            self._log.close()

    async def _order_all(self, reseller: int, wishes: list[Wish]) -> None:
        pause = self._plan.seconds / max(1, len(wishes))
        async with self._client() as http:
            for wish in wishes:
                await asyncio.sleep(self._random.uniform(0, 2 * pause))
                await self._order(http, reseller, wish)

    async def _order(self, http: httpx.AsyncClient, reseller: int, wish: Wish) -> None:
        reply: Reply | None = None
        for time_ in range(2 if wish.repeated else 1):
            reply = await self._until_answered(http, reseller, wish)
            self.heard += not time_
            if reply is not None:
                self.replies.append(reply)
        if wish.called_off and reply is not None and reply.order is not None:
            await self._call(http, reseller, action="cancel", orders=str(reply.order))

    async def _until_answered(self, http: httpx.AsyncClient, reseller: int, wish: Wish) -> Reply | None:
        fields = {
            "action": "add",
            "service": wish.service,
            "link": wish.link,
            "quantity": wish.quantity,
            "request_id": wish.request_id,
        }
        for _ in range(TRIES):
            code, told = await self._call(http, reseller, **fields)
            if isinstance(told, dict) and "order" in told:
                return Reply(wish, int(told["order"]), None)
            if isinstance(told, dict) and "error" in told and code in (200, 400):
                return Reply(wish, None, str(told["error"]))
            await asyncio.sleep(AGAIN_SECONDS)
        return None

    async def _call(self, http: httpx.AsyncClient, reseller: int, **fields: object) -> tuple[int, Any]:
        """One call, at any process, written down with its answer; odd resellers speak the classic spelling."""
        body = {"key": self._keys[reseller], **fields}
        kind = "data" if reseller % 2 else "json"
        try:
            reply = await http.post(self._random.choice(self._stage.urls), **{kind: body})  # type: ignore[arg-type]
            code, text = reply.status_code, reply.text
        except httpx.HTTPError as error:
            code, text = 0, type(error).__name__
        line = {"at": time.time(), "reseller": reseller, "asked": fields, "code": code, "told": text[:500]}
        self._log.write(json.dumps(line) + "\n")
        self._log.flush()
        try:
            return code, json.loads(text) if code else None
        except ValueError:
            return code, None

    async def _read(self, number: int) -> None:
        """Ask for one's orders all the time: a known one is never denied, whatever is broken."""
        random = Random(f"{self._plan.seed}:{number}")
        async with self._client() as http:
            while True:
                await asyncio.sleep(0.1)
                placed = [reply for reply in self.replies if reply.order is not None]
                if placed:
                    await self._ask(http, random.choice(placed), random.choice(ACTIONS_OF_READERS))

    async def _ask(self, http: httpx.AsyncClient, placed: Reply, action: str) -> None:
        reseller = placed.wish.reseller
        more = {"order": placed.order} if action == "status" else {}
        code, told = await self._call(http, reseller, action=action, **more)
        if action == "status" and isinstance(told, dict) and "error" in told:
            self.denials.append(f"order {placed.order}: HTTP {code} {told}")

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(trust_env=False, timeout=4)
