"""What each field of a request means, and which of them each action and order type takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from aggregator.api.fields import LONGEST_REQUEST_ID, MOST_IDS
from aggregator.api.wire import LONGEST_KEY, Action
from aggregator.orders.intake.types import DELAYS, LONGEST_INTERVAL, LONGEST_LINK, TypeFields, taken_by
from providers.vocabulary import ServiceType


class Field(Struct, frozen=True):
    """A field for whoever has to fill it in."""

    kind: str
    """"integer", "text", "string" (a text that no JSON number stands for), "lines" (one entry a line) or "ids" (a list,
    or text with commas)."""
    text: str
    longest: int | None = None
    """Characters, of a text."""


_LISTED = "Each is answered as it was asked, also where there is only one."
FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "key": Field("text", "Your API key.", LONGEST_KEY),
        "action": Field("text", "What to do."),
        "service": Field("integer", "The id of the service, from the list of services."),
        "link": Field("string", "The page, post, video or channel to deliver to.", LONGEST_LINK),
        "quantity": Field("integer", "Units; of a drip-feed those of one run."),
        "runs": Field("integer", "Of a drip-feed: how many times the quantity is delivered."),
        "interval": Field("integer", f"Of a drip-feed: minutes between two runs, up to {LONGEST_INTERVAL}."),
        "request_id": Field(
            "text",
            f"Yours, new for each order, at most {LONGEST_REQUEST_ID} bytes. Sent again, it returns the first order.",
        ),
        "custom_id": Field(
            "text", "As request_id, except that another order may have it too: only the same order is recognised."
        ),
        "comments": Field("lines", "The comments or replies, one a line."),
        "keywords": Field("lines", "The words to be found by, one a line."),
        "usernames": Field("lines", "User names, one a line."),
        "hashtags": Field("lines", "Hashtags, one a line."),
        "groups": Field("lines", "Groups to invite from, one a line."),
        "hashtag": Field("text", "The hashtag whose users are mentioned.", LONGEST_LINK),
        "username": Field("text", "A user name.", LONGEST_LINK),
        "media": Field("text", "The post whose likers are mentioned.", LONGEST_LINK),
        "answer_number": Field("text", "Which answer of the poll gets the votes.", LONGEST_LINK),
        "country": Field("text", "A country code such as US, or WW for all.", LONGEST_LINK),
        "device": Field("text", "1 desktop, 2 Android, 3 iOS, 4 any mobile, 5 any of them.", LONGEST_LINK),
        "type_of_traffic": Field(
            "text", "1 from Google (with google_keyword), 2 from a page (with referring_url), 3 directly.", LONGEST_LINK
        ),
        "google_keyword": Field("text", "What the visitor searched for.", LONGEST_LINK),
        "referring_url": Field("text", "The page that the visitor comes from.", LONGEST_LINK),
        "min": Field("integer", "The fewest units a post."),
        "max": Field("integer", "The most units a post; what is charged."),
        "posts": Field("integer", "How many coming posts: 0 beside old_posts is none, no number is this panel's own."),
        "old_posts": Field("integer", "How many posts that exist already."),
        "delay": Field("integer", f"Minutes from a post to its delivery: {', '.join(map(str, sorted(DELAYS)))}."),
        "expiry": Field("text", "The last day, as 31/12/2030."),
        "order": Field("integer", "The id of an order: answered for itself, or by an error alone."),
        "orders": Field("ids", f"Up to {MOST_IDS} ids of orders, with commas between them. {_LISTED}"),
        "refill": Field("integer", "The id of a refill: answered for itself, or by an error alone."),
        "refills": Field("ids", f"Up to {MOST_IDS} ids of refills, with commas between them. {_LISTED}"),
    }
)

_NOTHING = TypeFields((), ())
_ONE_OR_MANY = TypeFields((), ("order", "orders"))
_ACTIONS: Mapping[Action, TypeFields] = MappingProxyType(
    {
        Action.SERVICES: _NOTHING,
        Action.BALANCE: _NOTHING,
        Action.ORDERS: _NOTHING,
        Action.STATUS: _ONE_OR_MANY,
        Action.REFILL: _ONE_OR_MANY,
        Action.CANCEL: _ONE_OR_MANY,
        Action.REFILL_STATUS: TypeFields((), ("refill", "refills")),
    }
)
_ANY_ORDER = ("request_id", "custom_id")
SOLD = tuple(kind for kind in ServiceType if kind is not ServiceType.UNSUPPORTED)
"""The types that an order can be of."""


def taken_by_action(action: Action) -> TypeFields:
    """The fields of every action but `add`, besides key and action; of two optional ones either will do."""
    return _ACTIONS[action]


def taken_by_add(kind: ServiceType) -> TypeFields:
    """The fields of an `add` for a service of this type, besides key and action."""
    taken = taken_by(kind)
    return TypeFields(("service", *taken.needed), (*taken.optional, *_ANY_ORDER))
