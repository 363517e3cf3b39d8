"""The owner of a soak: edits in files and in the console, a preview as it is typed, commands of providers."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from itertools import count, cycle
from pathlib import Path

from tests.chaos.stage import Stage
from tests.soak.scene import services
from tests.soak.visitor import Visitor

_BASE = re.compile(r'name="base" value="([^"]*)"')
_INVITE = re.compile(r"sign-up\?invite=([\w%.~-]+)")
PREVIEW_SECONDS = 1.0


class Owner:
    """Does one thing after the other; `edits` counts them."""

    def __init__(self, stage: Stage, visitor: Visitor) -> None:
        self._stage = stage
        self._visitor = visitor
        self._percents = cycle((17, 18, 23, 31, 19))
        self._numbers = count(1)
        self.edits = 0

    async def edit_often(self, seconds: float) -> None:
        """Until cancelled; each kind of edit in turn."""
        deeds = cycle(
            (
                self._markup_file,
                self._markup_page,
                self._services_file,
                self._service_page,
                self._sync,
                self._providers_file,
                self._switch,
                self._audit,
            )
        )
        for deed in deeds:
            await asyncio.sleep(seconds)
            await deed()
            self.edits += 1

    async def type_often(self) -> None:
        """What an edit of the markup would change, as it is typed, until cancelled."""
        for percent in cycle((11, 22, 33, 44)):
            await self._visitor.send("/console/prices/preview", {"text": _markup(percent)})
            await asyncio.sleep(PREVIEW_SECONDS)

    async def invite(self, reseller: str) -> str:
        """A token by which this reseller's people sign up."""
        page = await self._visitor.send("/console/resellers/invite", {"reseller": reseller})
        found = _INVITE.search(unescape(page))
        if found is None:
            raise RuntimeError(f"no invitation: {page[-1500:]}")
        return found[1]

    async def _markup_file(self) -> None:
        self._write("markup.toml", _markup(next(self._percents)))

    async def _services_file(self) -> None:
        self._write("services.toml", services(extra=next(self._numbers) % 5))

    async def _providers_file(self) -> None:
        text = (self._stage.config / "providers.toml").read_text()
        pace = 15 + next(self._numbers) % 10
        self._write("providers.toml", re.sub(r"requests_per_second = \d+", f"requests_per_second = {pace}", text))

    async def _markup_page(self) -> None:
        found = _BASE.search(await self._visitor.text("/console/prices"))
        base = unescape(found[1]) if found else ""
        await self._visitor.send("/console/prices", {"text": _markup(next(self._percents)), "base": base})

    async def _service_page(self) -> None:
        fields = {"name": f"Ours 1, named {next(self._numbers)}", "sold": "1", "reason": "soak"}
        await self._visitor.send("/console/services/1", fields)

    async def _switch(self) -> None:
        for enabled in ("", "1"):
            await self._visitor.send("/console/providers/of/slow/enabled", {"enabled": enabled})

    async def _sync(self) -> None:
        await self._visitor.send("/console/providers/of/well/sync", {})

    async def _audit(self) -> None:
        await self._visitor.send("/console/audit", {})

    def _write(self, name: str, text: str) -> None:
        """As an editor saves: at once, under the old name."""
        path = Path(self._stage.config, name)
        new = path.with_suffix(".new")
        new.write_text(text)
        new.replace(path)


def _markup(percent: int) -> str:
    rule = f'[[rule]]\nmatch = {{ category = "TikTok*" }}\npercent = {percent + 5}\n'
    return f"[default]\npercent = {percent}\n{rule}"
