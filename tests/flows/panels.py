"""A panel under test: its folder, the processes over it, its owner at the command line, and resellers who call it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Self

import asyncpg
import httpx

from tests.flows.processes import PATIENCE, Answer, Process, run, wait_until
from tests.flows.sandboxes import Provider

QUICK = {"poll_seconds": 0.2, "confirm_seconds": 0, "settle_seconds": 1, "breaker_seconds": 1}
"""The pace of these tests, in seconds."""
MARKUP = """
[default]
percent = 25
"""
SERVICES = """
import_rest = false
[[service]]
id = 1
name = "Instagram Followers - Premium"
category = "Instagram"
offers = [{offers}]
"""


class Serving(Process):
    """`aggregator serve` on a free port, ready for calls."""

    def __init__(self, log: Path, *options: str) -> None:
        super().__init__(log, "serve", "--port", "0", *options)
        self.url = ""
        try:
            self.url = self.wait_for(r"serves as \w+ on (.+)")
        except BaseException:
            self.kill()
            raise


class Panel:
    """A configuration folder and a database, and all that runs over them until the block ends.

    At its end every process is asked to end, none may have failed, and the books are proven.
    """

    def __init__(self, folder: Path, database: str, *, cache: str = "memory://") -> None:
        self.folder = folder
        self.config = folder / "config"
        self.config.mkdir(parents=True)
        self.database = database
        self.cache = cache
        self.http = httpx.Client(trust_env=False, timeout=PATIENCE, limits=httpx.Limits(max_keepalive_connections=0))
        self.served: list[Serving] = []
        self.set_pace()
        self.write("markup.toml", MARKUP)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        running = [process for process in self.served if process.runs]
        codes = [process.terminate() for process in running]
        self.http.close()
        said = "\n".join(process.said for process in self.served)
        assert not any(codes), said
        assert "Traceback" not in said
        audit = self.run("audit")
        assert (audit.code, audit.document["green"]) == (0, True), audit.document

    def write(self, file: str, text: str) -> None:
        """Edit a file of the configuration as careful editors do: beside it, then renamed."""
        draft = self.folder / file
        draft.write_text(text)
        draft.rename(self.config / file)

    def set_pace(self, *, requests_per_second: int = 0, **changes: float) -> None:
        """Write aggregator.toml, quick but for these; it takes effect at the next start."""
        pace = "\n".join(f"{name} = {value}" for name, value in {**QUICK, **changes}.items())
        places = f'[database]\nurl = "{self.database}"\n[cache]\nurl = "{self.cache}"'
        limits = f"[limits]\nrequests_per_second = {requests_per_second}"
        self.write("aggregator.toml", f"{places}\n{limits}\n[pace]\n{pace}\n")

    def buy_from(self, providers: Mapping[str, Provider]) -> None:
        """Sell as our service 1 what these providers offer as theirs, and read their catalogues."""
        self.write("providers.toml", "".join(one.as_toml(name) for name, one in providers.items()))
        self.write("services.toml", SERVICES.format(offers=", ".join(f'"{name}:1"' for name in providers)))
        self.must("sync")

    def run(self, *command: object) -> Answer:
        """Run one command to its end."""
        return run(*command, "--config", self.config)

    def must(self, *command: object) -> Any:
        """Run a command that succeeds; its document."""
        answer = self.run(*command)
        assert answer.code == 0, answer.document
        return answer.document

    def serve(self, role: str = "all") -> Serving:
        """Start a process; it answers when this returns."""
        log = self.folder / f"serve-{len(self.served)}.log"
        process = Serving(log, "--role", role, "--config", str(self.config))
        self.served.append(process)
        return process

    @property
    def url(self) -> str:
        """Of the newest process."""
        return self.served[-1].url

    def reseller(self, name: str = "ann", *, funds: object = 100) -> Reseller:
        """Take in a reseller, who calls the panel at its newest address."""
        return Reseller(self, self.must("resellers", "add", name, "--funds", funds)["key"])

    def order(self, order: int) -> Any:
        """What the owner is shown of an order."""
        return self.must("orders", "show", order)

    def state(self, order: int) -> str:
        """The state of an order, straight from the database, which is quicker than a command."""
        return str(self.sql(f"select state from orders where id = {order}")[0]["state"])

    def sql(self, statement: str) -> list[dict[str, Any]]:
        """Run one statement by hand, behind the program's back."""
        if self.database.startswith("postgresql:"):
            return asyncio.run(_ask_postgres(self.database, statement))
        with closing(sqlite3.connect(self.database.removeprefix("sqlite:///"), timeout=PATIENCE)) as connection:
            connection.row_factory = sqlite3.Row
            with connection:
                return [dict(row) for row in connection.execute(statement)]


class Reseller:
    """Somebody with a key, whose script writes JSON as the specification shows."""

    def __init__(self, panel: Panel, key: str) -> None:
        self._panel = panel
        self.key = key
        self._links = count(1)

    def call(self, action: str, *, at: str | None = None, **fields: object) -> Any:
        """One call, at the newest process unless told where."""
        body = {"key": self.key, "action": action, **fields}
        return self._panel.http.post(at or self._panel.url, json=body).json()

    def try_to_add(self, fate: str = "", *, quantity: int = 1000, at: str | None = None) -> Any:
        """Order service 1 for a link of its own, at whose end stands what the sandbox shall do with it."""
        link = f"https://x.example/{next(self._links)}/{fate}"
        return self.call("add", at=at, service=1, link=link, quantity=quantity)

    def add(self, fate: str = "", *, quantity: int = 1000) -> int:
        """Place an order that is accepted; its id."""
        reply = self.try_to_add(fate, quantity=quantity)
        assert reply.keys() == {"order"}, reply
        return int(reply["order"])

    def status(self, order: int) -> Any:
        return self.call("status", order=order)

    def wait_for(self, order: int, status: str) -> Any:
        """Ask until the order has this status."""
        return wait_until(lambda: self.status(order), lambda told: told["status"] == status)

    @property
    def balance(self) -> Decimal:
        return Decimal(self.call("balance")["balance"])


async def _ask_postgres(url: str, statement: str) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(url)
    try:
        return [dict(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()
