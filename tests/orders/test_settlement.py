"""What each piece of progress changes, for each state in which it may arrive."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from aggregator.orders.settling.settlement import (
    Announce,
    Finish,
    HoldForOwner,
    Keep,
    Rules,
    Settlement,
    Sight,
    charge_of,
    decide,
    highest,
    is_known,
    is_told,
    seen,
)
from aggregator.orders.state import OrderState, Outcome
from providers.vocabulary import Phase, Progress
from tests.builders import attempt_of, order_of, progress_of, stated_twice

NOW = 1_000_000
AT_ONCE = Rules("full", 0)
ACTIVE = order_of()
COMPLETED = order_of(state=OrderState.COMPLETED, ended_at=1, remains=0)
PARTIAL = order_of(state=OrderState.PARTIAL, ended_at=1, undelivered=300, remains=300)
CANCELLED = order_of(state=OrderState.CANCELLED, ended_at=1, undelivered=1000)
ORDERS = {"active": ACTIVE, "completed": COMPLETED, "partial 300": PARTIAL, "cancelled": CANCELLED}


def settle(order: str, phase: Phase, remains: int | None = None, charge: str | None = None, **said: Any) -> Settlement:
    """The decision about an order of 1,000 units, charged 2.50 while open, under rules that need no confirmation."""
    progress = progress_of(phase, remains, charge, **said)
    attempt = attempt_of(stated_charges=stated_twice("2.5"))
    return decide(ORDERS[order], attempt, progress, rules=AT_ONCE, now=NOW)


TABLE = [
    ("active", Phase.PENDING, 1000, "announce pending 1000"),
    ("active", Phase.PROCESSING, 1000, "announce processing 1000"),
    ("active", Phase.IN_PROGRESS, 400, "announce in_progress 400"),
    ("active", Phase.PAUSED, 400, "announce in_progress 400"),
    ("active", Phase.COMPLETED, 0, "finish completed 0"),
    ("active", Phase.COMPLETED, 400, "finish completed 0"),
    ("active", Phase.PARTIAL, 400, "finish partial 400"),
    ("active", Phase.PARTIAL, 1000, "finish cancelled 1000"),
    ("active", Phase.PARTIAL, 4000, "finish cancelled 1000"),
    ("active", Phase.PARTIAL, 0, "hold"),
    ("active", Phase.PARTIAL, None, "hold"),
    ("active", Phase.PARTIAL, -5, "hold"),
    ("active", Phase.EXPIRED, 400, "finish partial 400"),
    ("active", Phase.CANCELLED, 1000, "finish cancelled 1000"),
    ("active", Phase.CANCELLED, 0, "finish cancelled 1000"),
    ("active", Phase.CANCELLED, None, "finish cancelled 1000"),
    ("active", Phase.ERROR, 400, "hold"),
    ("active", Phase.UNKNOWN, 400, "keep"),
    ("completed", Phase.PENDING, 1000, "keep"),
    ("completed", Phase.IN_PROGRESS, 400, "keep"),
    ("completed", Phase.PAUSED, 400, "keep"),
    ("completed", Phase.COMPLETED, 0, "keep"),
    ("completed", Phase.PARTIAL, 400, "finish partial 400"),
    ("completed", Phase.PARTIAL, None, "hold"),
    ("completed", Phase.CANCELLED, 0, "finish cancelled 1000"),
    ("completed", Phase.ERROR, 0, "keep"),
    ("completed", Phase.UNKNOWN, 0, "keep"),
    ("partial 300", Phase.IN_PROGRESS, 200, "keep"),
    ("partial 300", Phase.COMPLETED, 0, "keep"),
    ("partial 300", Phase.PARTIAL, 300, "keep"),
    ("partial 300", Phase.PARTIAL, 200, "keep"),
    ("partial 300", Phase.PARTIAL, 301, "finish partial 301"),
    ("partial 300", Phase.CANCELLED, 0, "finish cancelled 1000"),
    ("partial 300", Phase.ERROR, 900, "keep"),
    ("partial 300", Phase.UNKNOWN, 900, "keep"),
    ("cancelled", Phase.IN_PROGRESS, 200, "keep"),
    ("cancelled", Phase.COMPLETED, 0, "keep"),
    ("cancelled", Phase.PARTIAL, 500, "keep"),
    ("cancelled", Phase.CANCELLED, 1000, "keep"),
    ("cancelled", Phase.ERROR, None, "keep"),
]


def in_words(decision: Settlement) -> str:
    match decision:
        case Announce(phase=phase, remains=remains):
            return f"announce {phase} {remains}"
        case Finish(state=state, undelivered=undelivered):
            return f"finish {state} {undelivered}"
        case Sight():
            return "sight"
        case HoldForOwner():
            return "hold"
        case Keep():
            return "keep"


@pytest.mark.parametrize(("order", "phase", "remains", "expected"), TABLE)
def test_a_word_of_the_provider_changes_what_the_table_says(
    order: str, phase: Phase, remains: int | None, expected: str
) -> None:
    assert in_words(settle(order, phase, remains)) == expected


def test_the_table_knows_every_word_for_an_active_order() -> None:
    assert {phase for order, phase, _, _ in TABLE if order == "active"} == set(Phase)


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.ACCEPTED}))
@pytest.mark.parametrize("phase", sorted(Phase))
def test_only_an_accepted_attempt_moves_its_order(phase: Phase, outcome: Outcome) -> None:
    """What was found after a write-off is the owner's cost: the reseller has been paid."""
    attempt = attempt_of(outcome=outcome)
    assert in_words(decide(ACTIVE, attempt, progress_of(phase, 300), rules=AT_ONCE, now=NOW)) == "keep"


@pytest.mark.parametrize(
    ("charge", "expected"), [("1.25", "finish partial 500"), ("2.5", "hold"), ("0", "hold"), (None, "hold")]
)
def test_a_partial_order_without_remains_is_told_by_what_the_provider_kept(charge: str | None, expected: str) -> None:
    assert in_words(settle("active", Phase.PARTIAL, 0, charge)) == expected


def test_without_a_charge_that_was_stated_while_it_was_open_nothing_tells() -> None:
    """What we expected to pay, and the highest charge that ever stood there, are no base."""
    progress = progress_of(Phase.PARTIAL, 0, "1.25")
    attempt = attempt_of(highest_charge="2.5", last_charge="2.5")
    assert in_words(decide(ACTIVE, attempt, progress, rules=AT_ONCE, now=NOW)) == "hold"


def test_the_charge_of_the_open_order_is_the_base() -> None:
    attempt = attempt_of(stated_charges=stated_twice("4"))
    progress = progress_of(Phase.PARTIAL, None, "3")
    assert in_words(decide(ACTIVE, attempt, progress, rules=AT_ONCE, now=NOW)) == "finish partial 250"


def test_a_charge_in_another_currency_tells_nothing() -> None:
    """2.50 USD is 0.01 of 250 INR, but nobody lost 99 % of the order."""
    attempt = attempt_of(currency="INR", cost_theirs="250")
    progress = progress_of(Phase.PARTIAL, None, "2.5", currency="USD")
    assert charge_of(attempt, progress) is None
    assert in_words(decide(ACTIVE, attempt, progress, rules=AT_ONCE, now=NOW)) == "hold"


@pytest.mark.parametrize(
    ("order", "phase", "remains", "said", "told"),
    [
        ("active", Phase.ERROR, 400, {"word": "Fail"}, HoldForOwner("the provider says Fail")),
        ("active", Phase.ERROR, 400, {}, HoldForOwner("the provider says error")),
        ("active", Phase.UNKNOWN, 400, {"word": "Odd"}, Keep("the provider says 'Odd', a word that nobody knows")),
        (
            "active",
            Phase.PARTIAL,
            0,
            {},
            HoldForOwner("the provider says partial, and nothing tells how much was not delivered"),
        ),
        ("completed", Phase.IN_PROGRESS, 400, {}, Keep("the provider took the order up again")),
        ("completed", Phase.UNKNOWN, 0, {}, Keep()),
        ("partial 300", Phase.PARTIAL, 200, {}, Keep("the provider took an undelivered part back")),
        ("partial 300", Phase.PARTIAL, 300, {}, Keep()),
    ],
)
def test_the_owner_is_told_why(order: str, phase: Phase, remains: int, said: dict[str, str], told: Settlement) -> None:
    assert settle(order, phase, remains, **said) == told


def test_what_an_attempt_given_up_delivers_is_told() -> None:
    for phase in Phase:
        told = decide(ACTIVE, attempt_of(outcome=Outcome.ABSENT), progress_of(phase), rules=AT_ONCE, now=NOW)
        delivers = phase in (Phase.IN_PROGRESS, Phase.COMPLETED, Phase.PARTIAL)
        assert told == Keep("alpha delivers an attempt given up, at the owner's cost" if delivers else None)


def test_a_part_of_a_package_is_never_counted() -> None:
    package = replace(ACTIVE, rate_per=1, quantity=1, remains=1)
    partial = decide(package, attempt_of(), progress_of(Phase.PARTIAL, 1, "1"), rules=AT_ONCE, now=NOW)
    assert in_words(partial) == "hold"


def test_an_ending_is_remembered_by_all_that_it_says() -> None:
    assert seen(progress_of(Phase.PARTIAL, 300)) == "partial:300::"
    assert seen(progress_of(Phase.COMPLETED, None, runs=3, posts=0)) == "completed::3:0"


def test_nothing_is_nothing_in_every_currency() -> None:
    assert charge_of(attempt_of(currency="INR"), progress_of(Phase.CANCELLED, 0, "0", currency="USD")) == 0


def test_cancelled_means_by_remains_what_the_preset_says() -> None:
    rules = Rules("by_remains", 0)
    progress = progress_of(Phase.CANCELLED, 400)
    assert in_words(decide(ACTIVE, attempt_of(), progress, rules=rules, now=NOW)) == "finish partial 400"


def test_cancelled_with_nothing_left_after_delivery_was_seen_is_held() -> None:
    rules = Rules("by_remains", 0)
    progress = progress_of(Phase.CANCELLED, 0)
    begun = replace(ACTIVE, delivery_seen=True)
    assert in_words(decide(begun, attempt_of(), progress, rules=rules, now=NOW)) == "hold"
    assert in_words(decide(COMPLETED, attempt_of(), progress, rules=rules, now=NOW)) == "hold"
    assert in_words(decide(ACTIVE, attempt_of(), progress, rules=rules, now=NOW)) == "finish cancelled 1000"


def test_refunded_is_everything_whatever_cancelled_means() -> None:
    progress = progress_of(Phase.CANCELLED, 400, full_refund=True)
    decision = decide(ACTIVE, attempt_of(), progress, rules=Rules("by_remains", 0), now=NOW)
    assert in_words(decision) == "finish cancelled 1000"


@pytest.mark.parametrize(
    ("phase", "remains", "seen"),
    [
        (Phase.IN_PROGRESS, 999, True),
        (Phase.IN_PROGRESS, 1, True),
        (Phase.IN_PROGRESS, 1000, False),
        (Phase.IN_PROGRESS, 0, False),
        (Phase.IN_PROGRESS, None, False),
        (Phase.PENDING, 300, False),
    ],
)
def test_delivery_is_seen_when_remains_fall_while_in_progress(phase: Phase, remains: int | None, seen: bool) -> None:
    decision = settle("active", phase, remains)
    assert isinstance(decision, Announce)
    assert decision.delivery_seen is seen


def test_delivery_once_seen_stays_seen() -> None:
    begun = replace(ACTIVE, delivery_seen=True)
    decision = decide(begun, attempt_of(), progress_of(Phase.PENDING, 1000), rules=AT_ONCE, now=NOW)
    assert isinstance(decision, Announce)
    assert decision.delivery_seen


def test_the_first_start_count_is_kept() -> None:
    started = replace(ACTIVE, start_count=100)
    later = progress_of(Phase.IN_PROGRESS, 400, start_count=7)
    assert decide(started, attempt_of(), later, rules=AT_ONCE, now=NOW).start_count == 100  # type: ignore[union-attr]
    assert decide(ACTIVE, attempt_of(), later, rules=AT_ONCE, now=NOW).start_count == 7  # type: ignore[union-attr]


class TestConfirmation:
    """A terminal answer moves money when it is given twice in a row, a minute apart."""

    RULES = Rules("full", 60_000)

    def decide(self, order_sight: str | None, waited: int, progress: Progress) -> str:
        order = replace(ACTIVE, sight=order_sight, sight_at=None if order_sight is None else NOW - waited)
        return in_words(decide(order, attempt_of(), progress, rules=self.RULES, now=NOW))

    def first_sight(self, progress: Progress) -> str:
        sight = decide(ACTIVE, attempt_of(), progress, rules=self.RULES, now=NOW)
        assert isinstance(sight, Sight)
        return sight.sight

    @pytest.mark.parametrize("phase", [Phase.COMPLETED, Phase.PARTIAL, Phase.CANCELLED])
    def test_the_first_sight_is_remembered(self, phase: Phase) -> None:
        assert self.decide(None, 0, progress_of(phase, 300)) == "sight"

    def test_an_equal_answer_after_the_time_settles(self) -> None:
        progress = progress_of(Phase.PARTIAL, 300)
        assert self.decide(self.first_sight(progress), 60_000, progress) == "finish partial 300"

    def test_an_equal_answer_too_soon_does_not(self) -> None:
        progress = progress_of(Phase.PARTIAL, 300)
        assert self.decide(self.first_sight(progress), 59_999, progress) == "sight"

    @pytest.mark.parametrize(
        "other",
        [progress_of(Phase.PARTIAL, 301), progress_of(Phase.CANCELLED, 300), progress_of(Phase.COMPLETED, 300)],
    )
    def test_another_status_or_other_remains_begin_anew(self, other: Progress) -> None:
        first = self.first_sight(progress_of(Phase.PARTIAL, 300))
        assert self.decide(first, 3_600_000, other) == "sight"

    def test_what_cannot_be_counted_is_held_only_when_it_is_said_twice(self) -> None:
        progress = progress_of(Phase.PARTIAL, 0)
        assert self.decide(None, 0, progress) == "sight"
        assert self.decide(self.first_sight(progress), 60_000, progress) == "hold"

    @pytest.mark.parametrize(
        ("progress", "waited", "said"),
        [
            (progress_of(Phase.CANCELLED, 1000), 599_999, "sight"),
            (progress_of(Phase.CANCELLED, 1000), 600_000, "finish cancelled 1000"),
            (progress_of(Phase.CANCELLED, 300), 599_999, "sight"),
            (progress_of(Phase.PARTIAL, 1000), 599_999, "sight"),
            (progress_of(Phase.PARTIAL, 1000), 600_000, "finish cancelled 1000"),
            (progress_of(Phase.PARTIAL, 999), 60_000, "finish partial 999"),
            (progress_of(Phase.COMPLETED, 0), 60_000, "finish completed 0"),
        ],
    )
    def test_a_call_off_that_is_doubted_must_stand_longer(self, progress: Progress, waited: int, said: str) -> None:
        order = replace(ACTIVE, sight=self.first_sight(progress), sight_at=NOW - waited)
        doubting = Rules("full", 60_000, call_off_times=10)
        assert in_words(decide(order, attempt_of(), progress, rules=doubting, now=NOW)) == said

    def test_a_late_loss_is_confirmed_too(self) -> None:
        progress = progress_of(Phase.PARTIAL, 500)
        assert in_words(decide(PARTIAL, attempt_of(), progress, rules=self.RULES, now=NOW)) == "sight"

    def test_what_takes_nothing_more_needs_no_confirmation(self) -> None:
        progress = progress_of(Phase.PARTIAL, 300)
        assert in_words(decide(PARTIAL, attempt_of(), progress, rules=self.RULES, now=NOW)) == "keep"


@pytest.mark.parametrize(
    ("known", "charge", "kept"),
    [
        (None, "2.5", "2.5"),
        ("2.5", "3", "3"),
        ("3", "2.5", "3"),
        ("3", "0", "3"),
        (None, "0", None),
        ("3", "-1", "3"),
        (None, "0.5", "0.5"),
        (None, "1", "1"),
    ],
)
def test_the_highest_charge_is_kept(known: str | None, charge: str, kept: str | None) -> None:
    assert highest(attempt_of(highest_charge=known), Decimal(charge)) == kept


TOLD = Announce(phase=Phase.IN_PROGRESS, remains=400, runs_done=None, start_count=7, delivery_seen=True)


def test_what_an_order_says_already_is_told() -> None:
    says = {"phase": Phase.IN_PROGRESS, "remains": 400, "start_count": 7, "delivery_seen": True}
    assert is_told(order_of(**says), TOLD)
    assert not is_told(order_of(**says, sight="partial/400"), TOLD)
    assert not is_told(order_of(**says, held="looked at by the owner"), TOLD)


@pytest.mark.parametrize(
    "change",
    [{"phase": Phase.PENDING}, {"remains": 399}, {"runs_done": 1}, {"start_count": None}, {"delivery_seen": False}],
)
def test_every_difference_is_news(change: dict[str, Any]) -> None:
    says = {"phase": Phase.IN_PROGRESS, "remains": 400, "start_count": 7, "delivery_seen": True}
    assert not is_told(order_of(**says), replace(TOLD, **change))


RUNNING = progress_of(Phase.IN_PROGRESS, 400, "2.5")


@pytest.mark.parametrize(
    ("order", "progress", "cached", "known"),
    [
        ({}, RUNNING, RUNNING, True),
        ({}, RUNNING, progress_of(Phase.IN_PROGRESS, 399, "2.5"), False),
        ({}, RUNNING, None, False),
        ({"sight": "partial"}, RUNNING, RUNNING, False),
        ({"held": "why"}, RUNNING, RUNNING, False),
        ({}, progress_of(Phase.COMPLETED, 0, "2.5"), progress_of(Phase.COMPLETED, 0, "2.5"), False),
    ],
)
def test_what_is_told_again_in_the_same_words_is_known(
    order: dict[str, object], progress: Progress, cached: Progress | None, known: bool
) -> None:
    """Never an ending, nor anything of an order that waits for a second look or for its owner."""
    words = None if cached is None else msgspec.json.encode(cached)
    assert is_known(order_of(**order), progress, words) is known
