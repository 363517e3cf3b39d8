"""The project's own files as the rules of the house read them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LEFT_BY_TOOLS = {".git", ".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "data"}


def tracked_files() -> list[str]:
    """Every file of the repository, relative to its root; of an unpacked archive, every file no tool left there."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [name for name in listing.stdout.split("\0") if (ROOT / name).is_file()]
    return names or [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file() and _is_ours(path)]


def modules(*folders: str) -> Iterator[tuple[str, str]]:
    """Path and text of every Python file below the folders, in order."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text()


def imported(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a module imports; `from a import b` may name the module a.b."""
    package = path.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def _is_ours(path: Path) -> bool:
    return _LEFT_BY_TOOLS.isdisjoint(path.relative_to(ROOT).parts)
