"""How many examples the tests of properties try, and which: the same ones in every run, or far more by a seed."""

from __future__ import annotations

import importlib
import os
import pkgutil
from pathlib import Path

from hypothesis import settings

import aggregator
import pricing
import providers

USUAL = 100
"""Examples of a property in `make test`; tests that ask for another number are measured by it."""
DEEP = "deep"
"""The profile of `python -m tests.proofs properties`."""
EXAMPLES_VARIABLE = "TEST_EXAMPLES"


def register_profiles() -> None:
    """`make test` has one verdict for one state of the code: its examples follow from the tests themselves.

    A shared machine may stall for longer than any deadline; an example's duration says nothing about the code.
    """
    settings.register_profile("aggregator", deadline=None, derandomize=True, database=None, max_examples=USUAL)
    deeper = int(os.environ.get(EXAMPLES_VARIABLE, str(10 * USUAL)))
    settings.register_profile(DEEP, deadline=None, derandomize=False, database=None, max_examples=deeper)
    settings.load_profile("aggregator")


def examples(count: int) -> int:
    """So many where others try the usual number, and as many times more where one goes deeper."""
    assert settings.default is not None
    return max(count, count * settings.default.max_examples // USUAL)


def load_everything() -> None:
    """Hypothesis tries the constants of the modules that are loaded: let these not depend on what runs beside."""
    for package in (aggregator, pricing, providers):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)


def files() -> list[str]:
    """The files of tests that hold properties, relative to the repository."""
    root = Path(__file__).parent
    found = [path for path in root.rglob("test_*.py") if "from hypothesis import" in path.read_text()]
    return sorted(str(path.relative_to(root.parent)) for path in found)
