"""What the texts of other panels' errors mean: the table, tested from the top, first hit wins."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from html import unescape

from providers.errors import Code

_ALTERNATIVES: list[tuple[Code, tuple[str, ...]]] = [
    (
        Code.INTERNAL,  # texts beside which an order may well exist, or which a gateway writes
        (
            r"\border (?:was |has been |is )?(?:placed|created|accepted|submitted)\b",
            r"\bservice (?:is )?(?:temporarily )?unavailable",
        ),
    ),
    (Code.DUPLICATE_REQUEST, (r"another transaction", r"duplicate request", r"request[ _-]?id.*already")),
    (
        Code.SERVICE_GONE,  # before KEY_INVALID: "Service not found or unauthorized"
        (
            r"(?:incorrect|invalid|wrong|unknown|disabled)[ _]service\b(?![ _](?:type|provider))",
            r"(?:incorrect|invalid)[ _]service[ _]id",
            r"\bservice(?: id)? (?:does not|doesn't|not) exists?",
            r"\bselected service(?: id)? is invalid",
            r"\bservice(?: id)?(?: is)? (?:inactive|disabled|invalid|incorrect|not valid|not available|not found)",
            r"service_(?:not_found|inactive|disabled)",
        ),
    ),
    (
        Code.KEY_INVALID,
        (
            r"(?:invalid|incorrect|wrong|bad)[ _](?:api[ _-]?)?(?:key|token)\b",
            r"api[ _-]?(?:key|token) (?:is )?(?:incorrect|invalid|wrong|not found|not valid)",
            r"incorrect request or api key",
            r"api is disabled? for this user",
            r"^user[ _]not[ _]found",
            r"^unauthori[sz]ed",
            r"^unauthenticated",
            r"^no api key",
            r"^invalid credentials",
        ),
    ),
    (
        Code.ACCOUNT_BLOCKED,
        (
            r"(?:^|\byour |\buser )account (?:is |has been |was )?(?:inactive|not active|suspended|banned|blocked)",
            r"(?:^|\byour |\buser )account (?:is |has been |was )?disabled",
            r"account_banned",
            r"user_inactive",
            r"^(?:your |this )?user (?:is |has been )?(?:inactive|suspended|banned|blocked)",
            r"api (?:access )?(?:is )?disabled",
            r"\bip(?: address)?(?: is)? (?:not allowed|blocked|banned)",
            r"not whitelisted",
        ),
    ),
    (
        Code.FUNDS,
        (
            r"not[ _]enough[ _](?:funds|balance|money|credits?)",
            r"insufficient[ _](?:(?:user|account|wallet)[ _])?(?:balance|funds?|credits?)",
            r"(?:not|n't) have enough (?:funds|balance|money|credits?)",
            r"\bbalance is (?:not enough|insufficient|too low)",
            r"\blow balance",
            r"saldo tidak (?:cukup|mencukupi)",
            r"saldo insuficiente",
            r"số dư không đủ",
            r"yetersiz bakiye",
            r"недостаточно средств",
        ),
    ),
    (
        Code.LINK_DUPLICATE,
        (
            r"link[ _]duplicate",
            r"active order (?:with|for) this link",
            r"order (?:with|for) this link is already (?:active|running|in progress)",
            r"already has an (?:active )?order",
            r"^order already exists",
            r"link is already in queue",
        ),
    ),
    (Code.BATCH_TOO_BIG, (r"maximum (?:of )?\d+ orders", r"too many order ids")),
    (
        Code.PARAMS,
        (
            r"\bmultiples? of \d+",
            r"\bdivisible by \d+",
            r"(?:invalid|incorrect)[ _]quantity\b",
        ),
    ),
    (
        Code.QTY_MAX,
        (
            r"\bmax[ _]quantity",
            r"quantity.*\bmaximum",
            r"\bmaximum (?:order )?quantity",
            r"\bmaximum (?:order|amount) is",
            r"maximum number has been exceeded",
            r"exceeds? (?:the )?maximum",
            r"quantity (?:field )?(?:may|must) not be (?:greater|more) than",
            r"quantity (?:field )?(?:should|must) be (?:less than|at most)",
            r"quantity (?:is )?too (?:high|large|big|much)",
            r"above (?:the )?maximum",
        ),
    ),
    (
        Code.QTY_MIN,
        (
            r"\bmin[ _]quantity",
            r"not[ _]enough[ _]quantity",
            r"quantity.*\bminim(?:um|al)",
            r"\bminim(?:um|al) (?:order )?quantity",
            r"\bminim(?:um|al) (?:order|amount) is",
            r"did not meet the minimum number",
            r"below (?:the )?minimum",
            r"quantity (?:field )?(?:should|must) be (?:at least|greater than|more than)",
            r"quantity (?:is )?too (?:low|small|little)",
        ),
    ),
    (
        Code.LINK_INVALID,
        (
            r"(?:bad|incorrect|invalid|wrong)[ _](?:\w+[ _])?(?:link|url|username)\b",
            r"neworder\.error\.link$",
            r"link_not_found",
            r"\b(?:link|url) (?:format )?(?:is )?(?:invalid|incorrect|not valid|not found)",
            r"\busername (?:is )?(?:invalid|incorrect|not valid)",
            r"\b(?:link|url) (?:field )?must be a valid (?:link|url)",
            r"enter a valid (?:link|url|username)",
            r"private account",
            r"account is private",
        ),
    ),
    (
        Code.PARAMS,
        (
            r"incorrect request",
            r"(?:incorrect|invalid|unknown) action",
            r"action (?:is )?invalid",
            r"missing (?:required )?(?:parameters?|key)\b",
            r"missing key or action",
            r"fill in the required fields",
            r"neworder\.error\.(?:comment|schedule_time)",
            r"invalid interval",
            r"not support drip-?feed",
            r"drip-? ?feed (?:is )?not (?:supported|available)",
            r"(?:incorrect|invalid) (?:parameters?|runs)\b",
            r"is required parameter",
            r"\b(?:is|are) required\b",
            r"^field required",
            r"(?:incorrect|invalid) comments",
        ),
    ),
    (
        Code.ORDER_NOT_FOUND,
        (
            r"(?:incorrect|invalid|wrong|unknown)[ _]order(?:[ _]ids?\b|$)",
            r"\borders?(?: id)? (?:is |was )?not found",
            r"\border(?: id)? (?:does not|doesn't) exist",
            r"no such order",
        ),
    ),
    (
        Code.REFILL_DISABLED,
        (
            r"refill is disabled",
            r"not eligible for refill",
            r"refill (?:is )?not (?:available|supported|allowed)",
            r"not support refill",
        ),
    ),
    (Code.REFILL_TOO_EARLY, (r"less than 24 hours", r"refill cooldown")),
    (
        Code.REFILL_RUNNING,
        (r"refill task is not completed", r"refill (?:is |was )?already (?:requested|in progress|pending)"),
    ),
    (Code.REFILL_EXPIRED, (r"refill days are over", r"refill period (?:has |is )?(?:expired|over)")),
    (Code.ORDER_NOT_COMPLETED, (r"order is not completed",)),
    (Code.REFILL_NOT_FOUND, (r"\brefill(?: request)? not found", r"(?:incorrect|invalid) refill id")),
    (
        Code.CANCEL_DISABLED,
        (
            r"\bcan ?not (?:be )?cancel",
            r"cancel is disabled",
            r"cancel(?:lation)? (?:is )?not (?:available|supported|allowed)",
            r"not support cancel",
            r"incorrect order status",
            r"already (?:been )?cancell?ed",
        ),
    ),
    (
        Code.RATE_LIMIT,
        (
            r"rate limit",
            r"too many (?:requests|attempts)",
            r"request limit reached",
            r"too_many_orders",
            r"please wait \d+ (?:seconds|minutes)",
        ),
    ),
    (
        Code.MAINTENANCE,
        (r"temporarily unavailable", r"ordering is disabled", r"provider not available", r"\bmaintenance"),
    ),
    (
        Code.INTERNAL,
        (
            r"an error occurred",
            r"error processing your request",
            r"^provider error",
            r"could not place order",
            r"something went wrong",
            r"internal (?:server )?error",
            r"sqlstate",
        ),
    ),
]
_TABLE = [(code, re.compile("|".join(patterns))) for code, patterns in _ALTERNATIVES]

_NUMBERED = {
    "102": Code.KEY_INVALID,
    "103": Code.ACCOUNT_BLOCKED,
    "104": Code.ORDER_NOT_FOUND,
    "105": Code.SERVICE_GONE,
    "107": Code.PARAMS,
    "108": Code.QTY_MIN,
    "109": Code.QTY_MAX,
    "110": Code.PARAMS,
    "111": Code.PARAMS,
    "112": Code.PARAMS,
    "113": Code.FUNDS,
    "114": Code.INTERNAL,
    "115": Code.FUNDS,
}
ECHO = "\u2026"
"""Stands where a reply repeats what somebody sent."""
_ADDRESS = re.compile(
    r"\b[a-z][a-z0-9.-]{0,20}(?::|%(?:25)*3a)(?:\\?/|&#(?:47|x2f);|%(?:25)*2f){2}(?:[^\s\\\"'<>]|\\/)+"
    r"|(?<![\w.-])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?:\\?/|%(?:25)*2f)(?:[^\s\\\"'<>]|\\/)*",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
_SERVICE = re.compile(
    r"\b(?:services?|servicios?|servi[cç]os?|layanan|hizmet\w*|usług\w*|dịch vụ|сервис\w*|услуг\w*)\b"
)
_ONE_ORDER = re.compile(r"\b(?:order|pesanan|pedido|zam[oó]wien\w+|đơn|заказ\w*)\b")
_LONGEST_KNOWN = 500
_NAME = re.compile(r"[A-Za-z]+")
_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")
_COUNT = r"\d{1,3}(?:[,. ]\d{3})+(?!\d)|\d+"
_BETWEEN = re.compile(rf"between ({_COUNT}) and ({_COUNT})")
_STEP = re.compile(rf"\b(?:multiples? of|divisible by) ({_COUNT})")
_NO_QUANTITY = re.compile(r"\b(?:runs?|intervals?|delays?|minutes)\b")
_AFTER = {
    side: re.compile(rf"\b(?:{words})\w*\D{{0,40}}?({_COUNT})")
    for side, words in {
        "minim": "minim|must be at least|greater than or equal to",
        "maxim": "maxim|must be at most|not be greater than|not be more than|less than or equal to",
    }.items()
}


def plain_text(text: str) -> str:
    """The text as a person would read it: no tags, entities or control characters, blanks collapsed.

    A mark stands for every address: whatever words are in it, nobody says anything by them.
    """
    shown = _TAG.sub(" ", unescape(without_addresses(text)))
    return " ".join("".join(" " if unicodedata.category(char) == "Cc" else char for char in shown).split())


def without_addresses(text: str) -> str:
    """The text with a mark for every URL, in whatever encoding, and every path below a host."""
    return _ADDRESS.sub(ECHO, text)


def normal_text(text: str) -> str:
    """The text as the table compares it: plain, compatible characters folded, lower case."""
    return unicodedata.normalize("NFKC", plain_text(text)).casefold().replace("\u0307", "")


def read_code(text: str, words: dict[str, str]) -> Code:
    """What an error text means (PROTOCOL.md, "Errors")."""
    return read_meaning(text, words)[0]


def read_meaning(text: str, words: dict[str, str]) -> tuple[Code, str]:
    """The code of an error text, and the words in it that say so: the owner's first, UNKNOWN when nobody knows.

    An owner's word is a part of the text; one that begins with "=" must be all of it.
    """
    owned = find_word(text, words)
    if owned is not None:
        return Code(words[owned].upper()), normal_text(owned.removeprefix("="))
    said = normal_text(text)
    if len(said) > _LONGEST_KNOWN:
        return Code.UNKNOWN, ""
    spellings = (said, _spelled_out(text))
    found = ((code, hit[0]) for code, table in _TABLE for one in spellings if (hit := table.search(one)))
    return next(found, (Code.UNKNOWN, ""))


def _spelled_out(text: str) -> str:
    """A name that a program gave its error as words: "LINK_DUPLICATE", "not-enough-funds", "orderNotFound"."""
    words = _WORD_START.sub(" ", plain_text(text)) if _NAME.fullmatch(text.strip()) else text
    return normal_text(words.replace("_", " ").replace("-", " "))


def find_word(text: str, words: Iterable[str]) -> str | None:
    """The longest of the owner's words that a text fits; None where it fits none."""
    said = normal_text(text)
    longest_first = sorted(words, key=len, reverse=True)
    return next((known for known in longest_first if _fits(normal_text(known), said)), None)


def _fits(known: str, said: str) -> bool:
    if not any(map(str.isalnum, known)):  # an address alone, which every other one would fit
        return False
    return known[1:].strip() == said if known.startswith("=") else known in said


def names_a_service(text: str) -> bool:
    """Whether a refusal speaks of a service, not of one order: then it will be given to others, too."""
    said = _spelled_out(text)
    return _SERVICE.search(said) is not None and _ONE_ORDER.search(said) is None


def read_numbered_code(number: str) -> Code:
    """What one family says in digits beside its error text."""
    return _NUMBERED.get(number.strip(), Code.UNKNOWN)


def read_limits(text: str) -> tuple[int | None, int | None]:
    """The least and the greatest quantity that an error text reveals, in units."""
    said = normal_text(text)
    if both := _BETWEEN.search(said):
        return _count(both[1]), _count(both[2])
    least, most = (_AFTER[word].search(said) for word in ("minim", "maxim"))
    return _count(least[1]) if least else None, _count(most[1]) if most else None


def read_step(text: str) -> int | None:
    """Of how many units an error text says that a quantity must be a multiple."""
    said = normal_text(text)
    found = None if _NO_QUANTITY.search(said) else _STEP.search(said)
    step = _count(found[1]) if found else 0
    return step if step > 1 else None


def _count(digits: str) -> int:
    return int(re.sub(r"\D", "", digits)[:18])
