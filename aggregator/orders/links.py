"""When two links mean the same page: the form that equal links share (providers/PROTOCOL.md, "Links")."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

TRACKING = frozenset(
    {"igsh", "igshid", "fbclid", "gclid", "si", "feature", "ref", "ref_src", "s", "t", "is_from_webapp"}
)
"""Parameters that say who shared a link, not what it shows; all that begin with utm_ as well."""
SAME_HOSTS = ("www.", "m.", "mobile.")


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
