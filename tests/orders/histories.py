"""What providers say of one order in the course of time, and what its reseller must have and read after each word.

All orders are of 2,000 units, sold at 4.00 per 1,000 and bought at 3.20, unless they say otherwise.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Step(Struct, frozen=True):
    """One answer of the provider, and what follows."""

    reply: dict[str, Any]
    refunded: str
    """In all, by now."""
    status: str
    remains: str
    charge: str
    """Net."""
    start_count: str = "55"


class History(Struct, frozen=True, kw_only=True):
    name: str
    steps: list[Step]
    quantity: int = 2000
    cancel_means: str = "full"
    confirm_seconds: int = 0
    """Between two answers a minute passes."""
    runs: int = 1
    posts: int = 0
    """Of a subscription, each with `quantity / posts` units; 0 = it is none."""

    @property
    def kind(self) -> str:
        return "Subscriptions" if self.posts else "Default"

    @property
    def fields(self) -> dict[str, str | list[str]]:
        """What the order's type takes."""
        if not self.posts:
            return {}
        each = str(self.quantity // self.posts)
        return {"username": "ann", "min": each, "max": each, "posts": str(self.posts), "delay": "0"}


def says(status: str, remains: Any = None, charge: Any = "6.4", **more: Any) -> dict[str, Any]:
    return {"charge": charge, "start_count": "55", "status": status, "remains": remains, "currency": "USD", **more}


UNDER_WAY = Step(says("In progress", "900"), "0", "In progress", "900", "8")
DONE = Step(says("Completed", "0"), "0", "Completed", "0", "8")

HISTORIES = [
    History(
        name="an ordinary life",
        steps=[
            Step(says("Pending", "2000", "0", start_count=None), "0", "Pending", "2000", "8", "0"),
            UNDER_WAY,
            DONE,
        ],
    ),
    History(
        name="a part is missing and the provider takes less",
        quantity=250,
        steps=[
            Step(says("In progress", "180", "0.8"), "0", "In progress", "180", "1"),
            Step(says("Partial", "125", "0.4"), "0.5", "Partial", "125", "0.5"),
        ],
    ),
    History(
        name="the missing part grows: only the difference is paid",
        steps=[
            Step(says("Partial", "300", "5.44"), "1.2", "Partial", "300", "6.8"),
            Step(says("Partial", "1100", "2.88"), "4.4", "Partial", "1100", "3.6"),
        ],
    ),
    History(
        name="what was paid back stays paid, whatever comes later",
        steps=[
            Step(says("Partial", "1100", "2.88"), "4.4", "Partial", "1100", "3.6"),
            Step(says("Partial", "300", "5.44"), "4.4", "Partial", "1100", "3.6"),
            Step(says("In progress", "250"), "4.4", "Partial", "1100", "3.6"),
            Step(says("Completed", "0"), "4.4", "Partial", "1100", "3.6"),
            Step(says("Partial", "1100", "2.88"), "4.4", "Partial", "1100", "3.6"),
        ],
    ),
    History(
        name="first a part, then all of it",
        steps=[
            Step(says("Partial", "500", "4.8"), "2", "Partial", "500", "6"),
            Step(says("Canceled", "2000", "0"), "8", "Canceled", "2000", "0"),
            Step(says("Refunded", "0", "0"), "8", "Canceled", "2000", "0"),
            Step(says("Error", "0", "0"), "8", "Canceled", "2000", "0"),
        ],
    ),
    History(
        name="cancelled in the classic way",
        steps=[
            Step(says("Canceled", "0", "0"), "8", "Canceled", "2000", "0"),
        ],
    ),
    History(
        name="cancelled without a word about remains",
        steps=[
            Step(says("Cancelled", None, None), "8", "Canceled", "2000", "0"),
        ],
    ),
    History(
        name="cancelled half-way is partial where remains count",
        cancel_means="by_remains",
        steps=[
            Step(says("CANCELLED", 750, 6.4), "3", "Partial", "750", "5"),
        ],
    ),
    History(
        name="cancelled fresh is everything where remains count",
        cancel_means="by_remains",
        steps=[
            Step(says("CANCELLED", 0, 6.4), "8", "Canceled", "2000", "0"),
        ],
    ),
    History(
        name="cancelled with nothing left after delivery was seen is for the owner",
        cancel_means="by_remains",
        steps=[
            UNDER_WAY,
            Step(says("CANCELLED", 0, 6.4), "0", "In progress", "900", "8"),
        ],
    ),
    History(
        name="the charge tells what remains do not",
        cancel_means="by_remains",
        steps=[
            UNDER_WAY,
            UNDER_WAY,
            Step(says("CANCELLED", 0, "4.8"), "2", "Partial", "500", "6"),
        ],
    ),
    History(
        name="corrected after it was completed",
        steps=[
            DONE,
            Step(says("Partial", "600", "4.48"), "2.4", "Partial", "600", "5.6"),
        ],
    ),
    History(
        name="completed, then refilled in place",
        steps=[
            DONE,
            Step(says("In progress", "120"), "0", "Completed", "0", "8"),
            Step(says("Processing", "2000"), "0", "Completed", "0", "8"),
        ],
    ),
    History(
        name="more than was ordered",
        steps=[
            Step(says("In progress", "-20"), "0", "In progress", "0", "8"),
            Step(says("Completed", "-37"), "0", "Completed", "0", "8"),
        ],
    ),
    History(
        name="more missing than was ordered",
        steps=[
            Step(says("Partial", "9999", "0"), "8", "Canceled", "2000", "0"),
        ],
    ),
    History(
        name="partial, and nobody knows how much",
        steps=[
            UNDER_WAY,
            Step(says("Partial", "0"), "0", "In progress", "900", "8"),
            Step(says("Partial", "abc"), "0", "In progress", "900", "8"),
            Step(says("Partial", "500", "4.8"), "2", "Partial", "500", "6"),
        ],
    ),
    History(
        name="partial, and only the charge tells",
        steps=[
            UNDER_WAY,
            UNDER_WAY,
            Step(says("Partial", "0", "4.8"), "2", "Partial", "500", "6"),
        ],
    ),
    History(
        name="partial, and only the charge tells, which was never seen open",
        steps=[
            Step(says("Partial", "0", "5.76"), "0", "Pending", "2000", "8", "0"),
            Step(says("Partial", "200", "5.76"), "0.8", "Partial", "200", "7.2"),
        ],
    ),
    History(
        name="partial, and the open charge was absurd once",
        steps=[
            Step(says("In progress", "900", "900"), "0", "In progress", "900", "8"),
            Step(says("Partial", "0", "6.4"), "0", "In progress", "900", "8"),
        ],
    ),
    History(
        name="a charge in another currency tells nothing",
        steps=[
            UNDER_WAY,
            Step(says("Partial", "0", "4.8", currency="EUR"), "0", "In progress", "900", "8"),
        ],
    ),
    History(
        name="money moves after two equal answers",
        confirm_seconds=60,
        steps=[
            Step(says("Partial", "500"), "0", "Pending", "2000", "8"),
            Step(says("In progress", "480"), "0", "In progress", "480", "8"),
            Step(says("Partial", "300"), "0", "In progress", "480", "8"),
            Step(says("Partial", "300"), "1.2", "Partial", "300", "6.8"),
        ],
    ),
    History(
        name="flapping between two endings settles neither",
        confirm_seconds=60,
        steps=[
            Step(says("Partial", "500"), "0", "Pending", "2000", "8"),
            Step(says("Canceled", "500"), "0", "Pending", "2000", "8"),
            Step(says("Partial", "500"), "0", "Pending", "2000", "8"),
            Step(says("Completed", "0"), "0", "Pending", "2000", "8"),
            Step(says("Completed", "0"), "0", "Completed", "0", "8"),
        ],
    ),
    History(
        name="a word in between begins the wait anew",
        confirm_seconds=60,
        steps=[
            Step(says("Partial", "500"), "0", "Pending", "2000", "8"),
            Step(says("Moderation", "500"), "0", "Pending", "2000", "8"),
            Step(says("Partial", "500"), "0", "Pending", "2000", "8"),
            Step(says("Partial", "500"), "2", "Partial", "500", "6"),
        ],
    ),
    History(
        name="a late loss that is taken back before it is confirmed",
        confirm_seconds=60,
        steps=[
            Step(says("Partial", "300"), "0", "Pending", "2000", "8"),
            Step(says("Partial", "300"), "1.2", "Partial", "300", "6.8"),
            Step(says("Partial", "900"), "1.2", "Partial", "300", "6.8"),
            Step(says("Partial", "300"), "1.2", "Partial", "300", "6.8"),
            Step(says("Partial", "900"), "1.2", "Partial", "300", "6.8"),
            Step(says("Partial", "900"), "3.6", "Partial", "900", "4.4"),
        ],
    ),
    History(
        name="an error is nobody's money",
        steps=[
            UNDER_WAY,
            Step(says("Error", "900"), "0", "In progress", "900", "8"),
            Step(says("Fail", "900", "0"), "0", "In progress", "900", "8"),
            Step(says("Partial", "400"), "1.6", "Partial", "400", "6.4"),
        ],
    ),
    History(
        name="a word that nobody knows",
        steps=[
            UNDER_WAY,
            Step(says("Moderation", "0", "0"), "0", "In progress", "900", "8"),
            DONE,
        ],
    ),
    History(
        name="a drip-feed stopped after 4 of 10 runs",
        runs=10,
        steps=[
            Step({"status": "Active", "runs": 1, "orders": [1]}, "0", "In progress", "2000", "8", "0"),
            Step({"status": "Partial", "runs": 4, "orders": [1, 2, 3, 4]}, "4.8", "Partial", "1200", "3.2", "0"),
        ],
    ),
    History(
        name="a drip-feed called off after 4 of 10 runs",
        runs=10,
        steps=[
            Step({"status": "Active", "runs": 4}, "0", "In progress", "2000", "8", "0"),
            Step({"status": "Canceled", "runs": 4}, "4.8", "Partial", "1200", "3.2", "0"),
            Step({"status": "Canceled", "runs": 4, "charge": "0"}, "8", "Canceled", "2000", "0", "0"),
        ],
    ),
    History(
        name="a drip-feed called off inside its fourth run",
        runs=10,
        steps=[
            Step({"status": "Canceled", "runs": 4, "remains": "1300"}, "5.2", "Partial", "1300", "2.8", "0"),
        ],
    ),
    History(
        name="a drip-feed that is completed after 4 of 10 runs",
        runs=10,
        steps=[
            Step({"status": "Completed", "runs": 4}, "4.8", "Partial", "1200", "3.2", "0"),
        ],
    ),
    History(
        name="a subscription that ends inside its only post",
        quantity=1000,
        posts=1,
        steps=[
            Step({"status": "Active", "posts": "0"}, "0", "Active", "1000", "4", "0"),
            Step({"status": "Expired", "posts": "0", "remains": "1"}, "0.004", "Expired", "1", "3.996", "0"),
        ],
    ),
    History(
        name="a subscription called off inside its third post",
        posts=5,
        steps=[
            Step({"status": "Active", "posts": "2", "remains": "1000"}, "0", "Active", "1000", "8", "0"),
            Step({"status": "Canceled", "posts": "3", "remains": "1000"}, "4", "Expired", "1000", "4", "0"),
        ],
    ),
]
