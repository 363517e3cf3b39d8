"""Many adds at once on a wallet that affords a part of them: never one too many, never one too few."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.chaos.disk import MEGABYTES
from tests.chaos.processes import ROOT, run_to_the_end
from tests.chaos.stage import Stage, staged

DATABASES = ("sqlite", "postgresql")
SERVICE, QUANTITY = 1, 1000
SCALE = 10**8
ANSWER_SECONDS = 60
BYTES_OF_AN_ADD = 1_000
"""More than the database needs for one, accepted or refused."""
SHARES = (0.05, 0.25, 0.5, 0.75)
"""The part of a burst that its wallet affords, in turn."""


class Outcome(NamedTuple):
    """What bursts came to; money in whole 1e-8."""

    db: str
    rounds: int
    adds: int
    accepted: int
    overspent: int
    """Orders beyond what the wallets could pay."""
    refused_in_vain: int
    """Orders that a wallet could have paid."""
    wrong_balances: int
    unanswered: int
    red: int
    secs: int

    @property
    def line(self) -> str:
        """For a machine: name=value."""
        return "bursts " + " ".join(f"{name}={value}" for name, value in self._asdict().items())

    @property
    def is_good(self) -> bool:
        return not (self.overspent or self.refused_in_vain or self.wrong_balances or self.unanswered or self.red)


async def burst(database: str, *, rounds: int, adds: int, processes: int = 2, root: Path = ROOT) -> Outcome:
    """So many rounds, each with a wallet of its own and so many adds at the same moment, over all processes.

    On SQLite there is only ever one process.
    """
    begun = time.monotonic()
    roles = ["web"] * (processes if database == "postgresql" else 1)
    with tempfile.TemporaryDirectory(prefix="aggregator-bursts-") as folder:
        room = MEGABYTES + rounds * adds * BYTES_OF_AN_ADD // 10**6
        async with staged(Path(folder), database, roles, root=root, megabytes=room) as stage:
            found: Counter[str] = Counter()
            charge = await _charge(stage)
            for number in range(rounds):
                found += await _round(stage, number, adds, charge)
            red = await stage.audit()
    return Outcome(
        database,
        rounds,
        rounds * adds,
        found["accepted"],
        found["overspent"],
        found["refused_in_vain"],
        found["wrong_balances"],
        found["unanswered"],
        len(red),
        round(time.monotonic() - begun),
    )


async def _round(stage: Stage, number: int, adds: int, charge: int) -> Counter[str]:
    affordable = max(1, int(adds * SHARES[number % len(SHARES)]))
    funds = charge * affordable + charge // 2
    key = await stage.reseller(f"burst-{number}", Decimal(funds).scaleb(-8))
    codes = await _all_at_once(stage, key, adds)
    mine = f"(select id from resellers where name = 'burst-{number}')"
    orders = (await stage.books.rows(f"select count(*) as n from orders where reseller = {mine}"))[0]["n"]
    balance = (await stage.books.rows(f"select balance from wallets where reseller = {mine}"))[0]["balance"]
    return Counter(
        accepted=orders,
        overspent=max(0, orders - affordable),
        refused_in_vain=max(0, affordable - orders),
        wrong_balances=int(balance != funds - orders * charge) + int(codes[201] != orders),
        unanswered=adds - codes[201] - codes[400],
    )


async def _charge(stage: Stage) -> int:
    shelf = await stage.must("services")
    rate = next(one["rate"] for one in shelf if one["id"] == SERVICE)
    return int(Decimal(rate) * SCALE * QUANTITY / 1000)


async def _all_at_once(stage: Stage, key: str, adds: int) -> Counter[int]:
    """How often each code was answered; 0 where nothing was.

    A connection each, all open before the first word: a client's pool would spread the burst, and itself cost most.
    """
    everybody = asyncio.Barrier(adds)

    async def add(number: int) -> int:
        order = {
            "key": key,
            "action": "add",
            "service": SERVICE,
            "quantity": QUANTITY,
            "link": f"https://x.example/{number}",
            "request_id": str(number),
        }
        address = urlsplit(stage.urls[number % len(stage.urls)])
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            await everybody.wait()
            return await asyncio.wait_for(_ask(reader, writer, address.path, json.dumps(order)), ANSWER_SECONDS)
        except (OSError, ValueError, TimeoutError):
            return 0
        finally:
            writer.close()

    return Counter(await asyncio.gather(*(add(number) for number in range(adds))))


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: str) -> int:
    """The code of the answer; ValueError where there is none."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())
    _, code, _ = (await reader.readline()).split(b" ", 2)
    return int(code)


async def show(wanted: argparse.Namespace) -> bool:
    """The whole measure, a line for each database; whether all was right."""
    async with asyncio.TaskGroup() as group:
        bursts = [
            group.create_task(burst(database, rounds=wanted.rounds, adds=wanted.adds, processes=wanted.processes))
            for database in ([wanted.database] if wanted.database else DATABASES)
        ]
    outcomes = [one.result() for one in bursts]
    sys.stdout.write("".join(f"{outcome.line}\n" for outcome in outcomes))
    return all(outcome.is_good for outcome in outcomes)


def main() -> int:
    """Exit code 1 where a wallet paid for one order too many, or for one too few."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.bursts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--adds", type=int, default=200, help="at the same moment, in each round [200]")
    parser.add_argument("--processes", type=int, default=2, help="that serve on PostgreSQL [2]")
    parser.add_argument("--database", choices=DATABASES, help="[both]")
    return run_to_the_end(show(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
