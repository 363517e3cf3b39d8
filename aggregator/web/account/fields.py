"""How the fields of an order are asked for on a page."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace


class Field(Struct, frozen=True):
    label: str
    hint: str = ""
    kind: str = "line"
    """"line", "lines" or "number"."""


FIELDS: dict[str, Field] = {
    "link": Field("Link", "The address of the page, post or profile; it must be public."),
    "quantity": Field("Quantity", kind="number"),
    "comments": Field("Comments", "One a line. As many are delivered as there are lines.", "lines"),
    "usernames": Field("User names", "One a line.", "lines"),
    "hashtags": Field("Hashtags", "One a line.", "lines"),
    "keywords": Field("Keywords", "One a line.", "lines"),
    "groups": Field("Groups", "One a line.", "lines"),
    "username": Field("User name"),
    "hashtag": Field("Hashtag"),
    "media": Field("Media", "The address of the post whose likers are mentioned."),
    "answer_number": Field("Number of the answer", kind="number"),
    "min": Field("Least for each post", kind="number"),
    "max": Field("Most for each post", kind="number"),
    "delay": Field("Delay, minutes", "0, 5, 10, 15, 30, 60, 90, ... 600", "number"),
    "posts": Field("New posts", "How many are charged and served; empty: {open_posts}.", "number"),
    "old_posts": Field("Old posts", "How many of those that are there already.", "number"),
    "expiry": Field("Ends on", "A date such as 31/12/2030."),
    "runs": Field("Runs", "The quantity is delivered so many times, as a drip-feed.", "number"),
    "interval": Field("Minutes between two runs", kind="number"),
    "country": Field("Country", "Two letters, such as US, or WW for everywhere."),
    "device": Field("Device", "1 desktop, 2 Android, 3 iOS, 4 mixed, 5 mobile."),
    "type_of_traffic": Field("Kind of traffic", "1 from Google, 2 from a site, 3 without a referrer."),
    "google_keyword": Field("Google keyword", "For traffic from Google."),
    "referring_url": Field("Referring address", "For traffic from a site."),
}


def field(name: str, *, open_posts: int) -> Field:
    """What is known of a field; one that nobody knows is asked for by its name."""
    known = FIELDS.get(name) or Field(name.replace("_", " ").capitalize())
    return replace(known, hint=known.hint.format(open_posts=open_posts))
