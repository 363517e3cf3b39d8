"""The owner edits the configuration of a running panel: a good edit counts at once everywhere, a broken one never."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
