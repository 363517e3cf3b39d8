"""Where an owner sits: a configuration folder, providers that answer, and the commands."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner

from aggregator.app import Panel
from aggregator.cli.root import root
from providers.sandbox import Sandbox
from tests.api.served import SERVICES, goods
from tests.catalog.panels import opened, settings_of, write_config
from tests.providers.sandbox_server import serving

AGGREGATOR = (sys.executable, "-m", "aggregator")
LINK = "https://x.example/u"
FILES = {
    "aggregator": "[pace]\npoll_seconds = 0.05\nconfirm_seconds = 0\nsettle_seconds = 0\nadd_timeout_seconds = 0.3\n",
    "services": SERVICES.replace('offers = ["alpha:7101"]', 'offers = ["alpha:7101", "bravo:1"]'),
    "markup": "[default]\npercent = 25\n",
}


class Said(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    text: str
    errors: str


class Desk:
    """Commands on one configuration, in this process."""

    def __init__(self, config: Path) -> None:
        self.config = config

    def say(self, *words: object) -> Said:
        """Run a command as a person does."""
        done = CliRunner().invoke(
            root, [*map(str, words), "--config", str(self.config)], env={"SANDBOX_KEY": "sandbox"}
        )
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    def ask(self, *words: object, code: int = 0) -> Any:
        """Run a command as a script does: one JSON document and nothing else on stdout, and this exit code."""
        said = self.say(*words, "--json")
        assert said.code == code, said
        return json.loads(said.text)

    async def ask_elsewhere(self, *words: str) -> int:
        """Run a command in a process of its own, beside a panel in this one; how it ended."""
        words = (*AGGREGATOR, *words, "--json", "--config", str(self.config))
        environment = {**os.environ, "SANDBOX_KEY": "sandbox"}
        command = await asyncio.create_subprocess_exec(*words, env=environment, stdout=asyncio.subprocess.DEVNULL)
        return await command.wait()

    def write(self, file: str, text: str) -> Path:
        path = self.config / file
        path.write_text(text)
        return path

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.config.parent / 'data' / 'aggregator.sqlite'}"

    def live(self, story: Callable[[Panel], Awaitable[None]]) -> None:
        """What happens in a panel on this configuration before the next command."""

        async def tell() -> None:
            async with opened(settings_of(self.config, self.database_url)) as panel:
                await story(panel)

        asyncio.run(tell())


@contextmanager
def providers_in_a_thread(*sandboxes: Sandbox) -> Iterator[list[str]]:
    """Serve sandboxes beside the test, whose commands each have an event loop of their own; yields their addresses."""
    urls: list[str] = []
    ready, done = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve(rest: tuple[Sandbox, ...]) -> None:
        if not rest:
            ready.set()
            await done.wait()
            return
        async with serving(rest[0]) as url:
            urls.append(url)
            await serve(rest[1:])

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve(sandboxes)))
    thread.start()
    assert ready.wait(20)
    try:
        yield urls
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


def make_desk(folder: Path, urls: list[str]) -> Desk:
    """A configuration for alpha and bravo under these addresses."""
    return Desk(write_config(folder, dict(zip(("alpha", "bravo"), urls, strict=True)), **FILES))


def wares() -> list[Sandbox]:
    """Alpha sells followers and comments; bravo the same followers dearer, and more."""
    return [Sandbox(catalogue=goods(), speed=0, id_from=880_001), Sandbox(dialect="json", speed=0)]
