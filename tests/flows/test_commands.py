"""Commands that run for a while: the demo, and a second panel where only one may be."""

from __future__ import annotations

import re
from pathlib import Path

from tests.flows.panels import Panel
from tests.flows.processes import Process


def test_the_demo_shows_an_order_and_its_refund(tmp_path: Path) -> None:
    """A newcomer sees the whole job in one command, without any configuration."""
    demo = Process(tmp_path / "demo.log", "demo", "--once", "--port", "0")

    assert demo.wait() == 0, demo.said
    assert "PARTIAL: 3000 units were not delivered, $7.50 came back" in demo.said
    assert "The audit is green" in demo.said


def test_the_demo_tells_a_story_and_nothing_else(tmp_path: Path) -> None:
    """Each step once, money with its currency, no line of the log."""
    demo = Process(tmp_path / "demo.log", "demo", "--once", "--port", "0")

    assert demo.wait() == 0, demo.said
    lines = demo.said.splitlines()
    assert [line.partition(". ")[0] for line in lines] == [str(number) for number in range(1, 9)]
    assert "1 service of alpha and 1 service of bravo" in lines[1]
    assert "the wallet holds $125.00" in lines[4]
    assert re.fullmatch(r"6\. Pending .*, Partial \(3,000 remain\)\.", lines[5])


def test_a_second_panel_on_one_sqlite_file_is_refused(panel: Panel) -> None:
    """Two of them would take each other's orders: the second says what to use for several, and the first goes on."""
    first = panel.serve()

    code, document = panel.run("serve", "--port", "0")

    assert code == 1
    assert "SQLite takes one `serve`" in document["error"]
    assert first.runs


def test_a_second_panel_without_a_shared_cache_is_refused(any_panel: Panel) -> None:
    """Limits kept in each process would let twice as much through."""
    any_panel.serve()

    code, document = any_panel.run("serve", "--port", "0")

    assert (code, "another process serves" in document["error"]) == (1, True)
