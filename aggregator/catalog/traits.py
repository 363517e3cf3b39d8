"""Reads from a service's name what it is: the platform, what is sold there, to whom, and how long it is guaranteed."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from msgspec import Struct

from aggregator.catalog import lexicon
from aggregator.catalog.lexicon import DECORATION, Word

_WORD = re.compile(r"[^\W_]+")
_FLAG = re.compile(r"[\U0001F1E6-\U0001F1FF]{2}")
_FIRST_FLAG_LETTER = 0x1F1E6
_APOSTROPHES = re.compile(r"['\u2019`\u00B4]")
_NO_REFILL = re.compile(r"\b(?:no|non|not|without|zero) ?-?(?:refill|guarantee|warranty)\w*|\bn/?r\b")
_LIFETIME = re.compile(r"\blife ?-?time\b")
_REFILL = re.compile(r"refill|guarant|warrant|\bar?\d{1,3}d?\b|[\[({]r[\])}]")
_DAYS = re.compile(
    r"\b(?:a?r ?[~-]? ?(\d{1,3})d?\b|(\d{1,3}) ?-?(?:d|days?) ?-?(?:auto ?-?)?(?:refill|guarant|warrant|r\b)"
    r"|(?:refill|guarantee|warranty)\w*\W{0,4}(\d{1,3}) ?-?d)"
)
_LASTS = re.compile(r"(?<![\d/.+-])(\d{1,4}) ?-? ?(s|secs?|seconds?|mins?|minutes?|h|hrs?|hours?)\b(?! ?start)")
_POSTS = re.compile(
    r"\b(?:last|latest|future|next)\W{0,3}(\d{1,4})\b|(?<![\d/.])(\d{1,4}) (?:last |latest |future )?posts?\b"
)
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_SPEED = re.compile(r"(\d+(?:\.\d+)?) ?([km]?) ?\+? ?(?:/|per|a|-) ?(d|day|h|hr|hour)\b")
_SCALE = {"": 1, "k": 1_000, "m": 1_000_000}
_PICTURE = re.compile(r"[\u2600-\u27BF\U0001F300-\U0001FAFF]")
_SHOWS_FEELINGS = frozenset({"reactions", "likes"})
_CODE = re.compile(r"[a-z]{1,4}\d{1,4}|\d+(?:[km]|st|nd|rd|th)?|\d+[a-z]{1,4}|[a-z]")
FOREVER = 0
"""Days of a guarantee that never ends."""


class Traits(Struct, frozen=True, kw_only=True):
    """What a name says; empty or None where it says nothing."""

    platforms: frozenset[str]
    goods: frozenset[str]
    places: frozenset[str]
    """Countries, regions and languages; empty = from anywhere."""
    senses: frozenset[str]
    """What sets it apart from others of its platform and good: story, live, female, custom, ..."""
    qualities: frozenset[str]
    rest: frozenset[str]
    """Words nobody here knows: they may mean anything."""
    refill: bool | None
    refill_days: int | None
    """`FOREVER`, or a number of days; None = not said."""
    lasts: int | None
    """Seconds that a viewer stays, a stream is watched."""
    speed: int | None
    """Units a day."""


@lru_cache(maxsize=32_768)
def read_traits(name: str, category: str = "") -> Traits:
    """Read a name; its category tells the platform where the name does not."""
    text = fold(name)
    said = _sort(text)
    platforms = said[Word.PLATFORM] or said[Word.WEAK_PLATFORM] or _sort(fold(category))[Word.PLATFORM]
    if said[Word.GOOD] & _SHOWS_FEELINGS:
        said[Word.SENSE] |= set(_PICTURE.findall(text)) - DECORATION
    said[Word.SENSE] |= {f"{found[1] or found[2]} posts" for found in _POSTS.finditer(text)}
    refill, days = _read_refill(text)
    return Traits(
        platforms=frozenset(platforms),
        goods=frozenset(said[Word.GOOD]),
        places=frozenset(said[Word.PLACE]),
        senses=frozenset(said[Word.SENSE]),
        qualities=frozenset(said[Word.QUALITY]),
        rest=frozenset(said[Word.OTHER]),
        refill=refill,
        refill_days=days,
        lasts=_read_lasts(text),
        speed=_read_speed(text),
    )


def fold(text: str) -> str:
    """One spelling for fancy letters and capitals; a flag becomes the code of its country."""
    plain = _FLAG.sub(lambda found: f" flag{_code(found[0])} ", text)
    return _APOSTROPHES.sub("", unicodedata.normalize("NFKC", plain).casefold())


def similarity(one: str, other: str) -> int:
    """How many of their words two names share, 0 to 100; 100 where neither has any."""
    words, others = set(_WORD.findall(fold(one))), set(_WORD.findall(fold(other)))
    count = len(words) + len(others)
    return 200 * len(words & others) // count if count else 100


def _code(flag: str) -> str:
    return "".join(chr(ord(letter) - _FIRST_FLAG_LETTER + ord("a")) for letter in flag)


def _sort(text: str) -> dict[Word, set[str]]:
    """The words of a folded text by what they are, phrases before single words."""
    found: dict[Word, set[str]] = {kind: set() for kind in Word}
    words = _WORD.findall(text)
    at = 0
    while at < len(words):
        for length in range(min(lexicon.LONGEST, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + length])
            known = lexicon.MEANINGS.get(phrase)
            if known is not None or length == 1:
                for kind, meaning in known or [_unknown(phrase)]:
                    found[kind].add(meaning)
                at += length
                break
    return found


def _unknown(word: str) -> tuple[Word, str]:
    return (Word.NOISE if _CODE.fullmatch(word) else Word.OTHER), word


def _read_refill(text: str) -> tuple[bool | None, int | None]:
    if _NO_REFILL.search(text):
        return False, None
    if days := _DAYS.search(text):
        return True, int(days[1] or days[2] or days[3])
    if _LIFETIME.search(text):
        return True, FOREVER
    return (True if _REFILL.search(text) else None), None


def _read_lasts(text: str) -> int | None:
    found = _LASTS.search(text)
    return int(found[1]) * _SECONDS[found[2][0]] if found else None


def _read_speed(text: str) -> int | None:
    found = _SPEED.search(text)
    if found is None:
        return None
    a_day = int(_as_whole(found[1]) * _SCALE[found[2]]) // 100
    return a_day * 24 if found[3].startswith("h") else a_day


def _as_whole(number: str) -> int:
    """Hundredths of a plain number."""
    whole, _, part = number.partition(".")
    return int(whole) * 100 + int(f"{part}00"[:2])
