"""What a seed decides: who orders what, what each provider will do with it, and what breaks when."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

CONDUCTS = {
    "": 66,
    "/lost": 8,
    "/drop": 7,
    "/error500": 5,
    "/lostno": 5,
    "/refuse/Bad-link": 4,
    "/refuse/Incorrect-quantity": 2,
    "/refuse/We-are-thinking-about-it": 3,
}
"""How a provider meets the add, with the weight of each; the last refusal is one that nobody knows."""
FATES = {"": 50, "/partial/{a}": 16, "/cancel": 8, "/cancel/{a}": 8, "/late/{a}": 9, "/grow/{a}/{b}": 9}
KILLS = (
    "accept_store.commit.begin",
    "accept_store.commit.before-commit",
    "accept_store.commit.after-commit",
    "attempt_writer.begin.after-commit",
    "add.connect",
    "add.headers-sent",
    "add.body-sent",
    "add.reply-read",
    "attempt_writer.accept.before-commit",
    "attempt_writer.accept.after-commit",
    "attempt_writer.refuse.before-commit",
    "status.reply-read",
    "settle.settle.begin",
    "settle.settle.before-commit",
    "settle.settle.after-commit",
    "reroute.reroute.after-commit",
)
"""Where a process dies by itself: CP1-CP12 of `aggregator.failpoints`."""
HITCHES = (
    "attempt_writer.begin.after-commit:{n}:sleep(3500)",
    "add.connect:{n}:sleep(3500)",
    "add.body-sent:{n}:term",
    "add.reply-read:{n}:stop",
    "accept_store.commit.after-commit:{n}:raise",
    "attempt_writer.accept.before-commit:{n}:raise",
    "attempt_writer.accept.after-commit:{n}:raise",
    "settle.settle.before-commit:{n}:raise",
    "settle.settle.after-commit:{n}:raise",
    "poll:alpha.round:{n}:raise",
    "sweep.round:{n}:raise",
    "dispatch.round-done:{n}:raise",
)
"""What else may happen at a point: late sends, a deployment in the middle, a lost confirmation, a broken round."""
OTHERS = {
    "sqlite": ("freeze", "away", "hitch", "full", "deafen", "deploy", "hitch", "cut"),
    "postgresql": (
        "restart_database",
        "deafen_database",
        "kill_cache",
        "freeze",
        "hitch",
        "full",
        "away",
        "deploy",
        "hitch",
        "cut",
        "deafen",
        "restart_database",
        "cut_database",
        "deafen_database",
        "kill_cache",
        "flush_cache",
    ),
}
MORE_THAN_KILLS = {"sqlite": 0.4, "postgresql": 0.9}
"""Blows of other kinds, for each kill."""
SECONDS_A_BLOW = {"sqlite": 1.6, "postgresql": 1.0}
"""SQLite has one process, which needs a moment to come up."""


class Wish(NamedTuple):
    """An order that a reseller wants; its link tells the providers what to do with it, and names it everywhere."""

    number: int
    reseller: int
    service: int
    link: str
    quantity: int
    request_id: str
    repeated: bool
    """Asked for again although it was answered."""
    called_off: bool
    """The reseller asks to cancel it afterwards."""


class Blow(NamedTuple):
    """Something that breaks when so much of the load (0..1) is through."""

    at: float
    kind: str
    target: int
    point: str = ""


class Plan(NamedTuple):
    """All of one run."""

    seed: int
    database: str
    wishes: list[Wish]
    blows: list[Blow]
    seconds: float
    """How long the load takes when nothing stalls it."""


RESELLERS = 8
POOR = 2
"""So many of them can pay only for a part of what they want."""


def draw(seed: int, database: str, *, orders: int, kills: int) -> Plan:
    """The plan of a seed: always the same one."""
    random = Random(f"{seed}:{database}")
    blows = _blows(random, database, kills)
    seconds = max(4.0, len(blows) * SECONDS_A_BLOW[database])
    return Plan(seed, database, [_wish(random, seed, number) for number in range(orders)], blows, seconds)


def _wish(random: Random, seed: int, number: int) -> Wish:
    quantity = random.randint(100, 3000)
    less = random.randint(1, quantity - 1)
    conduct = random.choices(list(CONDUCTS), list(CONDUCTS.values()))[0]
    fate = random.choices(list(FATES), list(FATES.values()))[0].format(a=less, b=random.randint(less, quantity))
    return Wish(
        number,
        random.randrange(RESELLERS),
        random.choice([1, 1, 1, 2, 3, 3]),
        f"https://x.example/{seed}-{number}{conduct}{'' if 'refuse' in conduct else fate}",
        quantity,
        f"{seed}-{number}",
        random.random() < 0.15,
        random.random() < 0.06,
    )


def _blows(random: Random, database: str, kills: int) -> list[Blow]:
    others = OTHERS[database]
    kinds = ["kill" if number % 2 else "kill_at" for number in range(kills)]
    kinds += [others[number % len(others)] for number in range(round(kills * MORE_THAN_KILLS[database]))]
    random.shuffle(kinds)
    return [_blow(random, kind, (number + 1) / (len(kinds) + 1)) for number, kind in enumerate(kinds)]


def _blow(random: Random, kind: str, at: float) -> Blow:
    nth, point = random.randint(1, 3), ""
    if kind == "kill_at":
        point = f"{random.choice(KILLS)}:{nth}:kill9"
    if kind == "hitch":
        point = random.choice(HITCHES).format(n=nth)
    return Blow(at, kind, random.randrange(1_000), point)
