"""The README is true: every command in it runs, in its order, on a machine that has only this repository."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PATIENCE = 60
EXAMPLES = {"alpha": 9001, "bravo": 9002}
"""The README's providers, and the ports of their sandboxes: a test takes free ones in their place."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """Every command of the README, continued lines joined, `make` aside."""
    text = "".join(blocks("sh")).replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("make ")]


class Shell:
    """Runs the README's commands one after another, as a person would who has free ports and a real key."""

    def __init__(self, folder: Path, servers: dict[str, str]) -> None:
        self.folder = folder
        self.key = ""
        self.ports = {str(port): str(_free_port()) for port in (8000, *EXAMPLES.values())}
        self.environment = {"PATH": f"{_without_activation()}:/usr/bin:/bin", "HOME": str(folder), **servers}
        self.running: list[subprocess.Popen[bytes]] = []
        shutil.copytree(ROOT / "config", folder / "config")

    def do(self, command: str) -> None:
        if command.startswith("export "):
            self._export(command)
            return
        command = self._fill(command)
        if command.endswith("&") or command.startswith("aggregator serve"):
            self._start(command.removesuffix("&"))
        else:
            self.run(command)
        if command.startswith("aggregator init"):
            self._take_free_ports()

    def _take_free_ports(self) -> None:
        """In place of those that another test, or somebody on this machine, may have taken."""
        path = self.folder / "config" / "providers.toml"
        path.write_text(self._fill(path.read_text()))

    def _export(self, command: str) -> None:
        for name, value in re.findall(r"(\w+)=(\S+)", command.removeprefix("export ")):
            if name == "PATH" or value.startswith(("postgresql://", "redis://")):
                continue
            self.environment[name] = value.strip('"')

    def _fill(self, command: str) -> str:
        if command == "aggregator serve":
            command += " --port 8000"
        for port, free in self.ports.items():
            command = re.sub(rf"(:|--port ){port}\b", rf"\g<1>{free}", command)
        return command.replace("YOUR_API_KEY", self.key).replace("curl ", "curl --silent --fail-with-body ")

    def _start(self, command: str) -> None:
        log = self.folder / f"log-{len(self.running)}"
        with log.open("wb") as file:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment, stdout=file, stderr=file
            )
        self.running.append(process)
        deadline = time.monotonic() + PATIENCE
        while not re.search(r" on (http|no port)", log.read_text()):
            assert process.poll() is None, f"{command} ended:\n{log.read_text()}"
            assert time.monotonic() < deadline, f"{command} is not ready:\n{log.read_text()}"
            time.sleep(0.05)

    def run(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        said = f"{command}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, said
        if command.startswith("curl"):
            assert '"error"' not in done.stdout, said
        if command.startswith("aggregator resellers add"):
            self.key = re.search(r"shown this once: (\w+)", done.stdout)[1]  # type: ignore[index]  # it must be there
        return done.stdout

    def end(self) -> None:
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            process.wait(PATIENCE)


@pytest.fixture
def shell(tmp_path: Path, fresh_postgres: str, fresh_redis: str) -> Iterator[Shell]:
    servers = {"POSTGRES": fresh_postgres, "REDIS": fresh_redis}
    opened = Shell(tmp_path, servers)
    yield opened
    opened.end()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _without_activation() -> str:
    return str(Path(sys.executable).parent)


def test_every_command_of_the_readme_runs_in_its_order(shell: Shell) -> None:
    """From two sandboxes to an order, then the same panel on PostgreSQL and Redis with a web and a worker process."""
    for command in commands():
        if "AGGREGATOR_DATABASE_URL" in command:
            shell.end()
            shell.running.clear()
            shell.environment["AGGREGATOR_DATABASE_URL"] = shell.environment["POSTGRES"]
            shell.environment["AGGREGATOR_CACHE_URL"] = shell.environment["REDIS"]
        shell.do(command)
    assert len(shell.running) == 2


def test_init_writes_and_prints_what_the_readme_shows(shell: Shell) -> None:
    """Word by word: the lines that come next, and the blocks of the two files."""
    said = shell.run("aggregator init --sandbox")
    printed = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    told = commands()
    first = told.index(printed[0])
    assert [line for line in told[first:] if line in printed] == printed
    assert told[first - 1] == "aggregator init --sandbox"
    for block, file in zip(blocks("toml"), ("providers.toml", "services.toml"), strict=True):
        assert (shell.folder / "config" / file).read_text().endswith(f"\n\n{block}")


def test_the_two_first_commands_are_targets_and_the_demo_ends_well() -> None:
    first = [line for line in blocks("sh")[0].splitlines() if line]
    assert first == ["make demo", "make test"]
    for command in first:
        planned = subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True)
        assert "python -m" in planned.stdout
    shown = subprocess.run(
        [sys.executable, "-m", "aggregator", "demo", "--once", "--port", "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert "$7.50 came back" in shown.stdout


def test_every_file_that_the_readme_sends_a_reader_to_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    named = re.findall(r"`((?:aggregator|providers|pricing|config|tests)/[\w./]+)`", README)
    assert links
    assert named
    assert [path for path in (*links, *named) if not (ROOT / path).exists()] == []


def test_each_setting_of_a_provider_stands_once() -> None:
    """Of two rows about one setting, sooner or later one is wrong."""
    page = (ROOT / "config" / "README.md").read_text()
    section = page.partition("\n## providers.toml")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert len(named) > 30
    assert sorted({name for name in named if named.count(name) > 1}) == []
