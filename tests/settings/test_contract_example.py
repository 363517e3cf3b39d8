"""The configuration that the documentation promises, written out whole, is understood as it says."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from aggregator.settings import OfferRef, Settings, cross_check, load
from pricing.markup import Match

FILES = {
    "aggregator.toml": """
[panel]
name = "Aggregator"
public_url = "http://127.0.0.1:8000"
currency = "USD"
support = "mailto:support@example.com"
spelling = "json"
minimum_deposit = 1
[database]
url = "sqlite:///data/aggregator.sqlite"
[cache]
url = "memory://"
[limits]
requests_per_second = 1
burst = 60
open_subscription_posts = 10
body_kib = 64
[pace]
poll_seconds = 30
sync_seconds = 900
confirm_seconds = 60
add_timeout_seconds = 30
settle_seconds = 45
unsure_in_flight = 2
breaker_seconds = 60
give_up_seconds = 86400
""",
    "providers.toml": """
[[provider]]
name = "alpha"
url = "https://alpha.example/api/v2"
key = "env:ALPHA_KEY"
preset = "perfectpanel"
currency = "USD"
enabled = true

[[provider]]
name = "bravo"
url = "https://bravo.example/api/v2"
key = "env:BRAVO_KEY"
preset = "mystic"
enabled = false
""",
    "services.toml": """
import_rest = true
[[service]]
id = 1
name = "Instagram Followers - Premium"
category = "Instagram"
offers = ["alpha:101", "bravo:9"]
""",
    "markup.toml": """
[default]
percent = 25
fixed = 0
min_margin_percent = 5
[[rule]]
match = { provider = "bravo", category = "TikTok*", tier = "vip", cost_over = 1.0 }
percent = 15
[fx]
EUR = 1.08
""",
}


def load_example(folder: Path) -> Settings:
    config = folder / "config"
    config.mkdir()
    for name, text in FILES.items():
        (config / name).write_text(text, encoding="utf-8")
    return load(config, {"ALPHA_KEY": "a-secret", "BRAVO_KEY": "b-secret"})


def test_the_example_loads_without_a_fault_or_a_notice(tmp_path: Path) -> None:
    settings = load_example(tmp_path)
    assert settings.notices == ()
    assert cross_check(settings).faults == ()
    assert cross_check(settings).notices == ()


def test_leaving_everything_out_means_the_same_panel_as_the_example(tmp_path: Path) -> None:
    """The values shown are the defaults."""
    (tmp_path / "empty").mkdir()
    example, empty = load_example(tmp_path), load(tmp_path / "empty", {})
    assert (empty.panel, empty.limits, empty.pace) == (example.panel, example.limits, example.pace)
    assert (empty.database_url, empty.cache_url) == (example.database_url, example.cache_url)
    assert empty.markup.book.default == example.markup.book.default
    assert empty.markup.book.min_margin_percent == example.markup.book.min_margin_percent
    assert (empty.providers, empty.services.services, empty.services.import_rest) == ((), (), True)


def test_the_example_provider_is_reached_with_the_key_from_the_environment(tmp_path: Path) -> None:
    alpha, bravo = load_example(tmp_path).providers
    assert (alpha.profile.name, alpha.profile.url) == ("alpha", "https://alpha.example/api/v2")
    assert (alpha.profile.key, alpha.profile.currency, alpha.enabled) == ("a-secret", "USD", True)
    assert (bravo.preset, bravo.profile.currency, bravo.enabled) == ("mystic", None, False)


def test_the_example_service_is_bought_from_either_provider(tmp_path: Path) -> None:
    (service,) = load_example(tmp_path).services.services
    assert (service.id, service.name, service.category) == (1, "Instagram Followers - Premium", "Instagram")
    assert service.offers == (OfferRef("alpha", "101"), OfferRef("bravo", "9"))
    assert (service.line, service.enabled) == (3, True)


def test_the_example_rule_omits_fixed_and_takes_it_from_the_default(tmp_path: Path) -> None:
    markup = load_example(tmp_path).markup
    (rule,) = markup.book.rules
    assert rule.match == Match(provider="bravo", category="TikTok*", tier="vip", cost_over=Decimal(1))
    assert (rule.number, rule.percent, rule.fixed) == (1, Decimal(15), Decimal(0))
    assert (markup.fx.currency, markup.fx.rates) == ("USD", {"EUR": Decimal("1.08")})
