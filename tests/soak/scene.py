"""The panel of a soak and its five providers, with catalogues as long and as varied as real ones."""

from __future__ import annotations

from itertools import count, islice
from random import Random

from tests.chaos.stage import Scene
from tests.chaos.upstreams import Recipe
from tests.soak.doors import Door, Flooding, HangingUp, Slow

PROVIDERS = {"well": Door, "slow": Slow, "hangs": Door, "closes": HangingUp, "floods": Flooding}
"""What hangs is told so itself."""
MERGED = 10
"""Services that all providers offer, under ids of ours."""
IMPORTED = 100_001
"""The first id of what is sold as it comes."""
PANEL = """
[panel]
sign_up = "invite"
[database]
url = "{database}"
[cache]
url = "{cache}"
[limits]
requests_per_second = 100
burst = 400
[pace]
poll_seconds = 5
confirm_seconds = 1
sync_seconds = 15
add_timeout_seconds = 2
settle_seconds = 3
breaker_seconds = 5
give_up_seconds = 60
"""
ENTRY = """
[[provider]]
name = "{name}"
url = "http://127.0.0.1:{port}/api/v2"
key = "sandbox"
preset = "{preset}"
requests_per_second = 20
burst = 40
parallel = 8
timeout_seconds = 2
"""
_NETWORKS = (
    "Instagram",
    "TikTok",
    "YouTube",
    "Telegram",
    "Facebook",
    "X",
    "Spotify",
    "Twitch",
    "LinkedIn",
    "Threads",
    "Discord",
    "SoundCloud",
    "Pinterest",
    "Kick",
    "VK",
    "Snapchat",
)
_THINGS = (
    "Followers",
    "Likes",
    "Views",
    "Comments",
    "Shares",
    "Saves",
    "Story Views",
    "Reels Plays",
    "Live Viewers",
    "Members",
    "Subscribers",
    "Reactions",
    "Votes",
    "Plays",
    "Watch Hours",
    "Reposts",
)
_QUALITIES = ("Real", "HQ", "Premium", "Bot", "Mixed", "Old Accounts", "Organic", "Verified", "Female", "Aged 2018+")
_PLACES = ("Worldwide", "USA", "Brazil", "Türkiye", "India", "Deutschland", "العربية", "Россия", "Indonesia", "México")
_REFILLS = ("No Refill", "R30", "♻️ 30 Days Refill", "R365", "Lifetime ♻️", "90D Refill Button")
_SPEEDS = ("Instant", "0-1 Hour Start", "Day 5K", "⚡ 50K/Day", "Slow Drip", "Speed: 100K per day")
_FORMS = (
    "{network} {thing} | {place} | {quality} | {refill} | {speed}",
    "⭐ {network} {thing} [{quality}] [{refill}] ⚡ {speed}",
    "{network} - {thing} ~ {quality} ~ {place} ~ {speed} ~ {refill}",
    "{thing} {network} {place} ({quality}) {refill}",
    "🔥 {quality} {network} {thing} 〖{speed}〗 〖{refill}〗 {place}",
)
"""How a provider writes its names: each has its own habit."""


def scene(seed: int, rows: int) -> Scene:
    """Always the same for a seed; so many rows for each provider."""
    recipes = {
        name: Recipe("classic", "perfectpanel", {}, catalogue(seed, place, rows), door)
        for place, (name, door) in enumerate(PROVIDERS.items())
    }
    return Scene(recipes, PANEL, services(), "[default]\npercent = 17\n", ENTRY, cuts=False)


def catalogue(seed: int, place: int, rows: int) -> list[dict[str, object]]:
    """What a provider lists: mostly what the others list, in its own words and at its own rates."""
    return [_row(seed, place, service) for service in islice(count(1), rows)]


def services(extra: int = 0) -> str:
    """services.toml, with so many services more of a single offer."""
    merged = (_service(number, list(PROVIDERS)) for number in range(1, MERGED + 1))
    single = (_service(number, ["well"]) for number in range(MERGED + 1, MERGED + 1 + extra))
    return "import_rest = true\n" + "".join([*merged, *single])


def _service(number: int, providers: list[str]) -> str:
    offers = ", ".join(f'"{provider}:{number}"' for provider in providers)
    return f'[[service]]\nid = {number}\nname = "Ours {number}"\ncategory = "Ours"\noffers = [{offers}]\n'


def _row(seed: int, place: int, service: int) -> dict[str, object]:
    thing, own = Random(f"{seed}:{service}"), Random(f"{seed}:{place}:{service}")
    network = thing.choice(_NETWORKS)
    parts = {
        "network": network,
        "thing": thing.choice(_THINGS),
        "quality": thing.choice(_QUALITIES),
        "place": thing.choice(_PLACES),
        "refill": own.choice(_REFILLS),
        "speed": own.choice(_SPEEDS),
    }
    cents = thing.randint(5, 900) * own.randint(80, 120)
    return {
        "service": service,
        "name": _FORMS[place % len(_FORMS)].format(**parts),
        "type": "Default",
        "category": f"{network} {parts['thing']} {parts['place']}",
        "rate": f"{cents // 10_000}.{cents % 10_000:04}",
        "min": "10",
        "max": str(own.choice((10_000, 50_000, 100_000, 1_000_000))),
        "refill": own.random() < 0.5,
        "cancel": own.random() < 0.3,
        "dripfeed": own.random() < 0.3,
    }
