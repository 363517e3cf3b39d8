"""Charts as SVG whose colours are the page's own: pygal draws, panel.css paints."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, datetime

import pygal
from markupsafe import Markup

from aggregator.orders.settling.daily_totals import Day
from pricing.money import SCALE, print_units

# pygal leaves an importer for its old plugins behind, of a kind that Python warns of whenever a module is missing.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

_SVG = "{http://www.w3.org/2000/svg}"
_DROPPED = {f"{_SVG}{name}" for name in ("defs", "script", "style", "title", "desc")}
WIDTH, HEIGHT = 760, 230


def days(found: Sequence[Day]) -> Markup:
    """A column a day: what its orders cost, and the profit upon it."""
    chart = pygal.StackedBar(
        width=WIDTH,
        height=HEIGHT,
        margin=4,
        spacing=18,
        show_legend=False,
        css=[],
        js=[],
        no_prefix=True,
        print_values=False,
        max_scale=5,
        min_scale=3,
        x_label_rotation=0,
        truncate_label=-1,
        value_formatter=_short,
        show_minor_x_labels=False,
        margin_right=_room(found),
    )
    chart.x_labels = [_date(day.start) for day in found]
    chart.x_labels_major = [_date(day.start) for day in found[:: max(1, len(found) // 7)]]
    chart.add("Cost", [_point(day.cost, "cost", day) for day in found])
    chart.add("Profit", [_point(day.profit, "profit", day) for day in found])
    return _as_ours(chart.render())


def _point(units: int, what: str, day: Day) -> dict[str, object]:
    # Pixels, not money: the table behind has every digit.
    return {"value": units / SCALE, "label": f"{_date(day.start)}: {what} {print_units(units, 2)}"}


def _date(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{at.day} {at:%b}"


def _room(found: Sequence[Day]) -> int:
    """Pixels at the right for the labels of the axis, which stands there: on a phone one sees the newest days first."""
    most = max((max(day.revenue, day.cost) for day in found), default=0)
    return 20 + 7 * max(4, len(f"{most // SCALE:,}"))


def _short(value: object) -> str:
    return f"{value:,.2f}".removesuffix(".00") if isinstance(value, int | float) else ""


def _as_ours(svg: str) -> Markup:
    """Without pygal's styles and scripts, which our policy would refuse, and with what a pointer is told as titles."""
    root = ET.fromstring(svg)  # noqa: S314  # drawn by ourselves a moment ago
    ET.register_namespace("", "http://www.w3.org/2000/svg")
    root.attrib.pop("id", None)
    root.set("aria-hidden", "true")
    _put_axis_at_the_right(root)
    for element in list(root.iter()):
        label = next((child.text for child in element if child.get("class") == "label"), None)
        for child in [child for child in element if _is_unwanted(child)]:
            element.remove(child)
        if label:
            ET.SubElement(element, f"{_SVG}title").text = label
        # Of its names, some mean something else on our pages, as .bar does.
        element.set("class", " ".join(f"c-{name}" for name in element.get("class", "").split()))
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704  # texts are escaped by the writer of XML


def _put_axis_at_the_right(root: ET.Element) -> None:
    """Beside the ends of its lines, whose paths read "M0 12 h716.000"."""
    for guide in root.iterfind(f".//{_SVG}g[@class='guides']"):
        line, label = guide.find(f"{_SVG}path"), guide.find(f"{_SVG}text")
        _, across, length = (line.get("d", "") if line is not None else "").partition("h")
        if across and label is not None:
            label.set("x", str(int(length.partition(".")[0]) + 12))


def _is_unwanted(element: ET.Element) -> bool:
    return element.tag in _DROPPED or "overlay" in element.get("class", "")
