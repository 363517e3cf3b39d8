"""Requests made up by chance, each in every encoding that can say it: understood alike, and never an error of ours."""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace

from tests.api.corpus import Case, cases
from tests.api.differential import Teller, kind_of, teller_at

EACH = 2_000
"""Cases for one database: what is counted after each of them grows with the orders in it."""
WAYS = ("json", "number", "literal", "form", "multipart", "query")
_DIGITS = "0123456789"
_ODD = "\uff10\u0661\u00b2\u0966+-.eE,_ xX\u00a0\u2007\t\r\n\0\x1b\x7f\x85\u202e\u2066\ufeff"
_WORDS = "abzAZ\u0430\u00e9e\u0301\U0001f525'\"\\`;&=%<>{}[]$#@/?:*|()"
_TYPES = ("", "application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x")
_DEEPEST = 6


class Maker:
    """Makes cases; the seed decides all of them."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._known = list(cases())

    def case(self) -> Case:
        """A field of some known case with another value."""
        known = self._dice.choice(self._known)
        if self._dice.random() < 0.2:
            return replace(known, must="same", text=None, literal=json.dumps(self._value(0)))
        return replace(known, must="same", text=self._text(known.text or ""), literal=None)

    def spoil(self, request: httpx.Request) -> httpx.Request:
        """The same request with a few bytes changed, and perhaps called something else."""
        body = bytearray(request.content)
        for _ in range(self._dice.randrange(1, 4)):
            at = self._dice.randrange(len(body) + 1)
            body[at : at + self._dice.randrange(3)] = self._dice.randbytes(self._dice.randrange(3))
        headers = {"Content-Type": kind} if (kind := self._dice.choice(_TYPES)) else {}
        return httpx.Request("POST", request.url.copy_with(query=None), content=bytes(body), headers=headers)

    def _text(self, known: str) -> str:
        kind = self._dice.randrange(4)
        if kind == 0:
            return self._some(_DIGITS, 24)
        if kind == 1:
            return self._some(_DIGITS * 3 + _ODD, 12)
        if kind == 2:
            return self._some(_DIGITS + _ODD + _WORDS, 40)
        at = self._dice.randrange(len(known) + 1)
        return known[:at] + self._some(_DIGITS + _ODD + _WORDS, 2) + known[at + self._dice.randrange(2) :]

    def _some(self, letters: str, most: int) -> str:
        return "".join(self._dice.choices(letters, k=self._dice.randrange(most + 1)))

    def _value(self, depth: int) -> Any:
        """Anything that JSON can write."""
        kind = self._dice.randrange(6 if depth == _DEEPEST else 8)
        match kind:
            case 0:
                return self._dice.choice([None, True, False])
            case 1:
                return self._dice.choice([-1, 1]) * 10 ** self._dice.randrange(40) + self._dice.randrange(100)
            case 2:
                return self._dice.uniform(-1, 1) * 10.0 ** self._dice.randrange(-300, 300)
            case 6:
                return [self._value(depth + 1) for _ in range(self._dice.randrange(4))]
            case 7:
                return {self._some(_WORDS, 5): self._value(depth + 1) for _ in range(self._dice.randrange(4))}
            case _:
                return self._text("1000")


async def try_inputs(seed: int, count: int) -> tuple[Counter[str], list[str]]:
    """At least so many requests, by what came of them, and everything that was wrong."""
    maker, seen, wrong = Maker(seed), Counter[str](), list[str]()
    while seen.total() < count:
        with tempfile.TemporaryDirectory(prefix="aggregator-inputs-") as folder:
            async with teller_at(Path(folder), f"sqlite:///{folder}/inputs.sqlite") as teller:
                for _ in range(EACH):
                    case = maker.case()
                    wrong += await teller.judge(case, WAYS)
                    wrong += await _spoiled(teller, maker, case)
                    if teller.kinds.total() + seen.total() >= count:
                        break
                seen += teller.kinds
                wrong += [f"a provider was sent {order}" for order in teller.shop.sandbox.orders]
    return seen, wrong


async def _spoiled(teller: Teller, maker: Maker, case: Case) -> list[str]:
    """What is wrong with the answer to a request some of whose bytes are not what they were."""
    request = maker.spoil(next(iter(case.requests(teller.key)))[1])
    code, said = await teller.send(request)
    moved = any(await teller.moved())
    if kind_of(code, said) == "broken" or (moved and code >= 400):
        return [f"{code} for {request.headers} {request.content!r}: {said}"]
    return []
