"""The containers run commands that exist, with files that reach the build, and carry no secret."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from importlib.util import find_spec
from typing import Any

import pytest
import yaml

from tests.house.source import ROOT, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "aggregator"}


def instructions(word: str) -> list[str]:
    """What follows a word of the Dockerfile, in order."""
    return re.findall(rf"^{word} (.+)$", DOCKERFILE, re.MULTILINE)


def health_check() -> list[str]:
    """The command by which the engine asks whether the container is well."""
    (line,) = instructions("HEALTHCHECK")
    return list(json.loads(line.partition("CMD ")[2]))


def commands() -> list[list[str]]:
    """What the containers of ours run, after the entry point."""
    return [*map(json.loads, instructions("CMD")), *(service["command"] for service in OURS.values())]


def option(command: list[str], name: str) -> str:
    """The value that follows an option of a command."""
    return command[command.index(name) + 1]


def test_the_image_starts_the_console_script() -> None:
    """The entry point is the command that the README teaches."""
    (entry,) = map(json.loads, instructions("ENTRYPOINT"))
    module = PROJECT["project"]["scripts"][entry[0]].split(":")[0]
    assert module.split(".")[0] in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert find_spec(module.split(".")[0]) is not None


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_a_container_runs_a_command_that_exists(command: list[str]) -> None:
    """The command, its options and its role are words of the command line, as its source spells them."""
    sources = [text for _, text in modules("aggregator/cli")]
    words = {node.value for text in sources for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    said = {command[0], *(word for word in command if word.startswith("--"))}
    said |= {option(command, "--role")} if "--role" in command else set()
    assert said <= words


def test_the_image_is_asked_where_it_listens() -> None:
    """The health check reaches the port that the default command opens, and asks whether the panel is ready."""
    (command,) = map(json.loads, instructions("CMD"))
    assert command[0] == "serve"
    assert f"http://127.0.0.1:{option(command, '--port')}/readyz" in health_check()[-1]
    assert instructions("EXPOSE") == [option(command, "--port")]


def test_the_health_check_is_a_program() -> None:
    """A typing error in a one-liner would only show as a container that never becomes healthy."""
    name, flag, program = health_check()
    assert (name, flag) == ("python", "-c")
    compile(program, "HEALTHCHECK", "exec")


def test_the_panel_does_not_run_as_root() -> None:
    """Whoever breaks into the panel owns no more than its data."""
    (user,) = instructions("USER")
    assert f"--no-create-home {user} " in DOCKERFILE


def test_every_file_that_the_build_needs_reaches_it() -> None:
    """The .dockerignore lets nothing in but what it names."""
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for line in instructions("COPY(?! --from)") for name in line.split()[:-1]} - {"."}
    packaged = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    described = {PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    assert copied | packaged | described <= let_in


def test_web_and_worker_share_all_but_their_role() -> None:
    """One settles what the other sold: the same image, database and cache."""
    assert {name: option(service["command"], "--role") for name, service in OURS.items()} == {
        "panel": "web",
        "worker": "worker",
    }
    panel, worker = ({**service, "command": None, "ports": None} for service in OURS.values())
    assert panel == worker


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_role_waits_for_healthy_servers(name: str) -> None:
    """The addresses name services of the same file, which can say that they are well."""
    service = OURS[name]
    urls = [value for name, value in service["environment"].items() if name.endswith("_URL")]
    hosts = {re.split(r"[:/]", url.rsplit("@", 1)[-1].split("://")[-1])[0] for url in urls}
    assert hosts == set(service["depends_on"])
    assert all(COMPOSE["services"][host]["healthcheck"]["test"] for host in hosts)


def test_what_must_last_is_kept_in_declared_volumes() -> None:
    """An update of PostgreSQL's or Redis' container loses nothing."""
    kept = {service["volumes"][0].split(":")[0] for name, service in COMPOSE["services"].items() if name not in OURS}
    assert kept == set(COMPOSE["volumes"])


def test_no_secret_is_written_down() -> None:
    """Passwords come from the environment, and compose refuses to start without them."""
    secrets = re.findall(r"(?:PASSWORD: |SECRET: |://\w+:(?=\D))(\S+)", (ROOT / "compose.yaml").read_text())
    assert secrets
    assert {secret for secret in secrets if not secret.startswith("${")} == set()
