"""Reads what is left of our money at a panel."""

from __future__ import annotations

from providers.reading.json_text import Json
from providers.reading.names import CURRENCY
from providers.reading.numbers import read_currency, read_currency_beside, read_decimal
from providers.reading.shapes import Object, find_only, layers, pick
from providers.vocabulary import Funds


def read_funds(value: Json) -> Funds | None:
    """The balance and, only if the reply names it, its currency (PROTOCOL.md, "Money"); None where there is none."""
    told = next(filter(_tells, layers(value)), None) or find_only(value, _tells)
    if told is None:
        return None
    amount = read_decimal(told.get("balance"))
    currency = read_currency(pick(told, *CURRENCY)) or read_currency_beside(told.get("balance"))
    return Funds(amount, currency) if amount is not None else None


def _tells(row: Object) -> bool:
    return read_decimal(row.get("balance")) is not None
