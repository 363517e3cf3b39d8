"""What an ask comes to, and by what a repeat of it is known."""

from __future__ import annotations

from hashlib import sha256

from aggregator.orders.intake.types import Ask
from aggregator.orders.intake.wanted import fingerprint, want
from providers.vocabulary import ServiceType

ASK = Ask(
    service=5,
    link="https://x.example/u",
    quantity="1000",
    request_id="r-1",
    extras={"runs": " 2 ", "interval": "30", "comments": [" a ", "b"]},
)


def test_a_request_is_known_again_by_the_same_bytes_in_every_version() -> None:
    """Orders of earlier versions bear it: in another form, a repeat of one of them would be bought again."""
    written = b'[7,"https://x.example/u","1000",[["comments",["a","b"]],["interval","30"],["runs","2"]]]'
    assert fingerprint(ASK, 7) == sha256(written).hexdigest()


def test_ids_of_the_request_are_no_part_of_what_it_asks_for() -> None:
    assert fingerprint(ASK, 5) == fingerprint(Ask(service=9, link=ASK.link, quantity="1000", extras=ASK.extras), 5)


def test_a_drip_feed_is_billed_whole_and_limited_by_one_run() -> None:
    wanted = want(ServiceType.DEFAULT, ASK, open_posts=10)
    assert (wanted.quantity, wanted.runs, wanted.least, wanted.most, wanted.drip_feed) == (2000, 2, 1000, 2000, True)


def test_a_subscription_that_names_no_posts_is_billed_for_as_many_as_the_owner_says() -> None:
    extras = {"username": "u", "min": "10", "max": "20", "delay": "0"}
    for open_posts in (3, 10):
        wanted = want(ServiceType.SUBSCRIPTIONS, Ask(service=1, extras=dict(extras)), open_posts=open_posts)
        assert (wanted.quantity, wanted.least, wanted.most) == (20 * open_posts, 10, 20)
