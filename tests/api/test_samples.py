"""The programs of the API's page run when they are pasted, in every language that this machine has."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import which
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import pytest

from aggregator.api.guide.clients import client
from aggregator.api.guide.examples import KEY, Example, examples
from aggregator.api.guide.samples import Language, write
from aggregator.api.views import Spelling
from aggregator.api.wire import Action
from aggregator.web.public.reference import CODED
from tests.api.story import story

PATIENCE = 60
MARK = "-- next --"


class Runner(NamedTuple):
    """How many programs of one language are run as one, each in a place of its own."""

    needs: str
    file: str
    join: Callable[[list[str]], str]
    read: Callable[[str], Any]


def _join_php(programs: list[str]) -> str:
    return "<?php\n" + f'echo "{MARK}\\n";\n'.join(text.removeprefix("<?php\n") for text in programs)


def _join_javascript(programs: list[str]) -> str:
    # What Node prints for people is cut short; the same as JSON can be compared.
    plain = "console.log = (said) => process.stdout.write(JSON.stringify(said) + '\\n');\n"
    return plain + f'process.stdout.write("{MARK}\\n");\n'.join(f"{{\n{text}}}\n" for text in programs)


RUNNERS = {
    Language.CURL: Runner("curl", "all.sh", f"\necho '\n{MARK}'\n".join, json.loads),
    Language.PHP: Runner("php", "all.php", _join_php, json.loads),
    Language.PYTHON: Runner(sys.executable, "all.py", f'\nprint("{MARK}")\n'.join, ast.literal_eval),
    Language.JAVASCRIPT: Runner("node", "all.mjs", _join_javascript, json.loads),
}
COMMANDS = {Language.CURL: "sh"}


REPEATABLE = (Action.SERVICES, Action.STATUS, Action.ADD)


async def run(language: Language, folder: Path, programs: list[str]) -> list[Any]:
    """What each of the programs prints."""
    runner = RUNNERS[language]
    path = folder / runner.file
    path.write_text(runner.join(programs))
    out = await execute(language, path)
    return [runner.read(part.strip()) for part in out.split(MARK)]


async def execute(language: Language, path: Path) -> str:
    """What a program prints; AssertionError with its complaint if it fails."""
    runner = RUNNERS[language]
    process = await asyncio.create_subprocess_exec(
        COMMANDS.get(language, runner.needs),
        path,
        env={**os.environ, "no_proxy": "*"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0, err.decode()
    return out.decode()


def expected(example: Example, spelling: Spelling) -> Any:
    reply = json.loads(example.reply(spelling))
    return reply if example.action is not Action.ADD or example.refused else sorted(reply)


def seen(example: Example, reply: Any) -> Any:
    """The first rows of a list, and of a new order that it has an id: each run of the programs makes another."""
    if example.first:
        return reply[:2]
    return reply if example.action is not Action.ADD or example.refused else sorted(reply)


@pytest.mark.parametrize("language", [one for one in Language if which(RUNNERS[one].needs)])
async def test_every_program_runs_as_it_is_printed(tmp_path: Path, fresh_sqlite: str, language: Language) -> None:
    """All in one spelling, in half of the languages JSON; and what may come twice in the other."""
    shown = [example for example in examples().example if example.name in (*CODED, "add-custom-comments")]
    whole = Spelling.JSON if language in (Language.CURL, Language.PHP) else Spelling.CLASSIC
    programs = [(example, whole) for example in shown]
    programs += [
        (example, other) for example in shown if example.action in REPEATABLE for other in {*Spelling} - {whole}
    ]
    async with story(tmp_path, fresh_sqlite) as (shop, anna):
        texts = [
            write(language, f"{shop.url}/api/v2", with_key(example, anna.key), spelling)
            for example, spelling in programs
        ]
        replies = await run(language, tmp_path, texts)
    wrong = {
        (example.name, spelling): reply
        for (example, spelling), reply in zip(programs, replies, strict=True)
        if seen(example, reply) != expected(example, spelling)
    }
    assert wrong == {}


def with_key(example: Example, key: str) -> dict[str, str | int]:
    return {name: key if value == KEY else value for name, value in example.fields.items()}


CLIENTS = {
    Language.CURL: "client.sh",
    Language.PHP: "client.php",
    Language.PYTHON: "c.py",
    Language.JAVASCRIPT: "c.mjs",
}


async def test_the_clients_order_and_follow(tmp_path: Path, fresh_sqlite: str) -> None:
    """Each orders once more for 2.50 from what the one before it left; and without a key it says why not."""
    here = [language for language in Language if which(RUNNERS[language].needs)]
    async with story(tmp_path, fresh_sqlite) as (shop, anna):
        for number, language in enumerate(here):
            path = tmp_path / CLIENTS[language]
            text = client(language, f"{shop.url}/api/v2", examples().named("add"))
            path.write_text(text)
            with pytest.raises(AssertionError, match="Invalid API key"):
                await execute(language, path)
            path.write_text(text.replace(KEY, anna.key))
            out = await execute(language, path)
            left = f"{150 - 2.5 * (number + 1):.2f}"
            status = "Pending" if language is Language.CURL else "PENDING"
            told = ["There are services", f"Order: {12345 + number}", f"Status: {status}", f"Balance: {left}"]
            assert out.splitlines() == told, language


NASTY = "it's \"so\" \\ $HOME `id` ${x} #{y} %s\n</script>é\U0001f600\t'"


@pytest.mark.parametrize("language", [one for one in Language if which(RUNNERS[one].needs)])
async def test_a_text_is_only_a_text_in_every_language(tmp_path: Path, fresh_sqlite: str, language: Language) -> None:
    """Quotes, dollars and backslashes of a link or a comment are sent as they are, and run nothing."""
    fields: dict[str, str | int] = {"key": "x", "action": "add", "service": 1, "link": NASTY, "quantity": 1000}
    received = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        received.append((await reader.readexactly(length)).decode())
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v2"
        await run(language, tmp_path, [write(language, url, fields, spelling) for spelling in Spelling])
    assert json.loads(received[0])["link"] == NASTY
    assert parse_qs(received[1])["link"] == [NASTY]
