"""The audit is green over a healthy panel, whatever its orders came to, and red as soon as one row is spoiled."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.flows.panels import Panel
from tests.flows.processes import wait_until
from tests.flows.sandboxes import Provider


class Spoiling(NamedTuple):
    """A change by hand, what mends it again, and the promise that it breaks."""

    promise: str
    spoil: str
    mend: str


SPOILINGS = (
    Spoiling(
        "wallet-equals-entries",
        "update wallets set balance = balance + 1",
        "update wallets set balance = balance - 1",
    ),
    Spoiling(
        "statement-adds-up",
        "update wallets set balance = balance - 100000000",
        "update wallets set balance = balance + 100000000",
    ),
    Spoiling(
        "exact-refund",
        "update orders set undelivered = 299 where state = 'partial'",
        "update orders set undelivered = 300 where state = 'partial'",
    ),
    Spoiling(
        "charged-once",
        "update orders set charge = charge + 1 where state = 'completed'",
        "update orders set charge = charge - 1 where state = 'completed'",
    ),
    Spoiling(
        "refund-entries",
        "update orders set refunded = refunded + 1 where state = 'partial'",
        "update orders set refunded = refunded - 1 where state = 'partial'",
    ),
    Spoiling(
        "escrow-is-open-charges",
        "update orders set state = 'completed', ended_at = 1 where state = 'active'",
        "update orders set state = 'active', ended_at = null where ended_at = 1",
    ),
    Spoiling(
        "ended-as-delivered",
        "update orders set state = 'completed' where state = 'partial'",
        "update orders set state = 'partial' where state = 'completed' and undelivered > 0",
    ),
    Spoiling(
        "nothing-forgotten",
        "update attempts set poll_at = null where order_id in (select id from orders where state = 'active')",
        "update attempts set poll_at = deadline_at where order_id in (select id from orders where state = 'active')",
    ),
    Spoiling(
        "state-fits-attempts",
        "update orders set state = 'queued' where state = 'unsure'",
        "update orders set state = 'unsure' where state = 'queued'",
    ),
    Spoiling(
        "no-attempt-overdue",
        "update attempts set outcome = 'placing', deadline_at = -deadline_at where outcome = 'unsure'",
        "update attempts set outcome = 'unsure', deadline_at = -deadline_at where outcome = 'placing'",
    ),
    Spoiling(
        "given-up-by-decision",
        "update attempts set outcome = 'absent' where outcome = 'unsure'",
        "update attempts set outcome = 'unsure' where outcome = 'absent'",
    ),
)


def test_no_spoiled_row_escapes_the_audit(any_panel: Panel, alpha: Provider) -> None:
    """Whoever changes a row behind the program's back is found out, and by the promise that he broke."""
    panel, ann = any_panel, any_panel.reseller(funds=100)
    panel.buy_from({"alpha": alpha})
    serving = panel.serve()
    orders = [ann.add(fate) for fate in ("", "partial/300", "cancel", "pending", "drop")]
    states = ["completed", "partial", "cancelled", "active", "unsure"]
    wait_until(lambda: [panel.state(order) for order in orders], lambda seen: seen == states)
    serving.terminate()
    assert broken(panel) == (0, set())

    for promise, spoil, mend in SPOILINGS:
        panel.sql(spoil)
        code, found = broken(panel)
        assert (code, promise in found) == (1, True), (promise, found)
        panel.sql(mend)
    assert broken(panel) == (0, set())
    assert [run["green"] for run in panel.must("audit", "--runs", 2)] == [True, False]


@pytest.mark.parametrize("change", ["update entries set amount = amount + 1", "delete from entries"])
def test_what_was_booked_cannot_be_changed(any_panel: Panel, change: str) -> None:
    """The database itself refuses to forget a movement of money."""
    any_panel.reseller(funds=100)

    with pytest.raises(Exception, match="entries"):
        any_panel.sql(change)


def broken(panel: Panel) -> tuple[int, set[str]]:
    """How the audit ends, and which promises it finds broken."""
    code, document = panel.run("audit")
    return code, {promise["promise"] for promise in document["promises"] if promise["broken"]}
