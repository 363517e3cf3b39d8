"""The feed of changes of our shelf as programs read it: JSON, and Atom for readers of news."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

from aggregator.catalog.news.news import NewsKind
from aggregator.catalog.news.news_store import ToldNews
from aggregator.settings import PanelSettings
from pricing.money import print_units

WORDS = {
    NewsKind.NEW: "New",
    NewsKind.BACK: "Back",
    NewsKind.GONE: "Gone",
    NewsKind.DEARER: "Dearer",
    NewsKind.CHEAPER: "Cheaper",
}
_ATOM = "http://www.w3.org/2005/Atom"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(panel: PanelSettings, news: Sequence[ToldNews]) -> bytes:
    """An array, newest first; rates as numbers, for 1,000 or for one package (`per`)."""
    rows = [
        {
            "id": one.id,
            "at": _moment(one.at),
            "kind": one.kind,
            "service": one.service,
            "name": one.name,
            "before": _number(one.before),
            "now": _number(one.now),
            "per": one.rate_per,
            "currency": panel.currency,
        }
        for one in news
    ]
    return msgspec.json.encode(rows)


def as_atom(panel: PanelSettings, news: Sequence[ToldNews]) -> bytes:
    """An Atom feed, an entry a change."""
    address = f"{panel.public_url}/services/changes"
    feed = Element("feed", xmlns=_ATOM)
    _add(feed, "title", f"{panel.name}: services and prices")
    _add(feed, "id", address)
    SubElement(feed, "link", href=address)
    SubElement(feed, "link", rel="self", href=f"{address}.atom")
    _add(feed, "updated", _moment(news[0].at if news else 0))
    _add(SubElement(feed, "author"), "name", panel.name)
    for one in news:
        entry = SubElement(feed, "entry")
        _add(entry, "title", f"{WORDS[one.kind]}: {one.name}")
        _add(entry, "id", f"{address}#{one.id}")
        SubElement(entry, "link", href=f"{panel.public_url}/services?q={one.service}")
        _add(entry, "updated", _moment(one.at))
        _add(entry, "content", f"{one.service} · {one.name} · {_told(one, panel.currency)}")
    return bytes(tostring(feed, encoding="utf-8", xml_declaration=True))


def _told(one: ToldNews, currency: str) -> str:
    rates = [print_units(rate, 2) for rate in (one.before, one.now) if rate is not None]
    return f"{' -> '.join(rates)} {currency} {'per 1,000' if one.rate_per != 1 else 'per package'}"


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _NO_XML.sub("", text)


def _number(units: int | None) -> msgspec.Raw | None:
    return None if units is None else msgspec.Raw(print_units(units).encode())


def _moment(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
