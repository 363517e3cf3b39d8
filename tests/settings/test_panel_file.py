"""aggregator.toml: what an owner may write of the own panel, and what is said when it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from aggregator.settings import ConfigurationError, Settings, load


def load_panel(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    config = folder / "config"
    config.mkdir()
    (config / "aggregator.toml").write_text(text, encoding="utf-8")
    return load(config, environ or {})


FAULTS = [
    ('[panel]\ncurrency = "usd"', 2, 'currency must be three capital letters: write currency = "USD"'),
    ('[panel]\n\npublic_url = "panel.example"', 3, "public_url must be an http:// or https:// address"),
    ('[panel]\npublic_url = "https://me:pw@panel.example"', 2, "without user or password"),
    ('[panel]\nsupport = "support@example.com"', 2, 'write support = "mailto:me@example.com"'),
    ('[panel]\nspelling = "clasic"', 2, 'write spelling = "classic"'),
    ("[panel]\nname = 7", 2, 'name must be text on one line: write name = "..."'),
    ('[panel]\nname = " "', 2, "name must be text on one line"),
    ("[panel]\nminimum_deposit = -1", 2, "minimum_deposit must be a number at least 0: write minimum_deposit = 1"),
    ("[panel]\nminimum_deposit = true", 2, "minimum_deposit must be a number"),
    ('[panel]\nminimum_deposit = "1,5"', 2, "minimum_deposit must be a number"),
    ("[panel]\nminimum_deposit = nan", 2, "minimum_deposit must be a number"),
    ("[panel]\nminimum_deposit = 1e99999999999999999999", 2, "minimum_deposit must be a number"),
    ("[panel]\nminimum_deposit = 1e12", 2, "minimum_deposit must be a number"),
    ('[panel]\ntrusted_proxies = "127.0.0.1"', 2, 'write trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]'),
    ('[panel]\ntrusted_proxies = ["proxy.example"]', 2, "trusted_proxies must be a list of addresses or networks"),
    ("[limits]\nfailed_keys_per_minute = -1", 2, "write failed_keys_per_minute = 10"),
    ("[limits]\nburst = 0", 2, "burst must be a whole number at least 1"),
    ("[limits]\nburst = 1.5", 2, "write burst = 60"),
    ("[limits]\nrequests_per_second = -1", 2, "requests_per_second must be a number at least 0"),
    ("[limits]\nbody_kib = 0", 2, "write body_kib = 64"),
    ("[limits]\nopen_subscription_posts = 0", 2, "write open_subscription_posts = 10"),
    (
        "[pace]\npoll_seconds = 0",
        2,
        "poll_seconds must be a number above 0 and at most 31536000: write poll_seconds = 30",
    ),
    ("[pace]\nconfirm_seconds = -1", 2, "confirm_seconds must be a number at least 0"),
    ("[pace]\nunsure_in_flight = 0", 2, "write unsure_in_flight = 2"),
    ("[pace]\ngive_up_seconds = inf", 2, "write give_up_seconds = 86400"),
    ("[pace]\npol_seconds = 5", 2, "unknown key pol_seconds: write poll_seconds"),
    ("# mine\n[pannel]\nname = 'x'", 2, "unknown key pannel: write panel"),
    ("[panel]\nzzz = 1", 2, "unknown key zzz: take it out; known here are name, public_url"),
    ("panel = 1", 1, "panel must be one table: write [panel]"),
    ("[[panel]]\nname = 'x'", 1, "panel must be one table: write [panel]"),
    ('[database]\nurl = "sqlite://data/x.sqlite"', 2, 'write "sqlite:///data/aggregator.sqlite"'),
    ('[database]\nurl = "sqlite:///:memory:"', 2, "url must name a file"),
    ('[database]\nurl = "mysql://me:hush@host/name"', 2, '"postgresql://user:password@host/name"'),
    ('[database]\nurl = "postgresql://me:hu/sh@host/name"', 2, "with / and @ in a password as %2F and %40"),
    ('[database]\nurl = "env:DSN"', 2, "url needs the environment variable DSN"),
    ('[cache]\nurl = "memcached://host"', 2, 'url must be "memory://", "redis://host:6379/0"'),
    ('[cache]\nurl = "redis://:hush@host:6379/zero"', 2, "url must be"),
    ('[panel]\nname = "x\ncurrency = "USD"', 2, "is not TOML at column"),
    ("[panel]\nname = 'x'\nname = 'y'", 3, "is not TOML"),
    ("[panel]\nname = [1,\n2", 3, "is not TOML"),
    ("[panel]\nname = " + "[" * 5000, 1, "nested too deeply"),
]


@pytest.mark.parametrize(("text", "line", "said"), FAULTS)
def test_a_fault_names_its_file_its_line_and_what_to_write(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_panel(tmp_path, text)
    (fault,) = caught.value.faults
    assert (fault.file, fault.line) == (str(tmp_path / "config" / "aggregator.toml"), line)
    assert said in fault.message
    assert str(fault) == f"{fault.file}:{line}: {fault.message}"
    assert "hush" not in str(fault)


@pytest.mark.parametrize("written", ["0.1", '"0.1"', "0.10", "1e-1"])
def test_a_number_is_exact_whether_quoted_or_bare(tmp_path: Path, written: str) -> None:
    """A binary float would make 0.1000000000000000055 of it."""
    assert load_panel(tmp_path, f"[panel]\nminimum_deposit = {written}").panel.minimum_deposit == Decimal("0.1")


def test_seconds_may_be_fractions_and_counts_may_be_quoted(tmp_path: Path) -> None:
    settings = load_panel(tmp_path, '[pace]\nconfirm_seconds = 0.25\nunsure_in_flight = "3"')
    assert (settings.pace.confirm_seconds, settings.pace.unsure_in_flight) == (0.25, 3)


def test_confirming_can_be_turned_off_and_a_key_can_be_unlimited(tmp_path: Path) -> None:
    settings = load_panel(tmp_path, "[pace]\nconfirm_seconds = 0\n[limits]\nrequests_per_second = 0")
    assert (settings.pace.confirm_seconds, settings.limits.requests_per_second) == (0, 0)


def test_nobody_is_a_trusted_proxy_unless_the_owner_names_one(tmp_path: Path) -> None:
    assert load_panel(tmp_path, "").panel.trusted_proxies == ()
    (tmp_path / "config" / "aggregator.toml").write_text('[panel]\ntrusted_proxies = ["127.0.0.1", "fd00::/8"]')
    assert load(tmp_path / "config", {}).panel.trusted_proxies == ("127.0.0.1", "fd00::/8")


def test_a_relative_database_lies_beside_the_configuration_folder(tmp_path: Path) -> None:
    settings = load_panel(tmp_path, '[database]\nurl = "sqlite:///data/x.sqlite"')
    assert settings.database_url == f"sqlite:///{tmp_path}/data/x.sqlite"


def test_four_slashes_are_an_absolute_database(tmp_path: Path) -> None:
    settings = load_panel(tmp_path, '[database]\nurl = "sqlite:////var/lib/x.sqlite"')
    assert settings.database_url == "sqlite:////var/lib/x.sqlite"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_postgresql_goes_by_both_its_names(tmp_path: Path, scheme: str) -> None:
    assert load_panel(tmp_path, f'[database]\nurl = "{scheme}://host/name"').database_url == f"{scheme}://host/name"


@pytest.mark.parametrize("url", ["memory://", "redis://host", "redis://host:6379/0", "rediss://:pw@host:6380/1"])
def test_the_cache_is_memory_or_redis(tmp_path: Path, url: str) -> None:
    assert load_panel(tmp_path, f'[cache]\nurl = "{url}"').cache_url == url


def test_the_environment_goes_before_the_file_and_spares_it_from_being_opened(tmp_path: Path) -> None:
    text = '[database]\nurl = "env:NOT_SET"\n[cache]\nurl = "memory://"'
    environ = {
        "AGGREGATOR_DATABASE_URL": "postgresql://me:hush@host/name",
        "AGGREGATOR_CACHE_URL": "redis://cache:6379/2",
    }
    settings = load_panel(tmp_path, text, environ)
    assert settings.database_url == "postgresql://me:hush@host/name"
    assert settings.cache_url == "redis://cache:6379/2"
    assert settings.notices == ()


def test_a_relative_database_from_the_environment_starts_at_the_same_folder(tmp_path: Path) -> None:
    settings = load_panel(tmp_path, "", {"AGGREGATOR_DATABASE_URL": "sqlite:///elsewhere.sqlite"})
    assert settings.database_url == f"sqlite:///{tmp_path}/elsewhere.sqlite"


def test_a_wrong_address_in_the_environment_is_told_by_the_name_of_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^\$AGGREGATOR_CACHE_URL:1: must be") as caught:
        load_panel(tmp_path, "", {"AGGREGATOR_CACHE_URL": "tcp://:hush@host"})
    assert "hush" not in str(caught.value)


def test_the_password_of_the_database_shows_nowhere(tmp_path: Path) -> None:
    """It is worth a notice that it stands in the file, without being repeated there."""
    settings = load_panel(tmp_path, '[panel]\n[database]\nurl = "postgresql://me:hush@host/name"')
    (notice,) = settings.notices
    assert (notice.line, "password in the clear" in notice.message) == (3, True)
    assert "hush" not in repr(settings) + str(notice)


def test_a_database_kept_as_a_secret_is_no_notice(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("postgresql://me:hush@host/name\n", encoding="utf-8")
    settings = load_panel(tmp_path, '[database]\nurl = "file:dsn"')
    assert (settings.database_url, settings.notices) == ("postgresql://me:hush@host/name", ())


def test_the_panels_own_secret_comes_from_the_environment(tmp_path: Path) -> None:
    """Itself or in a file, two of them while it is changed; a short one is refused without being told."""
    (tmp_path / "key").write_text("b" * 32 + "\n")
    config = tmp_path / "config"
    config.mkdir()
    given = {"": (), "file:key": ("b" * 32,), "c" * 32 + " " + "d" * 40: ("c" * 32, "d" * 40)}
    for text, secrets in given.items():
        settings = load(config, {"AGGREGATOR_SECRET": text})
        assert settings.secrets == secrets
        assert all(secret not in repr(settings) for secret in secrets)
    for text, said in [("hush" * 7, "at least 32 characters"), ("file:nowhere", "cannot be read")]:
        with pytest.raises(ConfigurationError, match=said) as caught:
            load(config, {"AGGREGATOR_SECRET": text})
        assert "hush" not in str(caught.value.faults)
