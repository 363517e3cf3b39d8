"""Loads the program once and forks a process of it for each line on its input; all end when the input does.

A new Python takes a second to load the program; a run that kills processes by the dozen has none to give away.
Run by path, in the folder of the source to load. In: `{"id", "argv", "env", "out", "err"}`; out: `{"id", "pid"}`,
and at the end of that process `{"id", "code"}`, below zero for a signal.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

_running: dict[int, int] = {}
_OUTPUT = 1
LATE = ("anyio._backends._asyncio", "certifi", "httpcore", "litestar.plugins.pydantic", "uvicorn.loops.uvloop")
"""What a panel loads only when it serves: half a second of work that is the same each time."""


def serve() -> None:
    """Until the end of the input."""
    sys.path[0] = os.getcwd()  # noqa: PTH109  # as Python puts it there
    from aggregator.cli import main  # noqa: PLC0415  # of the folder that we were started in

    for module in LATE:
        with suppress(ImportError):
            import_module(module)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: _bury())
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if not pid:
            _become(main, request)
        _running[pid] = request["id"]
        _say({"id": request["id"], "pid": pid})
        _bury()


def _bury() -> None:
    """Tell of every process that has ended."""
    for pid in list(_running):
        with suppress(ChildProcessError):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                _say({"id": _running.pop(pid), "code": os.waitstatus_to_exitcode(status)})


def _say(told: dict[str, int]) -> None:
    os.write(_OUTPUT, json.dumps(told).encode() + b"\n")


def _become(main: Any, request: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(AttributeError, OSError):  # only Linux can end a process with its parent
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    _redirect(request)
    code = 1
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _redirect(request: dict[str, Any]) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(request[name], os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), number)
    for name in [name for name in os.environ if name.startswith("AGGREGATOR_")]:
        del os.environ[name]
    os.environ.update(request["env"])
    sys.argv = ["aggregator", *request["argv"]]


if __name__ == "__main__":
    serve()
