"""The file that a new adapter begins with: it runs, it is typed, and it claims nothing that was not recorded."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from providers.dialect import Dialect
from providers.errors import Code, Refused, Unsure
from providers.registry import PRESETS, Preset, open_adapter
from providers.scaffold import BadName, class_name, next_steps, scaffold
from providers.vocabulary import Phase, Progress, ServiceType, Submission
from providers.wire.transport import Transport
from tests.house.source import ROOT
from tests.providers.claims import claims_of, shown_by
from tests.providers.panel_server import Canned, Patience, panel_server, profile_of
from tests.providers.test_claims import RECORDED

REGISTERED = """
from providers.dialect import Dialect
from providers.registry import Preset
from shop_of_ann import ShopOfAnnPanel

PRESET = Preset(adapter=ShopOfAnnPanel, dialect=Dialect(body_format="json"))
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The file of a new adapter, beside one that registers it."""
    (tmp_path / "registered.py").write_text(REGISTERED)
    path = tmp_path / "shop_of_ann.py"
    path.write_text(scaffold("shop_of_ann"))
    return path


@pytest.fixture
def module(written: Path) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("shop_of_ann", written)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    yield loaded
    sys.modules.pop("shop_of_ann", None)


def test_it_is_typed_and_meets_the_protocol(written: Path) -> None:
    """Strictly, and as the registry wants it; and it is written in our style."""
    files = [str(written), str(written.with_name("registered.py"))]
    settings = str(ROOT / "pyproject.toml")
    for tool in (
        ["mypy", "--strict", "--config-file", settings, *files],
        ["ruff", "check", "--config", settings, "--ignore", "INP001", files[0]],
        ["ruff", "format", "--check", "--config", settings, files[0]],
    ):
        done = subprocess.run([sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


async def test_it_speaks_to_a_panel_that_is_as_it_guesses(module: ModuleType) -> None:
    """What it guesses is common; the file is corrected from there."""
    replies = [
        Canned(body={"data": {"balance": "5", "currency": "EUR"}}),
        Canned(status=201, body={"id": "x1"}),
        Canned(body={"data": {"status": "running", "remains": 4}}),
        Canned(status=402, body={"error": "Low balance"}),
    ]
    order = Submission(service="1", type=ServiceType.DEFAULT, link="https://x.example/p", quantity=100)
    async with panel_server(*replies) as panel:
        profile = profile_of(panel.url, Dialect(body_format="json"))
        adapter = module.ShopOfAnnPanel(profile, Transport(profile, Patience()))
        assert (await adapter.balance()).currency == "EUR"
        assert (await adapter.add(order)).order == "x1"
        progress = (await adapter.statuses(["x1"]))["x1"]
        assert isinstance(progress, Progress)
        assert (progress.phase, progress.remains) == (Phase.IN_PROGRESS, 4)
        with pytest.raises(Refused) as raised:
            await adapter.add(order)
        assert raised.value.code is Code.FUNDS
        await adapter.aclose()
    assert [one.request for one in panel.sent[:3]] == [
        "GET /api/v2/balance",
        "POST /api/v2/orders",
        "GET /api/v2/orders/x1",
    ]


async def test_a_server_that_turns_an_add_away_has_taken_nothing_unless_it_names_an_order(module: ModuleType) -> None:
    page, named = Canned(status=429, text="<html>Slow down</html>"), Canned(status=413, body={"order": "5"})
    order = Submission(service="1", type=ServiceType.DEFAULT, link="https://x.example/p", quantity=100)
    async with panel_server(page, named) as panel:
        profile = profile_of(panel.url, Dialect(body_format="json"))
        adapter = module.ShopOfAnnPanel(profile, Transport(profile, Patience()))
        with pytest.raises(Refused):
            await adapter.add(order)
        with pytest.raises(Unsure):
            await adapter.add(order)
        await adapter.aclose()


def test_its_suite_is_red_until_its_exchanges_are_recorded(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registered as it is, it claims four calls, and nothing shows one of them."""
    monkeypatch.setitem(PRESETS, "shop_of_ann", Preset(adapter=module.ShopOfAnnPanel, dialect=Dialect()))
    adapter = open_adapter(profile_of("http://127.0.0.1:1/"), "shop_of_ann", Patience())
    assert claims_of(adapter) - shown_by(RECORDED, "shop_of_ann") == {"services", "add", "one status", "balance"}


def test_the_next_steps_name_what_was_written() -> None:
    steps = next_steps("shop_of_ann")
    assert "from providers.shop_of_ann import ShopOfAnnPanel" in steps
    assert "tests/providers/exchanges/shop_of_ann.json" in steps


@pytest.mark.parametrize("name", ["", "Shop", "2shops", "a-b", "../x", "a" * 60])
def test_a_name_that_no_preset_can_have_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        class_name(name)
