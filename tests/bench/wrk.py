"""The same load by `wrk`, where it is installed: it leaves more of the machine to what is measured."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from tests.bench.client import Figure, Load

_SCRIPT = Path(__file__).with_name("load.lua")


def measure(load: Load) -> Figure:
    """Load a server from another process: wrk, else the lean client."""
    program = shutil.which("wrk")
    return _by_wrk(program, load) if program else by_client(load)


def by_client(load: Load) -> Figure:
    """By the lean client, which alone can pause."""
    command = [sys.executable, "-m", "tests.bench.client"]
    done = subprocess.run(command, input=msgspec.json.encode(load), capture_output=True, check=True)
    return msgspec.json.decode(done.stdout, type=Figure)


def _by_wrk(program: str, load: Load) -> Figure:
    with tempfile.TemporaryDirectory(prefix="aggregator-bench-") as folder:
        requests = Path(folder, "requests")
        requests.write_text("\0".join(load.requests), encoding="latin-1", newline="")
        command = [
            program,
            "-t1",
            f"-c{load.connections}",
            f"-d{round(load.seconds)}s",
            "-s",
            str(_SCRIPT),
            f"http://{load.host}:{load.port}/",
            "--",
            str(requests),
        ]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
    return msgspec.json.decode(done.stdout.rpartition("figure ")[2], type=Figure)
