"""How a panel spells things, as data; the presets for the known families."""

from __future__ import annotations

from msgspec import Struct

from providers.errors import Code


class Dialect(Struct, frozen=True, kw_only=True):
    """Everything about a panel's spelling that an owner may set (PROTOCOL.md, "Settings of a provider")."""

    body_format: str = "form"
    """"form", "json", "multipart" or "query"."""
    large_texts: str = "form"
    """How a form too large to be usual is sent where that is shorter: "multipart", "form" or "off" (not at all)."""
    method: str = "POST"
    """"GET" puts every parameter, the key included, into the URL, whatever the body format."""
    key_param: str = "key"
    extra_params: dict[str, str] = {}
    multi_status: str = "auto"
    """"auto" (tried once, remembered), "on" or "off"."""
    multi_param: str = "orders"
    batch_size: int = 100
    line_separator: str = "\n"
    send_quantity_for_line_types: bool = True
    refill: str = "auto"
    cancel: str = "auto"
    """"auto" or "off"."""
    cancel_param: str = "orders"
    cancel_means: str = "auto"
    """What a cancelled order gives back: "full", "by_remains" or "auto"."""
    posts_zero: str = "none"
    """What a subscription of 0 posts beside old ones gets: "none" or "unlimited" new ones."""
    status_words: dict[str, str] = {}
    error_words: dict[str, str] = {}
    type_words: dict[str, str] = {}
    """Their word for a type -> an order type of the protocol."""
    numeric_status: bool = False
    price_per: int = 1000
    """How many units the published rate buys."""
    page_param: str = ""
    """Where a catalogue comes in portions: the parameter that says how many rows were read; empty = it comes whole."""
    page_size: int = 500
    """Rows asked for at once, in the parameter "limit"."""
    reference_param: str = ""
    """The parameter in which this panel honours an id of ours for an `add`; empty = it honours none."""
    reference_dedupes: bool = False
    """Whether an `add` repeated with the same reference is answered with the first order; only where that is known."""
    order_list: str = ""
    """The action that lists our newest orders; empty = there is none."""
    escape_plus_in_links: bool = False
    """For scripts that URL-decode every parameter twice and so turn "+" into a blank."""

    def faults(self) -> list[str]:
        """What an owner got wrong, one sentence each; empty when all can be used."""
        return [
            f"{setting} must be one of {', '.join(allowed)}"
            for setting, value, allowed in self._choices()
            if value not in allowed
        ] + [fault for fault, wrong in self._ranges() if wrong]

    def _choices(self) -> list[tuple[str, str, tuple[str, ...]]]:
        return [
            ("body_format", self.body_format, ("form", "json", "multipart", "query")),
            ("large_texts", self.large_texts, ("multipart", "form", "off")),
            ("method", self.method, ("POST", "GET")),
            ("multi_status", self.multi_status, ("auto", "on", "off")),
            ("multi_param", self.multi_param, ("orders", "order")),
            ("refill", self.refill, ("auto", "off")),
            ("cancel", self.cancel, ("auto", "off")),
            ("cancel_param", self.cancel_param, ("orders", "order")),
            ("cancel_means", self.cancel_means, ("auto", "full", "by_remains")),
            ("posts_zero", self.posts_zero, ("none", "unlimited")),
            ("line_separator", self.line_separator, ("\n", "\r\n")),
        ] + [(f"error_words.{text!r}", code.upper(), tuple(Code)) for text, code in self.error_words.items()]

    def _ranges(self) -> list[tuple[str, bool]]:
        return [
            ("batch_size must be between 1 and 100", self.batch_size not in range(1, 101)),
            ("page_size must be at least 1", self.page_size < 1),
            ("price_per must be at least 1", self.price_per < 1),
            ("key_param must not be empty", not self.key_param),
            ("reference_dedupes needs a reference_param", self.reference_dedupes and not self.reference_param),
        ]


PRESETS: dict[str, Dialect] = {
    "perfectpanel": Dialect(cancel_means="full", large_texts="multipart"),
    "perfectpanel_old": Dialect(cancel_means="full", large_texts="multipart", refill="off", cancel="off"),
    "smartpanel": Dialect(
        cancel_means="full", large_texts="multipart", cancel="off", posts_zero="unlimited", escape_plus_in_links=True
    ),
    "glycon": Dialect(cancel_means="full", large_texts="multipart", multi_status="off", refill="off", cancel="off"),
    "rental": Dialect(cancel_means="full", large_texts="multipart"),
    "smmraja": Dialect(cancel_means="full", large_texts="multipart", multi_param="order"),
    "cmsnt_laravel": Dialect(cancel_means="full", large_texts="multipart", refill="off", cancel="off"),
    "cmsnt2": Dialect(cancel_means="full", large_texts="multipart"),
    "mystic": Dialect(body_format="json", cancel_means="by_remains"),
    "notpanel": Dialect(cancel_means="full", reference_param="request_id"),
    "aggregator": Dialect(
        cancel_means="full",
        large_texts="multipart",
        multi_status="on",
        reference_param="request_id",
        reference_dedupes=True,
        order_list="orders",
    ),
}
