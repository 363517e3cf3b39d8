"""One run from start to end: a plan on a stage, load and nemesis together, the owner's decisions, the verdict."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from tests.chaos import checker, mallory
from tests.chaos.figures import figures
from tests.chaos.load import Load
from tests.chaos.nemesis import Nemesis
from tests.chaos.owner import Owner, truth_of
from tests.chaos.plan import POOR, RESELLERS, Plan
from tests.chaos.processes import ROOT, Stalled
from tests.chaos.stage import LIFETIME, Stage, staged
from tests.chaos.upstreams import RECIPES

ROLES = {"sqlite": ("all",), "postgresql": ("web", "all", "worker")}
AUDIT_SECONDS = 4
"""Between two audits under load."""
DRAIN_SECONDS = 75
"""How long the drain waits for the next order to end: longer than the panel looks for a provider."""
RICH, SHORT = Decimal(1_000), Decimal("20.5")
SIGKILL = -9
LAG_MS = 6_000
"""As long as the panel itself allows for, and a second."""
JUDGED = "select count(distinct provider) as n from balance_days where looked_at > {rested} and judged_at > {rested}"
LATER = ("no-attempt-overdue",)
"""Promises that nobody can keep while all who would are dead or frozen; they are held to them afterwards."""
MOST_SECONDS = 600
"""After which a run is given up as stalled: ten times what it takes on an idle machine."""


class Report(NamedTuple):
    """What a run came to; `faults` says what is wrong, a sentence each."""

    seed: int
    db: str
    kills: int
    blows: int
    orders: int
    adds: int
    deploys: int
    lost: int
    charged_not_once: int
    bought_twice: int
    refund_errors: int
    forbidden: int
    overspent: int
    denied: int
    crashed: int
    """Processes that ended by themselves, other than a failpoint made them."""
    stalled: int
    audits: int
    red: int
    unsure: int
    dishonest: int
    """Orders that the dishonest provider took."""
    settled: int
    """Orders at the dishonest provider that the owner had to settle."""
    deceived: int
    """Things that the panel does not know, or tells wrongly, of it."""
    secs: int
    faults: list[str]

    @property
    def line(self) -> str:
        """For a machine: name=value, all but the sentences."""
        return " ".join(f"{name}={value}" for name, value in self._asdict().items() if name != "faults")


def stalled(plan: Plan, why: str) -> Report:
    """Of a run that did not come to its end: nothing else is known of it."""
    counts = dict.fromkeys(set(Report._fields) - {"seed", "db", "stalled", "faults"}, 0)
    return Report(seed=plan.seed, db=plan.database, stalled=1, faults=[f"stalled: {why}"], **counts)


async def rage(
    plan: Plan, *, root: Path = ROOT, patience: float = DRAIN_SECONDS, most: float = MOST_SECONDS, strict: bool = False
) -> Report:
    """Carry a plan out in a folder of its own, which is gone afterwards.

    `patience` is how long the drain waits for the next order to end, `most` how long all of it may take, in seconds;
    `Stalled` tells what it hangs in. `strict` = every comparison of `mallory` counts.
    """
    with tempfile.TemporaryDirectory(prefix="aggregator-chaos-") as folder:
        async with staged(Path(folder), plan.database, ROLES[plan.database], root=root) as stage:
            storm = Storm(stage, plan, patience, strict=strict)
            try:
                async with asyncio.timeout(most):
                    return await storm.run()
            except TimeoutError:
                raise Stalled(f"not through in {most} s: {storm.doing}", *stage.served) from None


class Storm:
    """A plan and the stage that it is carried out on."""

    def __init__(self, stage: Stage, plan: Plan, patience: float, *, strict: bool) -> None:
        self._stage = stage
        self._plan = plan
        self._patience = patience
        self._strict = strict
        self._begun = time.monotonic()
        self._audits = 0
        self._red: list[str] = []
        self.doing = "begins"

    async def run(self) -> Report:
        stage, plan = self._stage, self._plan
        keys = await asyncio.gather(*(stage.reseller(f"r{n}", _funds(n)) for n in range(RESELLERS)))
        names = {row["name"]: row["id"] for row in await stage.books.rows("select id, name from resellers")}
        load = Load(stage, plan, keys, stage.folder / "client.log")
        nemesis = Nemesis(stage, plan, load)
        self.doing = "load and blows"
        await self._break(load, nemesis)
        self.doing = "waits for calm"
        await stage.calm()
        self.doing = "waits for the last orders to end"
        owner = Owner(stage)
        ids = [names[f"r{number}"] for number in range(RESELLERS)]

        async def evidence() -> checker.Evidence:
            return await checker.gather(stage.books, load.replies, await truth_of(stage), ids)

        async def at_rest() -> bool:
            return not checker.refund_errors(await evidence())

        await owner.drain(seconds=self._patience, until=at_rest)
        # What was delivered may be lost again a lifetime later, and must be paid back then, too.
        await asyncio.sleep(2 * LIFETIME)
        await owner.drain(seconds=self._patience, until=at_rest)
        self.doing = "waits for the last judgement of balances"
        await self._until_judged()
        await self._audit()
        found = await evidence()
        known = await mallory.know(stage.books, found, await figures(stage.config))
        deceived = mallory.compare(known, strict=self._strict)
        return self._report(found, load, nemesis, owner, deceived, balanced=await self._truth_is_balanced())

    async def _break(self, load: Load, nemesis: Nemesis) -> None:
        beside = [
            asyncio.create_task(self._audit_often()),
            asyncio.create_task(mallory.deceive(self._stage.upstreams, self._plan.seed, strict=self._strict)),
        ]
        try:
            await asyncio.gather(load.run(), nemesis.run())
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _until_judged(self) -> None:
        """Until the balances were read and judged so long after the last word as money may lag behind it."""
        latest = time.monotonic() + self._patience
        rested, left = int(time.time() * 1000) + LAG_MS, len(RECIPES)
        while left and time.monotonic() < latest:
            await asyncio.sleep(0.5)
            [row] = await self._stage.books.rows(JUDGED.format(rested=rested))
            left = len(RECIPES) - row["n"]
        # A judgement is claimed before it is made.
        await asyncio.sleep(1)

    async def _audit_often(self) -> None:
        while True:
            await asyncio.sleep(AUDIT_SECONDS)
            with suppress(ConnectionError):
                await self._audit(but=LATER)

    async def _audit(self, *, but: tuple[str, ...] = ()) -> None:
        self._red += [red for red in await self._stage.audit() if not red.startswith(but)]
        self._audits += 1

    async def _truth_is_balanced(self) -> bool:
        return all([await upstream.is_balanced() for upstream in self._stage.upstreams])

    def _report(
        self,
        evidence: checker.Evidence,
        load: Load,
        nemesis: Nemesis,
        owner: Owner,
        deceived: list[str],
        *,
        balanced: bool,
    ) -> Report:
        faults = checker.check(evidence)
        served = self._stage.served
        crashes = [crash for one in served for crash in one.crashes]
        other = [f"red: {red}" for red in self._red] + [f"denied: {denial}" for denial in load.denials]
        other += [f"deceived: {one}" for one in deceived]
        other += [f"crashed: {crash}" for crash in crashes]
        other += [] if balanced else ["the providers' own money does not add up"]
        return Report(
            seed=self._plan.seed,
            db=self._plan.database,
            kills=sum(one.deaths[SIGKILL] for one in served),
            blows=nemesis.blows.total(),
            orders=len(evidence.orders),
            adds=sum(map(len, evidence.truth.values())),
            deploys=sum(one.deaths[0] for one in served),
            lost=len(faults.lost),
            charged_not_once=len(faults.charged_not_once),
            bought_twice=len(faults.bought_twice),
            refund_errors=len(faults.refund_errors),
            forbidden=len(faults.forbidden),
            overspent=len(faults.overspent),
            denied=len(load.denials),
            crashed=len(crashes),
            stalled=0,
            audits=self._audits,
            red=len(self._red),
            unsure=owner.decisions,
            dishonest=mallory.taken(evidence),
            settled=owner.settled,
            deceived=len(deceived),
            secs=round(time.monotonic() - self._begun),
            faults=[*faults.all, *other],
        )


def _funds(number: int) -> Decimal:
    return SHORT if number < POOR else RICH
