"""The log: one line an event, whatever is in it, and no key of anybody's."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

MASK = "***"
_SPACES = re.compile(r"\s")
_TOLD_OTHERWISE: ContextVar[bool] = ContextVar("told_otherwise", default=False)
_HOME = Path(__file__).parent.parent
_PYTHON = sysconfig.get_path("stdlib") + os.sep
_MOST_SAID = 500
"""Characters of an error's own text in a line."""
_KEYS = re.compile(
    r"\bagg[0-9a-f]{61}\b|\b[0-9a-f]{64}\b"
    r"|(?P<named>(?:(?<!\w)|(?<=%3F)|(?<=%26))(?:key|api_?key|api_token|token|password|secret)(?:=|%3D|\\*[\"']\s*:\s*\\*[\"']?))[^\s&\"'\\,;)}]+"
    r"|(?P<scheme>\bBearer\s+)[^\s\"']+"
    r"|(?P<user>//[^/\s:@]*:)[^/\s@]+(?=@)",
    re.IGNORECASE,
)
"""Our own keys wherever they stand, whatever is called a key, a bearer's token, and the password of an address."""
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """The text as a log may hold it: nothing that begins a line of its own, and nothing secret."""
    safe = _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)
    return _KEYS.sub(_mask, safe)


def _mask(found: re.Match[str]) -> str:
    return f"{found['named'] or found['scheme'] or found['user'] or ''}{MASK}"


class Form(StrEnum):
    """How a line of the log is written, whoever says it."""

    TEXT = "text"
    JSON = "json"


class OneLine(logging.Formatter):
    """What libraries say, in the form of our own lines, tracebacks included."""

    def __init__(self, form: Form = Form.TEXT) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        told: EventDict = {"timestamp": at, "level": record.levelname.lower(), "event": record.getMessage()}
        told["logger"] = record.name
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return _render(self._form, told)


def handler(stream: TextIO, form: Form = Form.TEXT) -> logging.Handler:
    """Where libraries write to."""
    made = logging.StreamHandler(stream)
    made.setFormatter(OneLine(form))
    return made


def set_up(stream: TextIO | None = None, form: Form = Form.TEXT, least: int = logging.INFO) -> None:
    """Log to a stream, stderr unless said otherwise; libraries only when something is wrong."""
    told = stream or sys.stderr
    logging.basicConfig(level=max(least, logging.WARNING), handlers=[handler(told, form)])
    structlog.configure(
        processors=[
            _unless_told,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            lambda _, __, told: _render(form, told),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(told),
    )


@contextmanager
def without_providers() -> Iterator[None]:
    """For a command that says in its own words how its calls to providers went: no log of each beside that."""
    calls, given = logging.getLogger("providers"), _TOLD_OTHERWISE.set(True)
    before = calls.level
    calls.setLevel(logging.ERROR)
    try:
        yield
    finally:
        calls.setLevel(before)
        _TOLD_OTHERWISE.reset(given)


def _unless_told(_: WrappedLogger, level: str, told: EventDict) -> EventDict:
    if level != "error" and "provider" in told and _TOLD_OTHERWISE.get():
        raise structlog.DropEvent
    return told


def _render(form: Form, told: EventDict) -> str:
    failed = {name: value for name, value in told.items() if isinstance(value, BaseException)}
    plain = {name: _in_a_line(value) if name in failed else _plain(value) for name, value in told.items()}
    if form is Form.TEXT:
        return one_line(_as_text(plain))
    for value in failed.values():
        plain.setdefault("exception", "".join(traceback.format_exception(value)))
    # All of it in ASCII: nothing then ends a line, or turns its direction.
    return _KEYS.sub(_mask, json.dumps(plain, default=str))


def _as_text(told: EventDict) -> str:
    first = [str(told.pop(name)) for name in ("timestamp", "level", "event")]
    return " ".join([*first, *(f"{name}={_quoted(value)}" for name, value in told.items())])


def _quoted(value: Any) -> str:
    text = str(value)
    return f"'{text}'" if not text or _SPACES.search(text) else text


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, bool | int | float | str | list | tuple) else str(value)


def _in_a_line(error: BaseException) -> str:
    """What failed, and where: the last place that is ours."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(frame.filename)] or frames
    where = f", at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    said = str(error).strip()
    return f"{type(error).__name__}{': ' if said else ''}{said[:_MOST_SAID]}{where}"


def _is_ours(file: str) -> bool:
    """Also where we are installed among the libraries, which like Python itself only pass a failure on."""
    if any(file.startswith(f"{_HOME / name}{os.sep}") for name in ("aggregator", "providers", "pricing")):
        return True
    # What is compiled names its source as it was built: asyncpg/protocol/protocol.pyx.
    return Path(file).is_absolute() and not file.startswith(_PYTHON) and f"{os.sep}site-packages{os.sep}" not in file
