"""The specification's programs run as they are printed there, and its examples about money come out to the cent."""

from __future__ import annotations

import os
import re
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from tests.flows.panels import Panel, Reseller
from tests.flows.processes import PATIENCE
from tests.flows.samples import LEFT_OUT, SAMPLES, TRIED, Sample
from tests.flows.sandboxes import Provider


@pytest.fixture
def customer(panel: Panel, alpha: Provider) -> Reseller:
    """Somebody with $150.00 at a panel that sells at $2.50 and whose next order is the specification's 12345."""
    customer = panel.reseller("customer", funds=150)
    panel.set_pace(requests_per_second=1)
    panel.buy_from({"alpha": alpha})
    panel.sql("insert into sqlite_sequence (name, seq) values ('orders', 12344)")
    panel.serve()
    return customer


@pytest.mark.parametrize("sample", TRIED, ids=lambda sample: sample.name)
def test_a_customers_program_runs_as_it_is_printed(
    panel: Panel, customer: Reseller, tmp_path: Path, sample: Sample
) -> None:
    """It orders, follows and reads its balance, and the order is delivered."""
    program = sample.write(tmp_path, panel.url, customer.key)

    ran = subprocess.run(
        [*sample.command, program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "no_proxy": "*"},
    )

    assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(sample.prints, ran.stdout), ran.stdout
    done = customer.wait_for(12345, "COMPLETED")
    assert isinstance(done.pop("start_count"), int)
    assert done == {"charge": 2.5, "status": "COMPLETED", "currency": "USD", "remains": 0}
    assert customer.balance == Decimal("147.50")


def test_no_program_is_forgotten() -> None:
    """Python runs everywhere; what a machine lacks is named at the end of the run."""
    assert {sample.name for sample in TRIED + LEFT_OUT} == {"order.php", "order.py", "order.mjs", "order.sh"}
    assert "order.py" in {sample.name for sample in TRIED}
    assert len(SAMPLES) == 4


def test_the_refund_example_comes_out_to_the_cent(customer: Reseller) -> None:
    """10,000 followers for $25.00 of which 3,000 never came: $7.50 is back in the wallet."""
    order = customer.add("partial/3000", quantity=10_000)

    done = customer.wait_for(order, "PARTIAL")

    assert (order, done["charge"], done["remains"]) == (12345, 25, 3000)
    assert customer.balance == Decimal("132.50")
