"""Reads other people's numbers: exact, ASCII only; what is not plainly a number is None, never 0."""

from __future__ import annotations

import re
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from providers.reading.json_text import Json, Number

_BESIDE = r"(?:[A-Z]{3,4}|[$€£¥₹₫₽₺₦₩₱฿₴đ]|Rp\.?|R\$|US\$|TL)?"
_MONEY = re.compile(rf"(-?){_BESIDE}\s*(-?)([0-9][0-9.,]*)\s*{_BESIDE}")
_THOUSANDS = {mark: re.compile(rf"[0-9]{{1,3}}(?:{re.escape(mark)}[0-9]{{3}})+") for mark in ",."}
_PLAIN = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,40})?")
_CODE = re.compile(r"[A-Z]{3,5}")
_SYMBOLS = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₫": "VND",
    "Đ": "VND",
    "₽": "RUB",
    "₺": "TRY",
    "TL": "TRY",
    "₦": "NGN",
    "₴": "UAH",
    "฿": "THB",
    "₱": "PHP",
    "R$": "BRL",
    "US$": "USD",
    "RP": "IDR",
}
_DIGITS = re.compile(r"[-0-9.,\s]+")
_TRUE = ("true", "1", "yes", "on", "y")
_FALSE = ("false", "0", "no", "off", "n", "")
_WHOLE = re.compile(r"(?<=[0-9])\.0+$")
_NOISE_DIGITS = 10
_GRAIN = Decimal("1E-8")
_LONGEST_ID = 64
_LARGEST_COUNT = 2**63 - 1


def read_decimal(value: Json) -> Decimal | None:
    """An amount as written, thousands marks and a currency beside it forgiven (PROTOCOL.md, "Money").

    Exponents, NaN, digits of other scripts, inner blanks and more than 15 digits before the point give None.
    """
    if not isinstance(value, str):
        return None
    found = _MONEY.fullmatch(value.strip())
    if found is None or (found[1] and found[2]):
        return None
    plain = _without_marks(found[3])
    if plain is None or not _PLAIN.fullmatch(plain):
        return None
    return _without_noise(Decimal(found[1] + found[2] + plain))


def _without_marks(digits: str) -> str | None:
    """With both marks the last one is the decimal mark; one comma before exactly 3 digits groups thousands."""
    commas, dots = digits.count(","), digits.count(".")
    if commas and dots:
        mark = "," if digits.rfind(",") > digits.rfind(".") else "."
        return _join(digits, decimal=mark, group="." if mark == "," else ",")
    if commas > 1 or dots > 1:
        mark = "," if commas else "."
        return digits.replace(mark, "") if _THOUSANDS[mark].fullmatch(digits) else None
    if commas and _THOUSANDS[","].fullmatch(digits) and not digits.startswith("0"):
        return digits.replace(",", "")
    return digits.replace(",", ".")


def _join(digits: str, *, decimal: str, group: str) -> str | None:
    whole, _, fraction = digits.rpartition(decimal)
    return f"{whole.replace(group, '')}.{fraction}" if _THOUSANDS[group].fullmatch(whole) else None


def _without_noise(amount: Decimal) -> Decimal:
    """Undo binary float noise: 0.24000000000000002 was 0.24."""
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _NOISE_DIGITS:
        return amount.quantize(_GRAIN, rounding=ROUND_HALF_UP)
    return amount


def read_count(value: Json) -> int | None:
    """A number of units, fractions dropped downwards; None when unreadable or beyond 63 bits."""
    amount = read_decimal(value)
    if amount is None:
        return None
    count = int(amount.to_integral_value(rounding=ROUND_FLOOR))
    return count if abs(count) <= _LARGEST_COUNT else None


def read_flag(value: Json) -> bool | None:
    """A yes or no in any of the spellings in use, null being no; None for what is neither."""
    word = str(value).strip().lower() if value is not None else ""
    return True if word in _TRUE else False if word in _FALSE else None


def whole_digits(value: str) -> str:
    """A text without the blanks around it, a number without the ".0" of programs that count in floats."""
    text = value.strip()
    return _WHOLE.sub("", text) if isinstance(value, Number) else text


def read_identifier(value: Json) -> str | None:
    """An id of theirs as text; a number must be whole and unsigned, a text short and printable."""
    if not isinstance(value, str):
        return None
    text = whole_digits(value)
    if isinstance(value, Number) and not (text.isascii() and text.isdigit()):
        return None
    return text if 0 < len(text) <= _LONGEST_ID and text.isprintable() else None


def read_currency(value: Json) -> str | None:
    """A currency code; a symbol only where one currency alone uses it ("$" does not say which)."""
    if not isinstance(value, str):
        return None
    text = value.strip().upper()
    return text if _CODE.fullmatch(text) else _SYMBOLS.get(text.removesuffix("."))


def read_currency_beside(amount: Json) -> str | None:
    """The currency that stands beside the digits of an amount, as in "12.50 USD"."""
    return read_currency(_DIGITS.sub("", amount)) if isinstance(amount, str) else None
