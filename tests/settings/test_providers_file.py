"""providers.toml: whom we buy from, where their keys come from, and what is said when a line is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from aggregator.settings import ConfigurationError, ProviderSettings, load, read_providers

FILE = "config/providers.toml"
ALPHA = '[[provider]]\nname = "alpha"\nurl = "https://alpha.example/api/v2"\nkey = "env:ALPHA_KEY"\n'
BRAVO = '[[provider]]\nname = "bravo"\nurl = "https://bravo.example/api/v2"\nkey = "env:ALPHA_KEY"\n'


def read(
    text: str, base: Path = Path("/nowhere"), environ: Mapping[str, str] | None = None
) -> tuple[ProviderSettings, ...]:
    return read_providers(text, FILE, {"ALPHA_KEY": "hush"} if environ is None else environ, base)


FAULTS = [
    ('[[provider]]\nurl = "https://a.example"\nkey = "env:ALPHA_KEY"', 1, 'name is missing: write name = "alpha"'),
    ('[[provider]]\nname = "alpha"\nkey = "env:ALPHA_KEY"', 1, "url is missing: write url ="),
    ('[[provider]]\nname = "alpha"\nurl = "https://a.example"', 1, 'key is missing: write key = "env:ALPHA_KEY"'),
    (ALPHA.replace("alpha", "Alpha", 1), 2, "name must be 1 to 40 of a-z, 0-9, _ and -"),
    (ALPHA.replace("https://", "ftp://"), 3, "url must be an http:// or https:// address"),
    (ALPHA.replace("https://", "https://me:hush@"), 3, "without user or password"),
    (ALPHA.replace("ALPHA_KEY", "BETA_KEY"), 4, "key needs the environment variable BETA_KEY, which is not set"),
    (ALPHA.replace("env:ALPHA_KEY", "env:"), 4, 'write "env:ALPHA_KEY"'),
    (ALPHA.replace("env:ALPHA_KEY", "file:keys/a"), 4, "key needs the file /nowhere/keys/a, which cannot be read"),
    (ALPHA.replace("env:ALPHA_KEY", "file:"), 4, 'write "file:secrets/alpha"'),
    (ALPHA.replace('"env:ALPHA_KEY"', "12345"), 4, "key must be a secret in quotes"),
    (ALPHA + 'preset = "perfect_panel"', 5, 'write preset = "perfectpanel"'),
    (ALPHA + 'currency = "euro"', 5, 'write currency = "EUR"'),
    (ALPHA + 'enabled = "no"', 5, "enabled must be true or false"),
    (ALPHA + "burst = 0", 5, "burst must be a whole number at least 1"),
    (ALPHA + "requests_per_second = 0", 5, "requests_per_second must be a number above 0"),
    (ALPHA + "parallel = -1", 5, "parallel must be"),
    (ALPHA + "timeout_seconds = 0", 5, "write timeout_seconds = 30"),
    (ALPHA + "batch_size = 101", 5, "batch_size must be a whole number at least 1 and at most 100"),
    (ALPHA + 'multi_status = "yes"', 5, 'multi_status must be one of "auto", "on", "off"'),
    (ALPHA + 'cancel_means = "ful"', 5, 'write cancel_means = "full"'),
    (ALPHA + 'posts_zero = "endless"', 5, 'posts_zero must be one of "none", "unlimited"'),
    (ALPHA + "refill = false", 5, 'refill must be one of "auto", "off"'),
    (ALPHA + 'line_separator = ","', 5, r'line_separator must be one of "\n", "\r\n"'),
    (ALPHA + 'body_format = "xml"', 5, "body_format must be one of"),
    (ALPHA + 'key_param = "my key"', 5, "key_param must be the name of a parameter"),
    (ALPHA + 'user_agent = "a\\nb"', 5, "user_agent must be plain ASCII on one line"),
    (ALPHA + 'proxy = "socks9://me:hush@host"', 5, 'write "http://host:3128"'),
    (ALPHA + "price_per = 0", 5, "write price_per = 1000"),
    (ALPHA + "watch_days = -1", 5, "write watch_days = 30"),
    (ALPHA + "fx_margin_percent = -2", 5, "write fx_margin_percent = 2"),
    (ALPHA + "min_balance = -2", 5, "min_balance must be a number at least 0: write min_balance = 10"),
    (ALPHA + 'same_link_policy = "drop"', 5, 'one of "allow", "queue", "refuse"'),
    (ALPHA + 'status_words = { "gotowe" = "completd" }', 5, 'write "gotowe" = "completed"'),
    (ALPHA + 'type_words = { likes = "Defualt" }', 5, 'write "likes" = "Default"'),
    (ALPHA + '[provider.error_words]\n"no money" = "found"', 6, 'write "no money" = "FUNDS"'),
    (ALPHA + "[provider.extra_params]\nlang = 5", 6, "lang must be text on one line"),
    (ALPHA + '[provider.extra_params]\ntoken = "env:TOKEN"', 6, "token needs the environment variable TOKEN"),
    (ALPHA + "request_per_second = 2", 5, "unknown key request_per_second: write requests_per_second"),
    (ALPHA.replace("[[provider]]", "[provider]"), 1, "write [[provider]] with two brackets"),
    (ALPHA + ALPHA, 6, 'name "alpha" is taken by a provider above'),
    (ALPHA + BRAVO + 'formerly = "alpha"', 9, '"alpha" is still a provider here'),
    (ALPHA + 'formerly = "alpha"', 5, '"alpha" is still a provider here'),
    (ALPHA + 'formerly = "old"\n' + BRAVO + 'formerly = "old"', 10, '"old" became a provider above'),
    (BRAVO + ALPHA + "min_balanec = 5", 9, "unknown key min_balanec: write min_balance"),
]


@pytest.mark.parametrize(("text", "line", "said"), FAULTS)
def test_a_fault_names_its_line_and_what_to_write_but_never_a_secret(text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    (fault,) = caught.value.faults
    assert (fault.file, fault.line) == (FILE, line)
    assert said in fault.message
    assert "hush" not in str(caught.value)


def test_what_is_left_out_is_the_documented_default() -> None:
    (alpha,) = read(ALPHA)
    assert (alpha.preset, alpha.enabled, alpha.formerly) == ("perfectpanel", True, None)
    assert (alpha.fx_margin_percent, alpha.max_price_rise_percent) == (Decimal(2), Decimal(100))
    assert alpha.watch_days == 30
    assert (alpha.min_balance, alpha.low_balance_alert, alpha.same_link_policy) == (None, None, "allow")
    profile = alpha.profile
    assert (profile.requests_per_second, profile.burst, profile.parallel) == (4, 10, 4)
    assert (profile.timeout_seconds, profile.add_timeout_seconds, profile.services_timeout_seconds) == (30, 30, 120)
    assert (profile.proxy, profile.verify_tls, profile.currency) == (None, True, None)
    assert (profile.dialect.body_format, profile.dialect.cancel_means) == ("form", "full")


def test_a_preset_brings_its_own_spelling_and_pace() -> None:
    """The slow JSON panels take one call a second, one at a time."""
    (alpha,) = read(ALPHA + 'preset = "mystic"')
    assert (alpha.profile.dialect.body_format, alpha.profile.dialect.cancel_means) == ("json", "by_remains")
    assert (alpha.profile.requests_per_second, alpha.profile.burst, alpha.profile.parallel) == (1, 1, 1)


@pytest.mark.parametrize(("preset", "meant"), [("perfectpanel", "none"), ("smartpanel", "unlimited")])
def test_what_no_posts_mean_is_the_presets_unless_it_is_set(preset: str, meant: str) -> None:
    text = ALPHA + f'preset = "{preset}"\n'
    settings = [read(text + line)[0] for line in ("", 'posts_zero = "none"', 'posts_zero = "unlimited"')]
    assert [one.profile.dialect.posts_zero for one in settings] == [meant, "none", "unlimited"]


def test_single_settings_go_before_the_preset() -> None:
    (alpha,) = read(
        ALPHA
        + """
preset = "mystic"
body_format = "query"
key_param = "api_key"
extra_params = { lang = "en", second = "env:ALPHA_KEY" }
multi_status = "off"
multi_param = "order"
batch_size = 25
line_separator = "\\r\\n"
send_quantity_for_line_types = false
refill = "off"
cancel = "off"
cancel_param = "order"
cancel_means = "auto"
status_words = { "gotowe" = "completed", "zwrot" = "Refunded" }
error_words = { "brak środków" = "funds" }
type_words = { likes = "Default", komentarze = "custom_comments" }
numeric_status = true
price_per = 100
reference_param = "request_id"
escape_plus_in_links = true
requests_per_second = 0.5
user_agent = "curl/8"
proxy = "http://127.0.0.1:3128"
verify_tls = false
"""
    )
    dialect, profile = alpha.profile.dialect, alpha.profile
    assert (dialect.body_format, dialect.key_param) == ("query", "api_key")
    assert dialect.extra_params == {"lang": "en", "second": "hush"}
    assert (dialect.multi_status, dialect.multi_param, dialect.batch_size) == ("off", "order", 25)
    assert (dialect.line_separator, dialect.send_quantity_for_line_types) == ("\r\n", False)
    assert (dialect.refill, dialect.cancel, dialect.cancel_param, dialect.cancel_means) == (
        "off",
        "off",
        "order",
        "auto",
    )
    assert dialect.status_words == {"gotowe": "completed", "zwrot": "Refunded"}
    assert dialect.error_words == {"brak środków": "funds"}
    assert dialect.type_words == {"likes": "Default", "komentarze": "custom_comments"}
    assert (dialect.numeric_status, dialect.price_per) == (True, 100)
    assert (dialect.reference_param, dialect.escape_plus_in_links) == ("request_id", True)
    assert (profile.requests_per_second, profile.user_agent) == (0.5, "curl/8")
    assert (profile.proxy, profile.verify_tls) == ("http://127.0.0.1:3128", False)


def test_the_owners_limits_are_exact_numbers() -> None:
    (alpha,) = read(
        ALPHA + 'min_balance = "0.10"\nlow_balance_alert = 25.3\nmax_price_rise_percent = 7.1\nwatch_days = 0'
    )
    assert (alpha.min_balance, alpha.low_balance_alert) == (Decimal("0.10"), Decimal("25.3"))
    assert (alpha.max_price_rise_percent, alpha.watch_days) == (Decimal("7.1"), 0)


def test_a_provider_waits_for_an_add_as_long_as_the_panel_does_unless_it_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "aggregator.toml").write_text("[pace]\nadd_timeout_seconds = 12\n", encoding="utf-8")
    (tmp_path / "providers.toml").write_text(ALPHA + BRAVO + "add_timeout_seconds = 5\n", encoding="utf-8")
    alpha, bravo = load(tmp_path, {"ALPHA_KEY": "hush"}).providers
    assert (alpha.profile.add_timeout_seconds, bravo.profile.add_timeout_seconds) == (12, 5)


def test_a_key_in_a_file_is_read_from_beside_the_configuration_folder_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "alpha").write_text("hush\n", encoding="utf-8")
    (alpha,) = read(ALPHA.replace("env:ALPHA_KEY", "file:keys/alpha"), tmp_path)
    assert alpha.profile.key == "hush"


@pytest.mark.parametrize(("content", "said"), [(b"\n", "which is empty"), (b"\xff\xfe", "cannot be read")])
def test_a_file_without_a_readable_key_is_a_fault(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "alpha").write_bytes(content)
    with pytest.raises(ConfigurationError, match=said):
        read(ALPHA.replace("env:ALPHA_KEY", "file:alpha"), tmp_path)


def test_a_key_of_several_lines_is_refused_without_showing_it(tmp_path: Path) -> None:
    (tmp_path / "alpha").write_text("hush\nhush", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no secret on a single line") as caught:
        read(ALPHA.replace("env:ALPHA_KEY", "file:alpha"), tmp_path)
    assert "hush" not in str(caught.value)


def test_an_empty_variable_is_as_good_as_none() -> None:
    with pytest.raises(ConfigurationError, match="ALPHA_KEY, which is not set"):
        read(ALPHA, environ={"ALPHA_KEY": " "})


def test_a_key_written_out_works_and_is_worth_a_notice_that_does_not_repeat_it(tmp_path: Path) -> None:
    (tmp_path / "providers.toml").write_text(ALPHA.replace("env:ALPHA_KEY", "hush"), encoding="utf-8")
    settings = load(tmp_path, {})
    (notice,) = settings.notices
    assert settings.providers[0].profile.key == "hush"
    assert (notice.line, 'write key = "env:ALPHA_KEY"' in notice.message) == (4, True)
    assert "hush" not in str(notice)


def test_no_secret_shows_when_a_provider_is_printed(tmp_path: Path) -> None:
    (tmp_path / "providers.toml").write_text(
        ALPHA + 'proxy = "http://me:hush@host:1"\nextra_params = { pin = "hush" }', encoding="utf-8"
    )
    settings = load(tmp_path, {"ALPHA_KEY": "hush"})
    shown = repr(settings) + repr(settings.providers) + "".join(map(str, settings.notices))
    assert "hush" not in shown
    assert [notice.line for notice in settings.notices] == [5]


def test_a_renamed_provider_says_its_former_name() -> None:
    (alpha,) = read(ALPHA + 'formerly = "omega"')
    assert (alpha.profile.name, alpha.formerly) == ("alpha", "omega")


def test_all_faults_of_the_file_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(ALPHA + "burst = 0\nenabled = 1\n" + BRAVO + "parallel = 0")
    assert [fault.line for fault in caught.value.faults] == [5, 6, 11]
