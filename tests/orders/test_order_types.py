"""What a reseller is billed for, by the type of the service."""

from __future__ import annotations

import pytest

from aggregator.api.fields import read_add
from aggregator.errors import BadLink, IncorrectRequest, MissingField
from aggregator.orders.intake.lines import split_lines, split_names
from aggregator.orders.intake.types import OrderTerms, read_terms
from providers.vocabulary import ServiceType
from tests.api.clients import send_form


def order(kind: ServiceType, **fields: str) -> OrderTerms:
    sent = {"key": "K", "action": "add", "service": "1", "link": "https://a.test/p", **fields}
    return read_terms(kind, read_add(send_form(sent)))


@pytest.mark.parametrize(
    "sent",
    ["good pic\r\ngreat photo", "good pic\ngreat photo\n", "good pic\r\r great photo ", "good pic\\ngreat photo"],
)
def test_comments_are_told_apart_by_any_line_break_and_by_a_typed_one(sent: str) -> None:
    assert split_lines(sent) == ["good pic", "great photo"]


def test_a_typed_line_break_beside_a_real_one_belongs_to_the_comment() -> None:
    assert split_lines("a\\nb\nc") == ["a\\nb", "c"]


def test_a_json_list_of_comments_is_a_list_of_lines() -> None:
    assert split_lines(["a", " ", "b\nc"]) == ["a", "b", "c"]


def test_names_on_one_line_may_be_parted_by_commas_but_not_on_several() -> None:
    assert split_names("user1, user2,,user3") == ["user1", "user2", "user3"]
    assert split_names("user1,user2\nuser3") == ["user1,user2", "user3"]


def test_comments_are_billed_by_the_line_whatever_quantity_came_along() -> None:
    terms = order(ServiceType.CUSTOM_COMMENTS, comments="a, b\nc", quantity="50")
    assert (terms.quantity, terms.fields) == (2, {"comments": ["a, b", "c"]})


def test_an_unreadable_quantity_is_no_reason_to_refuse_what_is_not_billed_by_it() -> None:
    assert order(ServiceType.CUSTOM_COMMENTS, comments="a", quantity="many").quantity == 1


def test_a_package_is_one_package_whatever_quantity_came_along() -> None:
    assert order(ServiceType.PACKAGE, quantity="1000").quantity == 1
    assert order(ServiceType.CUSTOM_COMMENTS_PACKAGE, comments="a\nb").quantity == 1


def test_replies_and_custom_mentions_are_billed_by_the_line() -> None:
    assert order(ServiceType.COMMENT_REPLIES, comment_username="bob", custom_comments="a\nb").quantity == 2
    assert order(ServiceType.MENTIONS_CUSTOM_LIST, usernames="a,b,c").quantity == 3


def test_mentions_are_billed_by_the_quantity_and_take_a_list_of_names() -> None:
    terms = order(ServiceType.MENTIONS, usernames="user1,user2,user3", quantity="200")
    assert (terms.quantity, terms.fields) == (200, {"usernames": ["user1", "user2", "user3"]})


def test_a_poll_takes_the_number_of_the_answer_under_either_name() -> None:
    assert order(ServiceType.POLL, quantity="100", answers_number="2").fields == {"answer_number": "2"}


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (ServiceType.DEFAULT, "quantity"),
        (ServiceType.SPECIAL, "quantity"),
        (ServiceType.CUSTOM_COMMENTS, "comments"),
        (ServiceType.CUSTOM_COMMENTS_PACKAGE, "comments"),
        (ServiceType.COMMENT_REPLIES, "username"),
        (ServiceType.SEO, "keywords"),
        (ServiceType.MENTIONS_WITH_HASHTAGS, "usernames"),
        (ServiceType.MENTIONS_HASHTAG, "hashtag"),
        (ServiceType.MENTIONS_MEDIA_LIKERS, "media"),
        (ServiceType.INVITES_FROM_GROUPS, "groups"),
        (ServiceType.WEB_TRAFFIC, "country"),
        (ServiceType.SUBSCRIPTIONS, "min"),
    ],
)
def test_an_order_without_a_field_of_its_type_is_told_which(kind: ServiceType, field: str) -> None:
    with pytest.raises(MissingField) as caught:
        order(kind)
    assert caught.value.field == field


def test_an_order_without_a_link_is_refused_as_a_bad_link() -> None:
    with pytest.raises(BadLink, match="link is required"):
        order(ServiceType.DEFAULT, link="", quantity="100")


def test_keyword_traffic_needs_its_keyword_and_a_referrer_its_address() -> None:
    visits = {"quantity": "100", "country": "US", "device": "1"}
    assert "google_keyword" in order(ServiceType.WEB_TRAFFIC, **visits, type_of_traffic="1", google_keyword="a").fields
    assert order(ServiceType.WEB_TRAFFIC, **visits, type_of_traffic="3").quantity == 100
    with pytest.raises(MissingField, match="referring_url"):
        order(ServiceType.WEB_TRAFFIC, **visits, type_of_traffic="2", google_keyword="a")


def test_drip_feed_needs_runs_and_an_interval() -> None:
    terms = order(ServiceType.DEFAULT, quantity="100", runs="2", interval="5")
    assert (terms.quantity, terms.runs, terms.interval) == (100, 2, 5)
    with pytest.raises(MissingField, match="interval"):
        order(ServiceType.DEFAULT, quantity="100", runs="5")


@pytest.mark.parametrize("runs", ["", "0", "1"])
def test_no_runs_or_one_is_a_plain_order(runs: str) -> None:
    terms = order(ServiceType.DEFAULT, quantity="100", runs=runs, interval="0")
    assert (terms.runs, terms.interval, terms.fields) == (1, 0, {})


@pytest.mark.parametrize(
    ("runs", "interval"), [("-2", "5"), ("2.5", "5"), ("2", "0"), ("2", "-1"), ("2", "1000000000")]
)
def test_drip_feed_with_numbers_that_make_no_sense_is_refused(runs: str, interval: str) -> None:
    with pytest.raises(IncorrectRequest):
        order(ServiceType.DEFAULT, quantity="100", runs=runs, interval=interval)


def test_runs_of_a_type_without_drip_feed_are_refused_rather_than_dropped() -> None:
    with pytest.raises(IncorrectRequest, match="runs"):
        order(ServiceType.SPECIAL, quantity="100", runs="10", interval="5")


def test_a_special_service_gets_the_extra_text_that_its_description_asks_for() -> None:
    assert order(ServiceType.SPECIAL, quantity="100", region=" EU ").fields == {"region": "EU"}


@pytest.mark.parametrize("name", [" runs", "Runs", "QUANTITY", "quantity.", " quantity", "Key", "a[b]", "Service"])
def test_no_extra_field_can_order_more_at_a_provider_than_was_billed_here(name: str) -> None:
    assert order(ServiceType.SPECIAL, quantity="100", **{name: "9"}).fields == {}


def test_extra_fields_of_other_types_go_nowhere() -> None:
    fields = order(ServiceType.DEFAULT, quantity="100", rate="0.0001", wallet="1", comments="x", username="y").fields
    assert fields == {}


SUBSCRIPTION = {"username": "target", "min": "100", "max": "110", "delay": "30"}


def test_a_subscription_is_limited_by_its_largest_post() -> None:
    terms = order(ServiceType.SUBSCRIPTIONS, link="", **SUBSCRIPTION, posts="0", old_posts="5", expiry="12/31/2026")
    assert (terms.link, terms.quantity) == ("", 110)
    assert terms.fields == {**SUBSCRIPTION, "posts": "0", "old_posts": "5", "expiry": "31/12/2026"}


def test_the_link_of_a_subscription_stands_for_the_name_that_is_missing() -> None:
    fields = order(ServiceType.SUBSCRIPTIONS, link="target", **{**SUBSCRIPTION, "username": ""}).fields
    assert fields["username"] == "target"


def test_a_date_that_could_be_either_is_read_day_first() -> None:
    assert order(ServiceType.SUBSCRIPTIONS, **SUBSCRIPTION, expiry="3/4/2030").fields["expiry"] == "03/04/2030"


@pytest.mark.parametrize(
    "fault",
    [
        {"min": "200"},
        {"min": "-1"},
        {"max": "1e3"},
        {"delay": "31"},
        {"posts": "many"},
        {"expiry": "2030-12-31"},
        {"expiry": "31/31/2030"},
        {"expiry": "30/2/2030"},
        {"expiry": "0/1/2030"},
        {"expiry": "1/1/30"},
    ],
)
def test_a_subscription_that_makes_no_sense_is_refused(fault: dict[str, str]) -> None:
    with pytest.raises(IncorrectRequest) as caught:
        order(ServiceType.SUBSCRIPTIONS, **{**SUBSCRIPTION, **fault})
    assert caught.value.field in fault
