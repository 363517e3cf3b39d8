"""What each piece of progress changes where a provider counts runs or posts in place of units."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from aggregator.orders.settling.settlement import Announce, Finish, decide
from providers.vocabulary import Phase, ServiceType
from tests.builders import attempt_of, progress_of
from tests.orders.test_settlement import ACTIVE, AT_ONCE, NOW, in_words, settle


def test_posts_are_those_of_subscriptions() -> None:
    assert in_words(settle("active", Phase.IN_PROGRESS, 400, posts=3)) == "announce in_progress 400"
    assert in_words(settle("active", Phase.IN_PROGRESS, None, posts=3)) == "announce in_progress 1000"
    assert in_words(settle("active", Phase.PARTIAL, 400, posts=3)) == "finish partial 400"
    assert in_words(settle("active", Phase.PARTIAL, None, runs=1)) == "hold"


class TestRuns:
    """A drip-feed of 10 runs of 100, where the provider counts runs instead of units."""

    DRIP = replace(ACTIVE, runs=10)

    def decide(self, phase: Phase, runs: int | None, remains: int | None = None) -> str:
        progress = progress_of(phase, remains, runs=runs)
        return in_words(decide(self.DRIP, attempt_of(), progress, rules=AT_ONCE, now=NOW))

    def test_a_run_that_has_begun_is_not_announced_as_delivered(self) -> None:
        assert self.decide(Phase.IN_PROGRESS, 3) == "announce in_progress 1000"
        assert self.decide(Phase.IN_PROGRESS, 3, 720) == "announce in_progress 720"

    def test_the_runs_that_are_done_are_told(self) -> None:
        decision = decide(self.DRIP, attempt_of(), progress_of(Phase.IN_PROGRESS, runs=3), rules=AT_ONCE, now=NOW)
        assert isinstance(decision, Announce)
        assert (decision.runs_done, decision.delivery_seen) == (3, True)

    def test_a_stopped_drip_feed_pays_the_runs_that_did_not_come(self) -> None:
        assert self.decide(Phase.PARTIAL, 4) == "finish partial 600"

    def test_stated_remains_count_more_than_runs(self) -> None:
        assert self.decide(Phase.PARTIAL, 4, 650) == "finish partial 650"

    def test_without_runs_and_remains_nobody_knows(self) -> None:
        assert self.decide(Phase.PARTIAL, None) == "hold"

    def test_two_runs_are_runs(self) -> None:
        twice = replace(ACTIVE, runs=2)
        stopped = decide(twice, attempt_of(), progress_of(Phase.PARTIAL, runs=1), rules=AT_ONCE, now=NOW)
        assert in_words(stopped) == "finish partial 500"

    def test_fewer_runs_than_none_are_none(self) -> None:
        assert self.decide(Phase.PARTIAL, -1) == "finish cancelled 1000"
        decision = decide(self.DRIP, attempt_of(), progress_of(Phase.IN_PROGRESS, runs=-1), rules=AT_ONCE, now=NOW)
        assert isinstance(decision, Announce)
        assert decision.runs_done == 0

    def test_more_runs_than_ordered_are_all_of_them(self) -> None:
        decision = decide(self.DRIP, attempt_of(), progress_of(Phase.IN_PROGRESS, runs=12), rules=AT_ONCE, now=NOW)
        assert isinstance(decision, Announce)
        assert decision.runs_done == 10


class TestPosts:
    """A subscription of 100 units for each of 10 posts: whatever ends it, the posts that were served are kept."""

    SUBSCRIPTION = replace(ACTIVE, type=ServiceType.SUBSCRIPTIONS, runs=10)

    @pytest.mark.parametrize(
        ("phase", "posts", "expected"),
        [
            (Phase.IN_PROGRESS, 4, "announce in_progress 600"),
            (Phase.IN_PROGRESS, -1, "announce in_progress 1000"),
            (Phase.COMPLETED, 10, "finish completed 0"),
            (Phase.COMPLETED, 12, "finish completed 0"),
            (Phase.COMPLETED, 4, "finish partial 600"),
            (Phase.CANCELLED, 4, "finish partial 600"),
            (Phase.CANCELLED, 0, "finish cancelled 1000"),
            (Phase.CANCELLED, 10, "finish partial 7"),
            (Phase.EXPIRED, 4, "finish partial 600"),
        ],
    )
    def test_it_is_settled_by_its_posts(self, phase: Phase, posts: int, expected: str) -> None:
        progress = progress_of(phase, 7, posts=posts, runs=1)
        decision = decide(self.SUBSCRIPTION, attempt_of(), progress, rules=AT_ONCE, now=NOW)
        assert in_words(decision) == expected
        assert isinstance(decision, Announce | Finish)
        assert decision.runs_done == min(max(posts, 0), 10)

    def test_what_was_refunded_as_a_whole_comes_back_as_a_whole(self) -> None:
        progress = progress_of(Phase.CANCELLED, None, posts=4, full_refund=True)
        decision = decide(self.SUBSCRIPTION, attempt_of(), progress, rules=AT_ONCE, now=NOW)
        assert in_words(decision) == "finish cancelled 1000"

    def test_without_posts_its_remains_count(self) -> None:
        progress = progress_of(Phase.IN_PROGRESS, 400)
        decision = decide(self.SUBSCRIPTION, attempt_of(), progress, rules=AT_ONCE, now=NOW)
        assert in_words(decision) == "announce in_progress 400"
