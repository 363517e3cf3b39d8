"""The owner edits the configuration of a running panel: a good edit counts at once everywhere, a broken one never."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows.panels import MARKUP, SERVICES, Panel
from tests.flows.processes import wait_until
from tests.flows.sandboxes import Provider

BROKEN = '[default]\npercent = "a lot"\n'


def test_edits_take_effect_in_every_process(
    tmp_path: Path, fresh_postgres: str, fresh_redis: str, alpha: Provider, bravo: Provider
) -> None:
    """Two processes sell at the same prices, before and after each edit of each file."""
    with Panel(tmp_path, fresh_postgres, cache=fresh_redis) as panel:
        ann = panel.reseller()
        panel.buy_from({"alpha": alpha})
        urls = [panel.serve(role).url for role in ("all", "web")]

        def sold() -> list[Any]:
            return [[(row["name"], row["rate"]) for row in ann.call("services", at=url)] for url in urls]

        assert sold() == [[("Instagram Followers - Premium", 2.5)]] * 2

        panel.write("markup.toml", MARKUP.replace("25", "50"))
        wait_until(sold, lambda seen: seen == [[("Instagram Followers - Premium", 3)]] * 2)

        services = SERVICES.replace(" - Premium", ", slowly")
        panel.write("services.toml", services.format(offers='"alpha:1", "bravo:1"'))
        wait_until(sold, lambda seen: seen == [[("Instagram Followers, slowly", 3)]] * 2)

        off = alpha.as_toml("alpha") + "enabled = false\n"
        panel.write("providers.toml", off + bravo.as_toml("bravo"))
        wait_until(sold, lambda seen: seen == [[("Instagram Followers, slowly", 3.3)]] * 2)
        ann.wait_for(ann.add(), "COMPLETED")
        assert (alpha.adds, len(bravo.taken)) == ([], 1)


def test_a_broken_edit_keeps_the_old_prices_and_says_so(panel: Panel, alpha: Provider) -> None:
    """Nobody buys at a price that was never meant, and the owner is told the line."""
    ann = panel.reseller()
    panel.buy_from({"alpha": alpha})
    serving = panel.serve()

    panel.write("markup.toml", BROKEN)

    serving.wait_for(r"(markup\.toml:2: .*)")
    assert ann.call("services")[0]["rate"] == 2.5
    panel.write("markup.toml", MARKUP.replace("25", "50"))
    wait_until(lambda: ann.call("services")[0]["rate"] == 3)


def test_a_restart_on_a_broken_file_serves_the_last_good_prices(any_panel: Panel, alpha: Provider) -> None:
    """The panel goes on selling at the prices it had, and says that it does."""
    panel, ann = any_panel, any_panel.reseller()
    panel.write("markup.toml", MARKUP.replace("25", "50"))
    panel.buy_from({"alpha": alpha})
    panel.serve().terminate()
    panel.write("markup.toml", BROKEN)

    serving = panel.serve()

    assert "kept the last good prices" in serving.wait_for(r"(markup\.toml:2: .*)")
    assert ann.call("services")[0]["rate"] == 3
    assert ann.wait_for(ann.add(), "COMPLETED")["charge"] == 3
    panel.write("markup.toml", MARKUP)
    wait_until(lambda: ann.call("services")[0]["rate"] == 2.5)


def test_a_provider_with_orders_cannot_be_taken_out(panel: Panel, alpha: Provider, bravo: Provider) -> None:
    """Its orders are followed to their end: the edit is refused in a sentence that says what to do instead."""
    ann = panel.reseller()
    panel.buy_from({"alpha": alpha, "bravo": bravo})
    serving = panel.serve()
    order = ann.add("slow")
    ann.wait_for(order, "IN_PROGRESS")

    panel.write("providers.toml", bravo.as_toml("bravo"))

    assert "enabled = false" in serving.wait_for(r"(alpha: has orders that are still followed.*)")
    alpha.steer("order", order=alpha.taken[0]["order"], status="Completed")
    ann.wait_for(order, "COMPLETED")
    panel.write("providers.toml", alpha.as_toml("alpha") + bravo.as_toml("bravo"))


RULE = "\n[[rule]]\nmatch = { service = 1 }\npercent = 50\n"
FX = "\n[fx]\nEUR = 1.1\n"
RULES = f"{MARKUP}{RULE}{FX}"


@pytest.mark.parametrize(
    ("text", "said", "rate"),
    [
        ("", "is empty", 2.5),
        ("# \n", "nothing left", 2.5),
        (f"{MARKUP}{RULE}", r"has lost \[fx\]", 3),
        (f"{MARKUP}{FX}", r"has lost every \[\[rule", 2.5),
    ],
)
def test_an_emptied_or_cut_off_markup_is_no_edit(
    panel: Panel, alpha: Provider, text: str, said: str, rate: float
) -> None:
    """While the panel runs, and when it starts: an editor's, a disk's or a script's accident sells nothing cheaper."""
    ann = panel.reseller()
    panel.write("markup.toml", RULES)
    panel.buy_from({"alpha": alpha})
    serving = panel.serve()
    assert ann.call("services")[0]["rate"] == 3

    (panel.config / "markup.toml").write_text(text)

    serving.wait_for(rf"(markup\.toml:\d+: .*{said}.*)")
    assert ann.call("services")[0]["rate"] == 3
    serving.terminate()
    serving = panel.serve()
    serving.wait_for(rf"(markup\.toml:\d+: .*{said}.*)")
    assert ann.call("services")[0]["rate"] == 3
    applied = panel.run("prices", "apply", "--reason", "a sale")
    assert applied.code == 0, applied
    wait_until(lambda: ann.call("services")[0]["rate"] == rate)


def test_emptied_services_and_providers_are_no_edits(panel: Panel, alpha: Provider) -> None:
    """Nothing goes off sale, and no order is left without its provider."""
    ann = panel.reseller()
    panel.buy_from({"alpha": alpha})
    serving = panel.serve()

    for file in ("services.toml", "providers.toml"):
        (panel.config / file).write_text("")
        serving.wait_for(rf"({file}:1: is empty.*)")

    assert [row["service"] for row in ann.call("services")] == [1]
    ann.wait_for(ann.add(), "COMPLETED")
    panel.write("providers.toml", alpha.as_toml("alpha"))
    serving.terminate()
    panel.serve()
    assert [row["service"] for row in ann.call("services")] == [1]


def unreadable_bytes(path: Path) -> None:
    path.write_bytes(b"[default]\n# caf\xe9\n")


def folder(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "said"),
    [(unreadable_bytes, "2: is not UTF-8"), (folder, "1: cannot be"), (loop, "1: cannot be"), (pipe, "1: cannot be")],
)
def test_an_edit_that_cannot_be_read_is_told(
    panel: Panel, alpha: Provider, make: Callable[[Path], None], said: str
) -> None:
    """With its file and line, by the running panel, by `check`, and by one that starts; nothing is ever waited for."""
    ann = panel.reseller()
    panel.write("markup.toml", MARKUP.replace("25", "50"))
    panel.buy_from({"alpha": alpha})
    serving = panel.serve()
    path = panel.config / "markup.toml"

    path.unlink()
    make(path)

    serving.wait_for(rf"(markup\.toml:{said}.*)")
    assert ann.call("services")[0]["rate"] == 3
    assert f"markup.toml:{said}" in str(panel.run("check").document)
    serving.terminate()
    panel.serve().wait_for(rf"(markup\.toml:{said}.*)")
    assert ann.call("services")[0]["rate"] == 3


def test_a_file_that_stays_away_is_told_and_nothing_changes(panel: Panel, alpha: Provider) -> None:
    ann = panel.reseller()
    panel.write("markup.toml", MARKUP.replace("25", "50"))
    panel.buy_from({"alpha": alpha})
    serving = panel.serve()
    (panel.config / "markup.toml").unlink()
    serving.wait_for(r"(markup\.toml:1: is gone.*)")
    assert ann.call("services")[0]["rate"] == 3
    panel.write("markup.toml", MARKUP)
    wait_until(lambda: ann.call("services")[0]["rate"] == 2.5)
