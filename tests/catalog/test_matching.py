"""Which services of different providers are suggested as the same thing, and which would make an owner laugh."""

from __future__ import annotations

from itertools import count, product
from typing import Any

import pytest

from aggregator.beside import GivenUp
from aggregator.catalog.matching.matching import MOST_PAIRS, Suggestion, suggest
from aggregator.catalog.matching.suggestion_toml import write_blocks
from aggregator.catalog.traits import FOREVER, read_traits, similarity
from aggregator.settings import OfferRef, read_services
from pricing.money import Rate
from pricing.offer import Offer

_numbers = count(1)


def offer(name: str, provider: str = "alpha", rate: str = "1", **told: Any) -> Offer:
    """A service of a provider as it is priced in our money."""
    usual: dict[str, Any] = {
        "category": "",
        "type": "Default",
        "minimum": 100,
        "maximum": 10_000,
        "refill": False,
        "cancel": False,
        "dripfeed": False,
    }
    return Offer(
        provider=provider, service=f"{next(_numbers)}", name=name, rate=Rate.parse(rate, "USD"), **(usual | told)
    )


def score(one: str, other: str, **told: Any) -> int | None:
    """How alike two providers' services are by their names; None = not suggested."""
    found = suggest([offer(one), offer(other, "bravo", **told)])
    return found[0].score if found else None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IGF94 Instagram Follower [HQ] (10/50K) [R30]", "Instagram Followers | HQ | Max 50k | 30 Days Refill ♻️"),
        ("𝐈𝐧𝐬𝐭𝐚𝐠𝐫𝐚𝐦 Followers (Lifetime Guaranteed)", "IG Followers - Non Drop - Lifetime Refill"),
        ("S10 Twitter Followers (100/10k) [NR]", "X - Twitter Followers | 500/Day | No Refill"),
        ("YouTube Subscribers [GREECE] [R365]", "🇬🇷 YouTube Subscribers | Greece | Non Drop | 365 Days Refill 🔥"),
        ("Facebook Live Stream Viewers (3 Hour)", "Facebook Live Stream Views [180 Minutes]"),
        ("TikTok Likes [WW]", "TT Likes | Worldwide | Instant"),
        ("Telegram Post Views [Last 5 Post]", "Telegram Views | last 5 posts"),
    ],
)
def test_the_same_thing_in_other_words_is_suggested(one: str, other: str) -> None:
    found = score(one, other)
    assert found is not None
    assert found >= 80


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Instagram Followers", "TikTok Followers"),
        ("Instagram Followers", "Instagram Likes"),
        ("Instagram Likes", "Instagram Comment Likes"),
        ("Instagram Views", "Instagram Story Views"),
        ("Facebook Page Likes", "Facebook Group Members"),
        ("Instagram Followers [R30]", "Instagram Followers [R365]"),
        ("Instagram Followers [R30]", "Instagram Followers | No Refill"),
        ("Instagram Followers Brazil", "Instagram Followers India"),
        ("🇧🇷 Instagram Followers", "Instagram Followers"),
        ("Instagram Comments | Male", "Instagram Comments | Female"),
        ("Instagram Comments Custom", "Instagram Comments Random"),
        ("YouTube Live Viewers 30 minutes", "YouTube Live Viewers 60 minutes"),
        ("Telegram Post Views Last 10", "Telegram Post Views Last 20"),
        ("Telegram Reactions 👍", "Telegram Reactions 💩"),
        ("Facebook Post React Love", "Facebook Post React Angry"),
        ("Twitter Tweet Views", "Twitter Video Views"),
        ("Egypt Traffic from Olx.com.eg", "Egypt Traffic from Albawabhnews.com"),
        ("Instagram Followers Real", "Instagram Followers Bot"),
        ("Custom Logo Design", "Custom Logo Design"),
    ],
)
def test_what_an_owner_would_laugh_at_is_not_suggested(one: str, other: str) -> None:
    assert score(one, other) is None


@pytest.mark.parametrize(
    "told",
    [
        {"rate": "3.1"},
        {"type": "Package"},
        {"minimum": 20_000, "maximum": 50_000},
        {"minimum": 1000, "maximum": 1000},
        {"refill": True},
        {"category": "⛔ Don't Order ⛔"},
    ],
)
def test_one_name_is_not_one_thing_where_the_terms_speak_against_it(told: dict[str, Any]) -> None:
    assert score("Instagram Followers", "Instagram Followers", **told) is None


def test_a_platform_may_stand_in_the_category_alone() -> None:
    assert suggest([offer("Followers HQ", category="Instagram"), offer("Instagram Followers HQ", "bravo")])


def test_unknown_words_and_prices_far_apart_count_against_a_pair() -> None:
    best = score("TikTok Likes", "TikTok Likes")
    assert best == 100
    assert score("TikTok Likes", "TikTok Likes Reliable") in range(80, 100)
    assert score("TikTok Likes", "TikTok Likes", rate="2") in range(70, 95)


def test_nothing_is_suggested_twice_and_no_provider_stands_twice_in_a_service() -> None:
    offers = [offer("TikTok Likes", provider) for provider, _ in product(("alpha", "bravo", "charlie"), range(3))]
    found = suggest(offers)
    assert [len(group.offers) for group in found] == [3, 3, 3]
    refs = [(one.provider, one.service) for group in found for one in group.offers]
    assert len(set(refs)) == 9
    assert all(len({one.provider for one in group.offers}) == 3 for group in found)


def test_services_of_one_provider_are_never_the_same_thing() -> None:
    assert suggest([offer("TikTok Likes"), offer("TikTok Likes")]) == []


def test_what_is_sold_together_already_is_left_alone() -> None:
    one, other, third = offer("TikTok Likes"), offer("TikTok Likes", "bravo"), offer("TikTok Likes", "charlie")
    sold = [OfferRef(one.provider, one.service)]
    (found,) = suggest([one, other, third], together=[sold])
    assert {member.provider for member in found.offers} == {"bravo", "charlie"}


def test_the_cheapest_offer_leads_and_the_reasons_are_told() -> None:
    (found,) = suggest([offer("TikTok Likes [R30]", rate="1.1"), offer("TikTok Likes R30 Express", "bravo")])
    assert [member.provider for member in found.offers] == ["bravo", "alpha"]
    assert found.reasons == (
        "both tiktok likes",
        "both refilled for 30 days",
        "only one says express",
        "prices 10 % apart",
    )


def test_a_suggestion_is_a_block_that_services_toml_takes() -> None:
    nasty = 'TikTok "Likes" \\ 🔥\n[[service]]\nid = 7\x7f'
    group = Suggestion((offer(nasty, category='"'), offer("TikTok Likes", "bravo")), 90, ("both tiktok likes",))
    text = write_blocks([(5, group)], {("bravo", group.offers[1].service): 100_009})
    (service,) = read_services(text, "services.toml").services
    assert (service.id, service.name) == (5, 'TikTok "Likes" \\ 🔥 [[service]] id = 7')
    assert service.offers == tuple(OfferRef(one.provider, one.service) for one in group.offers)
    assert "sold so far as 100009" in text


@pytest.mark.parametrize(
    ("name", "refill", "days"),
    [
        ("TK2 TikTok Followers (100/50k) {1k/hr} [R30]", True, 30),
        ("TikTok Followers R~15", True, 15),
        ("TikTok Followers [AR60]", True, 60),
        ("TikTok Followers | 90 Days Refill", True, 90),
        ("TikTok Followers (Refill: 30 Days)", True, 30),
        ("TikTok Followers Lifetime Guaranteed", True, FOREVER),
        ("TikTok Followers | REFILL Button Enabled", True, None),
        ("TikTok Followers [NR]", False, None),
        ("TikTok Followers | No Refill", False, None),
        ("TikTok Followers Non-Refill", False, None),
        ("TikTok Followers", None, None),
    ],
)
def test_how_long_a_service_is_guaranteed_is_read_from_its_name(
    name: str, refill: bool | None, days: int | None
) -> None:
    traits = read_traits(name)
    assert (traits.refill, traits.refill_days) == (refill, days)


@pytest.mark.parametrize(
    ("name", "seconds", "speed"),
    [
        ("Facebook Live [2 Hours] 5k-10K/Day", 7200, 10_000),
        ("X Tweet Views | 100M/Day", None, 100_000_000),
        ("YouTube Likes 2K/H", None, 48_000),
        ("Instagram Likes Start: 0-10 Minutes {500/h}", None, 12_000),
        ("Facebook Views (3 sec)", 3, None),
        ("YouTube Views 1.5k per day", None, 1_500),
    ],
)
def test_how_long_and_how_fast_are_read_from_a_name(name: str, seconds: int | None, speed: int | None) -> None:
    traits = read_traits(name)
    assert (traits.lasts, traits.speed) == (seconds, speed)


def test_fancy_letters_and_capitals_are_the_same_words() -> None:
    assert similarity("𝐇𝐐 𝐑𝐄𝐀𝐋 Likes", "hq real LIKES") == 100
    assert similarity("", "") == 100
    assert similarity("Likes", "Views") == 0


def test_each_of_six_thousand_services_finds_its_twin() -> None:
    """Comparing every row with every other would not end before the owner has gone."""
    platforms = ("Instagram", "TikTok", "YouTube", "Facebook", "Telegram")
    goods = ("Followers", "Likes", "Views", "Comments", "Shares")
    places = ("Brazil", "India", "Egypt", "Worldwide")
    names = [f"{a} {b} {c} R{days}" for a, b, c, days in product(platforms, goods, places, range(1, 61))]
    found = suggest(offer(name, provider) for provider in ("alpha", "bravo") for name in names)
    assert len(names) == len(found) == 6000
    assert all(one.name == other.name for one, other in (group.offers for group in found))


def test_a_catalogue_of_one_name_is_compared_in_so_many_pairs_and_no_more() -> None:
    """Every two of 4,000 would be eight million; those that are alike in price lie near each other."""
    asked = count()
    offers = [
        offer("Instagram Followers", provider, f"{1 + number / 10000:.4f}")
        for number in range(2000)
        for provider in ("alpha", "bravo")
    ]
    found = suggest(offers, wanted=lambda: next(asked) >= 0)
    assert next(asked) <= len(offers) + MOST_PAIRS
    assert len(found) > 1000
    assert all(one.score >= 95 for one in found[:1000])


def test_what_nobody_waits_for_is_given_up_at_once() -> None:
    left = iter([True] * 10)
    with pytest.raises(GivenUp):
        suggest([offer("Instagram Followers", f"p{n}") for n in range(100)], wanted=lambda: next(left, False))
