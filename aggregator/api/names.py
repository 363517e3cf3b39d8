"""The fields of a request, and the other names under which clients send them."""

from __future__ import annotations

from types import MappingProxyType

from aggregator.orders.intake.types import DRIP_FEED, IDS, LINES

ALIASES = MappingProxyType(
    {
        "api_key": "key",
        "apikey": "key",
        "api_token": "key",
        "answers_number": "answer_number",
        "comment_username": "username",
        "comment": "comments",
        "customComments": "comments",
        "custom_comments": "comments",
    }
)
SEVERAL = LINES | {"orders", "refills"}
"""Fields that may be given more than once, or over several lines."""
NUMBERS = (
    IDS
    | DRIP_FEED
    | {
        "service",
        "quantity",
        "min",
        "max",
        "posts",
        "old_posts",
        "delay",
        "answer_number",
        "device",
        "type_of_traffic",
    }
)
"""Fields in which a word can only be the slip of a program that had no number to send."""
KNOWN = (
    LINES
    | IDS
    | DRIP_FEED
    | {
        "action",
        "service",
        "link",
        "quantity",
        "request_id",
        "custom_id",
        "username",
        "hashtag",
        "media",
        "answer_number",
        "country",
        "device",
        "type_of_traffic",
        "google_keyword",
        "referring_url",
        "min",
        "max",
        "posts",
        "old_posts",
        "delay",
        "expiry",
    }
)


def canonical(name: str) -> str:
    """The standard name of a field; a name that nobody knows stays as it is."""
    return ALIASES.get(name, name)
