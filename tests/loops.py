"""What of our own code ran in a thread: to tell that something large did not run where everybody is answered."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_OURS = str(Path(__file__).parent.parent / "aggregator")


@contextmanager
def called_here() -> Iterator[set[str]]:
    """The names of our functions that this thread enters meanwhile, as "module.Class.function"."""
    called = set[str]()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(_OURS):
            called.add(f"{Path(code.co_filename).stem}.{code.co_qualname}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(before)
