"""aggregator.toml: our own panel, where it keeps things, its limits and its pace."""

from __future__ import annotations

from decimal import Decimal
from ipaddress import ip_network

from msgspec import Struct

from aggregator.settings.fields import CURRENCY, WEB_ADDRESS, Shape, Table
from aggregator.settings.numbers import COUNT, SECONDS, SECONDS_OR_NONE, Bounds

_SUPPORT = Shape(
    r"((mailto:|tel:|tg:|https?://)[^\s]+)?", "a link (mailto:, https://, tg:, tel:)", "mailto:me@example.com"
)
_PROSE = Shape(
    r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]{0,4000}", "text of at most 4000 characters", "Write to me@example.com"
)
_CALLS = Bounds(least=0, most=100_000)
_CALLS_OR_NONE = Bounds(least=0, most=100_000, whole=True)
_BODY = Bounds(least=1, most=65_536, whole=True)


class PanelSettings(Struct, frozen=True, kw_only=True):
    """[panel]: what resellers see of us."""

    name: str = "Aggregator"
    public_url: str = "http://127.0.0.1:8000"
    """Without a slash at the end."""
    currency: str = "USD"
    support: str = "mailto:support@example.com"
    """A link; empty = none is shown."""
    spelling: str = "json"
    """Of replies to JSON bodies: "json" or "classic"."""
    minimum_deposit: Decimal = Decimal(1)
    """In the panel's currency."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks whose word about whom they speak for is taken."""
    reroute_cancelled: bool = True
    """What a provider calls off before any delivery goes to the next one; False: it is refunded at once."""
    sign_up: str = "closed"
    """Who may become a reseller on the pages: "open" (anyone), "invite" or "closed"."""
    deposit_note: str = ""
    """How resellers pay by hand, in the owner's words; shown under *Add funds*."""


class Limits(Struct, frozen=True, kw_only=True):
    """[limits]: what one reseller's key, order or request may take."""

    requests_per_second: float = 1.0  # a pace, not money
    """For each key; 0 = no limit."""
    burst: int = 60
    """Requests; counted over a moving window of burst / requests_per_second seconds."""
    failed_keys_per_minute: int = 10
    """From one address, before it must wait; 0 = no limit."""
    open_subscription_posts: int = 10
    """Posts that a subscription without an end is charged for."""
    body_kib: int = 64
    """The largest request body, in KiB."""


class PaceSettings(Struct, frozen=True, kw_only=True):
    """[pace]: how often and how long; seconds unless said otherwise."""

    poll_seconds: float = 30.0
    sync_seconds: float = 900.0
    confirm_seconds: float = 60.0
    """Between the two equal answers that settle an order; 0 = one answer is enough."""
    add_timeout_seconds: float = 30.0
    settle_seconds: float = 45.0
    """How long after an unsure add evidence is first believed."""
    unsure_in_flight: int = 2
    """Unsure adds (a count) at one provider before it takes no new ones for a while."""
    breaker_seconds: float = 60.0
    """The first rest of a provider that keeps failing."""
    give_up_seconds: float = 86_400.0
    """After which an order that nobody can take is cancelled and refunded."""
    patience_seconds: float = 30.0
    """How long an order waits for its turn at the cheapest provider before it goes to a dearer one."""

    @property
    def poll_ms(self) -> int:
        return _in_ms(self.poll_seconds)

    @property
    def sync_ms(self) -> int:
        return _in_ms(self.sync_seconds)

    @property
    def confirm_ms(self) -> int:
        return _in_ms(self.confirm_seconds)

    @property
    def settle_ms(self) -> int:
        return _in_ms(self.settle_seconds)

    @property
    def breaker_ms(self) -> int:
        return _in_ms(self.breaker_seconds)

    @property
    def give_up_ms(self) -> int:
        return _in_ms(self.give_up_seconds)

    @property
    def patience_ms(self) -> int:
        return _in_ms(self.patience_seconds)


def _in_ms(seconds: float) -> int:  # seconds, not money
    """As deadlines and leases are counted."""
    return round(seconds * 1000)


def read_panel(table: Table) -> PanelSettings:
    plain = PanelSettings()
    return PanelSettings(
        name=table.text("name", plain.name),
        public_url=table.text("public_url", plain.public_url, WEB_ADDRESS).rstrip("/"),
        currency=table.text("currency", plain.currency, CURRENCY),
        support=table.text("support", plain.support, _SUPPORT),
        spelling=table.choice("spelling", plain.spelling, ("json", "classic")),
        minimum_deposit=table.number("minimum_deposit", plain.minimum_deposit),
        trusted_proxies=_read_networks(table, "trusted_proxies"),
        reroute_cancelled=table.flag("reroute_cancelled", default=plain.reroute_cancelled),
        sign_up=table.choice("sign_up", plain.sign_up, ("open", "invite", "closed")),
        deposit_note=table.text("deposit_note", plain.deposit_note, _PROSE),
    )


def _read_networks(table: Table, key: str) -> tuple[str, ...]:
    written = table.take(key)
    if written is None:
        return ()
    if not isinstance(written, list) or not all(_is_network(item) for item in written):
        table.fault(key, f'{key} must be a list of addresses or networks: write {key} = ["127.0.0.1", "10.0.0.0/8"]')
        return ()
    return tuple(written)


def _is_network(written: object) -> bool:
    try:
        ip_network(written if isinstance(written, str) else "")
    except ValueError:
        return False
    return True


def read_limits(table: Table) -> Limits:
    plain = Limits()
    return Limits(
        requests_per_second=table.pace("requests_per_second", plain.requests_per_second, _CALLS),
        burst=table.whole("burst", plain.burst),
        failed_keys_per_minute=table.whole("failed_keys_per_minute", plain.failed_keys_per_minute, _CALLS_OR_NONE),
        open_subscription_posts=table.whole("open_subscription_posts", plain.open_subscription_posts),
        body_kib=table.whole("body_kib", plain.body_kib, _BODY),
    )


def read_pace(table: Table) -> PaceSettings:
    plain = PaceSettings()
    return PaceSettings(
        poll_seconds=table.pace("poll_seconds", plain.poll_seconds, SECONDS),
        sync_seconds=table.pace("sync_seconds", plain.sync_seconds, SECONDS),
        confirm_seconds=table.pace("confirm_seconds", plain.confirm_seconds, SECONDS_OR_NONE),
        add_timeout_seconds=table.pace("add_timeout_seconds", plain.add_timeout_seconds, SECONDS),
        settle_seconds=table.pace("settle_seconds", plain.settle_seconds, SECONDS_OR_NONE),
        unsure_in_flight=table.whole("unsure_in_flight", plain.unsure_in_flight, COUNT),
        breaker_seconds=table.pace("breaker_seconds", plain.breaker_seconds, SECONDS),
        give_up_seconds=table.pace("give_up_seconds", plain.give_up_seconds, SECONDS),
        patience_seconds=table.pace("patience_seconds", plain.patience_seconds, SECONDS_OR_NONE),
    )
