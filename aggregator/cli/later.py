"""A group of commands that loads each only when it is asked for: most need little of the program."""

from __future__ import annotations

import gc
from importlib import import_module
from typing import Any

import rich_click as click

Places = dict[str, tuple[str, str]]
"""By the name of a command: the module that adds it to its group, and its line in the help of that group."""


class Later(click.RichGroup):
    """Knows its commands by `later`, and by what was added to it."""

    def __init__(self, *args: Any, later: Places | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.later: Places = later or {}
        self._only_told = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.later})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, told = self.later.get(cmd_name, ("", ""))
        if module and cmd_name not in self.commands:
            if self._only_told:
                return click.RichCommand(name=cmd_name, help=told)
            _load(module)
        return super().get_command(ctx, cmd_name)

    def format_help(self, ctx: click.Context, formatter: Any) -> None:
        """All commands with their lines, and none of them loaded for that."""
        self._only_told = True
        try:
            super().format_help(ctx, formatter)  # type: ignore[arg-type]  # always a RichContext here
        finally:
            self._only_told = False


def _load(module: str) -> None:
    gc.disable()  # loading makes no garbage, and to look for some takes a tenth of the time
    try:
        import_module(module)
    finally:
        gc.enable()
