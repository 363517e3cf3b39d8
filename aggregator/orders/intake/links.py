"""What a link is: an address, free text or a slip; and when two mean one page (providers/PROTOCOL.md, "Links")."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

TRACKING = frozenset(
    {"igsh", "igshid", "fbclid", "gclid", "si", "feature", "ref", "ref_src", "s", "t", "is_from_webapp"}
)
"""Parameters that say who shared a link, not what it shows; all that begin with utm_ as well."""
SLIPS = frozenset(
    {
        "undefined",
        "null",
        "none",
        "nan",
        "link",
        "{link}",
        "{{link}}",
        "<link>",
        "[object object]",
        "http://",
        "https://",
    }
)
"""What programs send where they had nothing to send, and what stands in examples."""
_NAME = r"(?:[^\W_](?:[\w-]{0,62}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]"
_NUMBERS = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-f:.]+\]"
_HOST = re.compile(f"{_NAME}|{_NUMBERS}")
SAME_HOSTS = ("www.", "m.", "mobile.")


def is_slip(link: str) -> bool:
    """Whether it is surely no link of anything: a word that stands for nothing, or a single character."""
    text = link.strip()
    return len(text) == 1 or text.casefold() in SLIPS


def is_address(link: str) -> bool:
    """Whether it can be the address of a page: a host with a dot in it, or a number's, with or without its scheme."""
    text = link.strip()
    if re.search(r"\s", text):
        return False
    scheme, mark, rest = text.partition("://")
    if mark and scheme.lower() not in ("http", "https"):
        return False
    host = re.split(r"[/?#]", rest if mark else text, maxsplit=1)[0].rpartition("@")[2]
    name = host if host.startswith("[") else host.partition(":")[0]
    return _HOST.fullmatch(name.casefold()) is not None


def link_key(link: str) -> str:
    """Equal for links that differ in case of the host, www., tracking, a trailing slash or a leading @."""
    text = link.strip()
    if "://" not in text:
        bare = text.removeprefix("@").rstrip("/")
        return bare if "." in bare else bare.casefold()
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return text
    for prefix in SAME_HOSTS:
        host = host.removeprefix(prefix)
    page = host + parts.path.rstrip("/")
    if not parts.query:
        return page
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _tracks(name)]
    return f"{page}?{urlencode(query)}" if query else page


def _tracks(name: str) -> bool:
    return name.lower() in TRACKING or name.lower().startswith("utm_")
