"""The log: one line an event, whatever is in it, and no key of anybody's."""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

MASK = "***"
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


class OneLine(logging.Formatter):
    """What libraries say, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return one_line(super().format(record))


def handler(stream: TextIO) -> logging.Handler:
    """Where libraries write to."""
    made = logging.StreamHandler(stream)
    made.setFormatter(OneLine("%(levelname)s %(name)s %(message)s"))
    return made


def set_up(stream: TextIO | None = None) -> None:
    """Log to a stream, stderr unless said otherwise; libraries only when something is wrong."""
    told = stream or sys.stderr
    logging.basicConfig(level=logging.WARNING, handlers=[handler(told)])
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
            _clean,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(told),
    )


def _clean(_: WrappedLogger, __: str, rendered: EventDict | str) -> str:
    return one_line(str(rendered))
