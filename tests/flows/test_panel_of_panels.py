"""A panel that buys from another of ours: what is delivered and what comes back passes through both, to the digit."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.flows.panels import Panel
from tests.flows.sandboxes import Provider


@pytest.mark.parametrize("dialect", ["classic", "json"])
def test_orders_and_refunds_pass_through_two_panels(tmp_path: Path, alpha: Provider, dialect: str) -> None:
    """A sells at 3.125 what B sells at 2.50 and buys at 2.00; each pays back its own price of what did not come."""
    near, far = (Panel(tmp_path / name, f"sqlite:///{tmp_path / name}.sqlite") for name in ("near", "far"))
    with far, near:
        far.buy_from({"alpha": alpha})
        far.serve()
        account = far.reseller("near", funds=100)
        near.buy_from({"far": Provider(far.url, dialect=dialect, key=account.key)})
        near.serve()
        ann = near.reseller(funds=100)

        whole, part, nothing = ann.add(), ann.add("partial/3000", quantity=10_000), ann.add("cancel")

        assert ann.wait_for(whole, "COMPLETED")["charge"] == 3.125
        assert ann.wait_for(part, "PARTIAL")["remains"] == 3000
        ann.wait_for(nothing, "CANCELLED")
        assert ann.balance == Decimal(100) - Decimal("3.125") - Decimal("31.25") + Decimal("9.375")
        assert account.balance == Decimal(100) - Decimal("2.50") - Decimal(25) + Decimal("7.50")
        assert len(alpha.taken) == 3
