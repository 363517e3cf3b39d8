"""What stands in the menu of each role."""

from __future__ import annotations

from msgspec import Struct

from aggregator.people.model import Role


class Item(Struct, frozen=True):
    """A line of the menu; `icon` is a name in templates/icons.html."""

    text: str
    path: str
    icon: str


PUBLIC = (Item("Services", "/services", "list"), Item("API", "/api", "code"))

MENU: dict[Role, tuple[Item, ...]] = {
    Role.RESELLER: (
        Item("Home", "/home", "home"),
        Item("New order", "/orders/new", "plus"),
        Item("Orders", "/orders", "box"),
        Item("Wallet", "/wallet", "wallet"),
        Item("Add funds", "/funds", "coins"),
        Item("API keys", "/keys", "key"),
        Item("Settings", "/settings", "gear"),
    ),
    Role.OWNER: (
        Item("Overview", "/console", "home"),
        Item("Orders", "/console/orders", "box"),
        Item("Prices", "/console/prices", "tag"),
        Item("Services", "/console/services", "list"),
        Item("Providers", "/console/providers", "plug"),
        Item("Resellers", "/console/resellers", "people"),
        Item("Audit", "/console/audit", "shield"),
        Item("Decisions", "/console/decisions", "clock"),
        Item("Settings", "/settings", "gear"),
    ),
}

HOME: dict[Role, str] = {Role.RESELLER: "/home", Role.OWNER: "/console"}
"""Where somebody arrives after signing in."""


def here(items: tuple[Item, ...], path: str) -> str:
    """The path of the item that the page at `path` belongs to; "" for none."""
    above = [item.path for item in items if path == item.path or path.startswith(item.path + "/")]
    return max(above, key=len, default="")
