"""The settings of a provider that say how its panel spells things, laid over its preset."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from aggregator.settings.fields import LINE, Shape, Table, nearest, quoted
from aggregator.settings.numbers import Bounds
from aggregator.settings.secrets import SecretMissing, Vault
from providers.dialect import Dialect
from providers.errors import Code
from providers.reading.catalogue import read_type
from providers.reading.words import normal_word, phase_of
from providers.vocabulary import Phase, ServiceType

_PARAMETER = Shape(r"[A-Za-z0-9_.\[\]-]+", "the name of a parameter", "key")
_PARAMETER_OR_NONE = Shape(r"[A-Za-z0-9_.\[\]-]*", 'the name of a parameter, or "" for none', "request_id")
_ACTION_OR_NONE = Shape(r"[A-Za-z0-9_-]*", 'the name of an action, or "" for none', "orders")
_PAGE_OR_NONE = Shape(_PARAMETER_OR_NONE.pattern, _PARAMETER_OR_NONE.words, "offset")
_PAGE = Bounds(least=1, most=100_000, whole=True)
_BATCH = Bounds(least=1, most=100, whole=True)
_LIST_PARAMETERS = ("orders", "order")
_OWN_WORDS = ("refunded", "refilling")
_STATUSES = [*(phase.value for phase in Phase), *_OWN_WORDS]
_TYPES = [kind.value for kind in ServiceType if kind is not ServiceType.UNSUPPORTED]
_CODES = [code.value for code in Code]


def read_dialect(table: Table, preset: Dialect, vault: Vault) -> Dialect:
    """The preset with what the owner set; words and extra parameters are added to those of the preset."""
    return replace(
        preset,
        body_format=table.choice("body_format", preset.body_format, ("form", "json", "multipart", "query")),
        large_texts=table.choice("large_texts", preset.large_texts, ("multipart", "form", "off")),
        method=table.choice("method", preset.method, ("POST", "GET")),
        key_param=table.text("key_param", preset.key_param, _PARAMETER),
        extra_params=preset.extra_params | _read_extra_params(table.table("extra_params"), vault),
        multi_status=table.choice("multi_status", preset.multi_status, ("auto", "on", "off")),
        multi_param=table.choice("multi_param", preset.multi_param, _LIST_PARAMETERS),
        batch_size=table.whole("batch_size", preset.batch_size, _BATCH),
        line_separator=table.choice("line_separator", preset.line_separator, ("\n", "\r\n")),
        send_quantity_for_line_types=table.flag("send_quantity_for_line_types", preset.send_quantity_for_line_types),
        refill=table.choice("refill", preset.refill, ("auto", "off")),
        cancel=table.choice("cancel", preset.cancel, ("auto", "off")),
        cancel_param=table.choice("cancel_param", preset.cancel_param, _LIST_PARAMETERS),
        cancel_means=table.choice("cancel_means", preset.cancel_means, ("auto", "full", "by_remains")),
        posts_zero=table.choice("posts_zero", preset.posts_zero, ("none", "unlimited")),
        status_words=preset.status_words | _read_words(table.table("status_words"), _STATUSES, read_status_meaning),
        error_words=preset.error_words | _read_words(table.table("error_words"), _CODES, read_error_meaning),
        type_words=preset.type_words | _read_words(table.table("type_words"), _TYPES, read_type_meaning),
        numeric_status=table.flag("numeric_status", preset.numeric_status),
        price_per=table.whole("price_per", preset.price_per),
        page_param=table.text("page_param", preset.page_param, _PAGE_OR_NONE),
        page_size=table.whole("page_size", preset.page_size, _PAGE),
        reference_param=table.text("reference_param", preset.reference_param, _PARAMETER_OR_NONE),
        reference_dedupes=table.flag("reference_dedupes", preset.reference_dedupes),
        order_list=table.text("order_list", preset.order_list, _ACTION_OR_NONE),
        escape_plus_in_links=table.flag("escape_plus_in_links", preset.escape_plus_in_links),
    )


def _read_words(table: Table, meanings: Sequence[str], is_known: Callable[[str], object]) -> dict[str, str]:
    """The provider's words (as the owner saw them) with what each means."""
    words: dict[str, str] = {}
    for word in table.names():
        meaning = table.take(word)
        if isinstance(meaning, str) and is_known(meaning):
            words[word] = meaning
        else:
            said = f"{quoted(word)} must mean one of {', '.join(meanings)}"
            table.fault(word, f"{said}: write {quoted(word)} = {quoted(nearest(meaning, meanings))}")
    return words


def read_status_meaning(text: str) -> str | None:
    """Any spelling of a status that the adapter itself understands, in the one we keep; None for anything else."""
    word = normal_word(text)
    if word in (Phase.UNKNOWN, *_OWN_WORDS):
        return word
    phase = phase_of(word)
    return None if phase is Phase.UNKNOWN else phase.value


def read_type_meaning(text: str) -> str | None:
    """An order type in any spelling, in the protocol's own; None for anything else."""
    kind = read_type(text)
    return None if kind is None or kind is ServiceType.UNSUPPORTED else kind.value


def read_error_meaning(text: str) -> str | None:
    """The name of an error code, in the spelling we keep; None for anything else."""
    code = text.strip().upper()
    return code if code in _CODES else None


def suggest_meaning(text: str) -> str:
    """The status or error code that was probably meant."""
    return str(nearest(text, [*_STATUSES, *_CODES]))


def _read_extra_params(table: Table, vault: Vault) -> dict[str, str]:
    """Fixed parameters of every call; some panels ask for a second secret here, so references are opened."""
    params: dict[str, str] = {}
    for name in table.names():
        written = table.text(name, None, LINE)
        try:
            params[name] = "" if written is None else vault.open(written)
        except SecretMissing as error:
            table.fault(name, f"{name} {error}")
    return params
