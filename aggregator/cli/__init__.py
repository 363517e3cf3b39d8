"""The commands: what an owner types, and what scripts read."""

from __future__ import annotations

import gc
import io
import os
import sys

gc.disable()  # loading makes no garbage, and to look for some takes a tenth of the start
from aggregator.cli.root import root  # noqa: E402

gc.enable()


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names hold every letter, terminals do not
            stream.reconfigure(errors="backslashreplace")
    words = [os.fsencode(word).decode("utf-8", "replace") for word in sys.argv[1:]]  # whatever the locale made of them
    root(words, prog_name="aggregator")
