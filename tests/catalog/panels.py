"""A panel of ours over sandboxes that are served on real ports: its configuration folder, its database, its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aggregator.app import Panel, database
from aggregator.config_watcher import publish
from aggregator.settings import DATABASE_VARIABLE, Settings, load
from providers.sandbox import Sandbox
from tests.providers.sandbox_server import serving

QUICK = "requests_per_second = 1000\nburst = 1000\n"


def write_config(folder: Path, urls: Mapping[str, str], **texts: str) -> Path:
    """A configuration folder for sandboxes under these addresses; `texts` by the names of the files.

    The text called `providers` comes after all providers, so that it says more about the last of them.
    """
    config = folder / "config"
    config.mkdir(exist_ok=True)
    listed = "".join(
        f'[[provider]]\nname = "{name}"\nurl = "{url}/api/v2"\nkey = "env:SANDBOX_KEY"\n{QUICK}'
        for name, url in urls.items()
    )
    files = {**texts, "providers": listed + texts.get("providers", "")}
    for name, text in files.items():
        (config / f"{name}.toml").write_text(text)
    return config


def settings_of(config: Path, database_url: str) -> Settings:
    return load(config, {DATABASE_VARIABLE: database_url, "SANDBOX_KEY": "sandbox"})


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Panel]:
    """A panel with its database open and its files published, whose loops do not run."""
    async with database(settings):
        await publish(settings)
        panel = Panel(settings)
        await panel.prepare()
        try:
            yield panel
        finally:
            await panel.stop()


@asynccontextmanager
async def panel_over(
    folder: Path, database_url: str, sandboxes: Mapping[str, Sandbox], **texts: str
) -> AsyncIterator[Panel]:
    """The same over sandboxes, each served under its provider's name."""
    async with AsyncExitStack() as stack:
        urls = {name: await stack.enter_async_context(serving(sandbox)) for name, sandbox in sandboxes.items()}
        config = write_config(folder, urls, **texts)
        yield await stack.enter_async_context(opened(settings_of(config, database_url)))
