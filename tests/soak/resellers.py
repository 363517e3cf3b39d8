"""Twenty resellers who order, ask for states and balances all the time, and count what they are told."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from random import Random
from typing import Any

import httpx

from tests.soak.scene import IMPORTED, MERGED

RESELLERS = 20
PAUSE_SECONDS = (0.3, 0.9)
ANSWER_SECONDS = 10
"""Whoever waits longer has no answer."""
ASKED_AT_ONCE = 50
_ACTIONS = {"add": 30, "status": 25, "orders": 15, "balance": 29, "services": 1}
"""With the weight of each."""
UNABLE = 503
NO_FAULT = "SERVICE_NOT_FOUND"
"""Told with 500, as the JSON spelling has it."""


class Load:
    """All of them; `told` counts answers by action and code, `unanswered` has what never came."""

    def __init__(self, url: str, keys: Sequence[str], seed: int) -> None:
        self._url = url
        self._keys = keys
        self._seed = seed
        self.told: Counter[tuple[str, int]] = Counter()
        self.unanswered: list[str] = []
        self.failed: list[str] = []
        """Answers that no trouble excuses."""
        self.listening = True
        """Until the panel is stopped: what is refused then is no fault."""

    @property
    def calls(self) -> int:
        return self.told.total() + len(self.unanswered)

    @property
    def placed(self) -> int:
        """Orders taken."""
        return self.told["add", 201]

    def refused(self, code: int) -> int:
        return sum(times for (_, told), times in self.told.items() if told == code)

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(len(self._keys)):
                group.create_task(self._live(number))

    async def _live(self, number: int) -> None:
        random, mine = Random(f"{self._seed}:{number}"), deque[int](maxlen=200)
        async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_SECONDS) as http:
            while True:
                await asyncio.sleep(random.uniform(*PAUSE_SECONDS))
                action = random.choices(list(_ACTIONS), list(_ACTIONS.values()))[0]
                told = await self._call(http, number, action, _fields(action, random, number, mine))
                if action == "add" and isinstance(told, dict) and "order" in told:
                    mine.append(int(told["order"]))

    async def _call(self, http: httpx.AsyncClient, number: int, action: str, fields: dict[str, object]) -> Any:
        body = {"key": self._keys[number], **fields}
        kind = "data" if number % 2 else "json"
        try:
            reply = await http.post(self._url, **{kind: body})  # type: ignore[arg-type]  # one spelling or the other
        except httpx.HTTPError as error:
            if self.listening:
                self.unanswered.append(f"{action}: {type(error).__name__}")
            return None
        if self.listening:
            self.told[action, reply.status_code] += 1
            if reply.is_server_error and reply.status_code != UNABLE and NO_FAULT not in reply.text:
                self.failed.append(f"{action}: {reply.status_code} {reply.text[:200]}")
        # What is told of thousands of services is for the panel to write, and not for us to read.
        return reply.json() if action == "add" and reply.is_success else None


def _fields(action: str, random: Random, number: int, mine: Sequence[int]) -> dict[str, object]:
    if action == "add":
        service = random.choice((random.randint(1, MERGED), IMPORTED + random.randrange(500)))
        link = f"https://x.example/soak-{number}-{random.randrange(10**9)}"
        return {"action": "add", "service": service, "link": link, "quantity": random.randint(10, 2000)}
    if action == "status" and mine:
        return {"action": "status", "order": random.choice(mine)}
    if action == "orders" and mine:
        return {"action": "status", "orders": ",".join(map(str, list(mine)[-ASKED_AT_ONCE:]))}
    return {"action": "services" if action == "services" else "balance"}
