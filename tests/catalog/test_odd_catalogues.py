"""Catalogues as real panels publish them: what is odd in them is mended, or not sold, and never sold wrongly."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from aggregator.catalog.shelf.shelf import NOBODY, Shelf, ShelfService
from providers.sandbox import Sandbox
from tests.catalog.panels import panel_over

PLAIN = {"name": "Followers", "type": "Default", "category": "Instagram", "rate": "1.00", "min": "10", "max": "1000"}
FX = "[default]\npercent = 25\n[fx]\nVND = 0.00004\n"


async def shelf_of(folder: Path, database_url: str, rows: list[dict[str, Any]], *, currency: str = "USD") -> Shelf:
    """What a panel sells whose only provider publishes these rows."""
    sandbox = Sandbox(catalogue=[{**PLAIN, "service": number, **row} for number, row in enumerate(rows, start=1)])
    sandbox._panel.currency = currency
    async with panel_over(folder, database_url, {"alpha": sandbox}, markup=FX) as panel:
        await panel.syncer.sync("alpha")
        await panel.look()
        return panel.prices.shelf


async def only(folder: Path, database_url: str, row: dict[str, Any], **told: str) -> ShelfService:
    (service,) = await shelf_of(folder, database_url, [row], **told)
    return service


RATES = [
    (Decimal("0.24000000000000002"), "0.24"),
    (Decimal("3.7199999999999998"), "3.72"),
    (Decimal("7.000000000000001"), "7"),
    ("0.0001", "0.0001"),
    ("1604.295", "1604.295"),
    ("16695.6000", "16695.6"),
    (3, "3"),
]


async def test_a_rate_is_read_to_its_last_digit_and_no_further(tmp_path: Path, fresh_sqlite: str) -> None:
    """Binary noise is taken off; cheap and dear services keep what was written."""
    made = await shelf_of(tmp_path, fresh_sqlite, [{"rate": rate} for rate, _ in RATES])
    assert [str(service.price(NOBODY).cost) for service in made] == [cost for _, cost in RATES]


UNSOLD: list[tuple[dict[str, Any], str]] = [
    ({"rate": 99_999_999}, "placeholder price"),
    ({"rate": "99999999"}, "placeholder price"),
    ({"rate": 60_000}, "placeholder price"),
    ({"rate": 0}, "no price"),
    ({"rate": "-1"}, "no price"),
    ({"rate": None}, "no price"),
    ({"rate": "1e3"}, "no price"),
    ({"rate": "NaN"}, "no price"),
    ({"min": "5000", "max": "100"}, "min above max"),
    ({"min": "many"}, "unreadable limits"),
    ({"name": "----- VIP -----", "type": "Package", "rate": "1"}, "separator"),
    ({"name": "★★★★"}, "separator"),
    ({"name": "Read before ordering"}, "separator"),
    ({"type": "teleport"}, "unsupported type"),
]


async def test_a_row_that_cannot_be_sold_says_why_and_takes_none_with_it(tmp_path: Path, fresh_sqlite: str) -> None:
    made = await shelf_of(tmp_path, fresh_sqlite, [*(odd for odd, _ in UNSOLD), {}])
    assert [service.name for service in made] == ["Followers"]
    for (odd, reason), told in zip(UNSOLD, made.unsold.values(), strict=True):
        assert reason in told, odd


async def test_names_and_descriptions_are_plain_text(tmp_path: Path, database_url: str) -> None:
    service = await only(
        tmp_path,
        database_url,
        {
            "name": "Channel(61) -\r\n<b>Gi\u00e1 r\u1ebb</b> &amp; nhanh \u202eevil",
            "category": " Facebook | <i>Live</i>\u0000 ",
            "description": "<p>Start: 0-1h</p>\r\n- R30 &lt;3<br/>- real \u2714",
        },
    )
    assert service.name == "Channel(61) - Giá rẻ & nhanh evil"
    assert service.category == "Facebook | Live"
    assert service.description.split("\n") == ["Start: 0-1h", "", "- R30 <3", "- real ✔"]


TYPES = {
    "default": "Default",
    "custom_comments": "Custom Comments",
    "Custom Comment": "Custom Comments",
    "custom-comments-package": "Custom Comments Package",
    "MENTIONS_USER_FOLLOWERS": "Mentions User Followers",
    "comment_likes": "Comment Likes",
    "poll": "Poll",
    None: "Default",
}


async def test_a_type_is_known_in_any_spelling(tmp_path: Path, fresh_sqlite: str) -> None:
    made = await shelf_of(tmp_path, fresh_sqlite, [{"type": written, "min": 1, "max": 1} for written in TYPES])
    assert [service.type for service in made] == list(TYPES.values())


async def test_flags_written_as_text_are_read_by_their_meaning(tmp_path: Path, fresh_sqlite: str) -> None:
    """The word "false" is not true."""
    service = await only(tmp_path, fresh_sqlite, {"refill": "true", "cancel": "false", "dripfeed": "0"})
    terms = service.terms(NOBODY)
    assert (terms.refill, terms.cancel, terms.dripfeed) == (True, False, False)


async def test_rates_in_dong_are_sold_in_dollars(tmp_path: Path, database_url: str) -> None:
    """880 dongs with 2 percent for the exchange, 25 percent for us, rounded up to what can be published."""
    service = await only(tmp_path, database_url, {"rate": 880}, currency="VND")
    price = service.price(NOBODY)
    assert (str(price.cost), str(price.rate)) == ("0.035904", "0.0449")


LIMITS: list[tuple[dict[str, Any], tuple[int, int]]] = [
    ({"min": "1", "max": 2147483647}, (1, 2147483647)),
    ({"min": 0, "max": 0}, (1, 2147483647)),
    ({"min": "10 ", "max": "10,000"}, (10, 10_000)),
    ({"min": 10, "max": "10000000000"}, (10, 10_000_000_000)),
]


async def test_limits_are_read_as_they_are_meant(tmp_path: Path, fresh_sqlite: str) -> None:
    made = await shelf_of(tmp_path, fresh_sqlite, [written for written, _ in LIMITS])
    found = [service.terms(NOBODY) for service in made]
    assert [(terms.minimum, terms.maximum) for terms in found] == [limits for _, limits in LIMITS]


async def test_a_hundred_odd_rows_are_each_sold_or_explained(tmp_path: Path, database_url: str) -> None:
    """Every row of a mixed catalogue is on the shelf with a price above its cost, or off it with a reason."""
    oddities: list[dict[str, Any]] = [
        {},
        {"rate": Decimal("0.10000000000000001")},
        {"rate": 99_999_999},
        {"min": 9, "max": 8},
        {"name": "======"},
        {"type": "custom_comments"},
        {"type": "Package", "rate": "4.99", "min": 1, "max": 1},
        {"rate": "0.0000001"},
        {"name": "日本 フォロワー 🔥"},
        {"max": 0},
    ]
    made = await shelf_of(tmp_path, database_url, oddities * 10)
    assert (len(made), len(made.unsold)) == (70, 30)
    assert set(made.unsold) | {service.id for service in made} == set(range(100_001, 100_101))
    for service in made:
        price = service.price(NOBODY)
        assert price.rate.units > price.cost.units
