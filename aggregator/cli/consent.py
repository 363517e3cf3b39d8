"""Asks back before what cannot be taken back: at a terminal alone, for a script has nobody to ask."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import rich_click as click

from aggregator.cli.root import Context, Failure

YES = click.option("--yes", is_flag=True, help="Do not ask back at a terminal.")


def asks_back(context: Context, *, yes: bool) -> bool:
    """Whether somebody is there to ask who has not said yes already."""
    return not (yes or context.as_json) and sys.stdin.isatty() and sys.stdout.isatty()


def ask_back(question: str) -> None:
    """Raises `Failure` unless the answer is yes."""
    try:
        with interruptible():
            agreed = click.confirm(question, default=False)
    except click.Abort:
        agreed = False
    if not agreed:
        raise Failure("nothing was changed")


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C ends a prompt at once: the event loop would only hear of it after the line was typed."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
