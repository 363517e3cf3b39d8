"""`python -m tests.proofs [verdicts 50000]`: what the tests try by hundreds, tried by as many as there is time for.

The seed is the day's where none is given; the same seed tries the same again. Each proof prints one line and writes it
down in the log of long runs; the exit code is 1 where anything was wrong.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import structlog

from tests.chaos.processes import run_to_the_end
from tests.evidence.accounts import tally
from tests.proofs.inputs import try_inputs
from tests.proofs.properties import try_properties
from tests.proofs.unsure import try_unsure
from tests.providers.verdicts import try_adds

LOG = Path(__file__).parents[1] / "chaos" / "LOG.md"


class Outcome(NamedTuple):
    """What was counted, and everything that was wrong."""

    counts: dict[str, int]
    faults: list[str]


async def verdicts(_: int, count: int) -> Outcome:
    """Adds at a provider that misbehaves: none may be believed to be the opposite of what it is."""
    cases = await try_adds(count)
    forbidden = [case for case in cases if case.is_forbidden]
    counts = Counter(case.verdict.replace(" ", "_") for case in cases)
    modes = len({case.mode for case in cases})
    return Outcome(
        {"adds": len(cases), "modes": modes, **counts, "forbidden": len(forbidden)}, list(map(str, forbidden))
    )


async def inputs(seed: int, count: int) -> Outcome:
    """Requests made up by chance: no error of ours, one meaning in every encoding, nothing moved by a refused one."""
    kinds, wrong = await try_inputs(seed, count)
    counts = {kind.replace(" ", "_"): number for kind, number in kinds.items()}
    return Outcome({"requests": kinds.total(), **counts, "wrong": len(wrong)}, wrong)


async def properties(seed: int, count: int) -> Outcome:
    """Every test of a property with so many examples that follow from the seed."""
    counts, faults = await try_properties(seed, count)
    return Outcome({"each": count, **counts}, faults)


def unsure(way: str) -> Callable[[int, int], Awaitable[Outcome]]:
    """Orders whose adds nobody answered, at a provider that gives this evidence: those that settle by themselves."""

    async def proof(seed: int, count: int) -> Outcome:
        seen = await try_unsure(way, seed, count)
        counts = {name: seen[name] for name in ("orders", "settled", "wrong")}
        return Outcome(counts, ["evidence has settled orders wrongly"] if seen["wrong"] else [])

    return proof


async def sums(seed: int, count: int) -> Outcome:
    """Accounts with one to four unsure adds, by their balance alone, cut down to two digits and to four."""
    counts, faults = dict[str, int](), list[str]()
    for decimals in (2, 4):
        for adds in (1, 2, 4):
            told, wrong = tally(seed, count, decimals=decimals, unsure=adds)
            counts |= {f"told_{adds}_at_{decimals}_digits": told, f"wrong_{adds}_at_{decimals}_digits": wrong}
            faults += [f"{wrong} verdicts are wrong"] if wrong else []
    return Outcome({"each": count, **counts}, faults)


PROOFS: dict[str, tuple[Callable[[int, int], Awaitable[Outcome]], int]] = {
    "verdicts": (verdicts, 5_000),
    "inputs": (inputs, 20_000),
    "properties": (properties, 1_000),
    "unsure-reference": (unsure("reference"), 60),
    "unsure-list": (unsure("list"), 60),
    "unsure-balance": (unsure("balance"), 60),
    "sums": (sums, 4_000),
}
"""Each with how much of it is tried where nobody says otherwise."""


async def show(names: list[str], seed: int, count: int | None) -> bool:
    """A line each; whether nothing was wrong."""
    good = True
    for name in names:
        proof, usual = PROOFS[name]
        begun = time.monotonic()
        counts, faults = await proof(seed, count or usual)
        told = " ".join(f"{key}={value}" for key, value in counts.items())
        if faults:
            sys.stdout.write(f"again: python -m tests.proofs {name} {count or usual} --seed {seed}\n")
        line = f"proof={name} seed={seed} {told} secs={round(time.monotonic() - begun)}"
        sys.stdout.write("".join(f"{text}\n" for text in [line, *(f"  {fault[:300]}" for fault in faults[:20])]))
        sys.stdout.flush()
        with LOG.open("a") as log:
            log.write(f"- {datetime.now(UTC):%Y-%m-%d} `{line}`\n")
        good = good and not faults
    return good


def main() -> int:
    """Exit code 1 where anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__)
    parser.add_argument("name", nargs="?", choices=PROOFS, help="[all of them]")
    parser.add_argument("count", nargs="?", type=int, help="how many adds, requests, examples, orders or accounts")
    parser.add_argument("--seed", type=int, default=int(f"{datetime.now(UTC):%Y%m%d}"), help="[the day: 20261231]")
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    return run_to_the_end(show([wanted.name] if wanted.name else list(PROOFS), wanted.seed, wanted.count))


if __name__ == "__main__":
    sys.exit(main())
