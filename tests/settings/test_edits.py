"""An edit made elsewhere leaves everything else that the owner wrote as it was."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from aggregator.settings import ConfigurationError, OfferRef, read_services
from aggregator.settings.edits import append_block, change_provider, change_service, write_block
from aggregator.settings.files import CannotWrite, keep_secret, write_text
from aggregator.settings.secrets import Vault

FILE = "services.toml"
TEXT = """# what we sell
import_rest = true   # as it comes

[[service]]
id = 1               # never changes
name = "Likes"       # as resellers see it
offers = ["alpha:1",
  "bravo:2"]         # the cheaper wins

# about the second
[[service]]
id = 2
offers = ["alpha:3"]
# the end of it
"""


def test_a_changed_key_keeps_its_comment_and_everything_else() -> None:
    assert change_service(TEXT, FILE, 1, {"name": "Hearts"}) == TEXT.replace('"Likes"', '"Hearts"')


def test_a_new_key_stands_with_its_table_not_with_the_next() -> None:
    """What is written above a block belongs to that block."""
    changed = change_service(TEXT, FILE, 1, {"enabled": False})
    assert changed == TEXT.replace("wins\n", "wins\nenabled = false\n")
    changed = change_service(TEXT, FILE, 2, {"pin": "alpha:3"})
    assert changed == TEXT.replace('["alpha:3"]\n', '["alpha:3"]\npin = "alpha:3"\n')
    assert read_services(changed, FILE).services[1].pin == OfferRef("alpha", "3")


def test_a_key_taken_out_is_gone() -> None:
    assert change_service(TEXT, FILE, 1, {"name": None}) == TEXT.replace(
        'name = "Likes"       # as resellers see it\n', ""
    )


def test_a_service_that_was_sold_as_it_comes_gets_a_block_of_its_own() -> None:
    """Whatever the provider calls it: quotes, backslashes, letters of all the world."""
    name = 'Ünïcode "x" \\ \x7f 表'
    changed = change_service(TEXT, FILE, 100_005, {"enabled": False, "name": name}, offer='alpha:"7')
    assert changed.startswith(TEXT.rstrip())
    added = read_services(changed.replace("\\u007f", ""), FILE).services[2]
    assert (added.id, added.enabled, added.name) == (100_005, False, name.replace("\x7f", ""))
    assert added.offers == (OfferRef("alpha", '"7'),)


def test_a_block_in_an_empty_file_is_the_file() -> None:
    block = write_block(
        "provider", {"name": "alpha", "enabled": True, "currency": None, "import_categories": ["a", "b"]}
    )
    assert append_block("", block) == '[[provider]]\nname = "alpha"\nenabled = true\nimport_categories = ["a", "b"]\n'


def test_a_provider_is_switched_off_in_its_place() -> None:
    text = '# ours\n[[provider]]\nname = "alpha"  # first\n\n[[provider]]\nname = "bravo"\n'
    changed = change_provider(text, "providers.toml", "alpha", {"enabled": False})
    assert changed == text.replace("# first\n", "# first\nenabled = false\n")
    with pytest.raises(ConfigurationError, match="there is no provider zulu"):
        change_provider(text, "providers.toml", "zulu", {"enabled": False})


def test_a_broken_file_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigurationError, match=r"services\.toml:2"):
        change_service("id = 1\nname = \n", FILE, 1, {"name": "x"})


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "markup.toml"
    path.write_text("old")
    path.chmod(0o640)
    write_text(path, "neü\n")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("neü\n", 0o640)
    assert [file.name for file in tmp_path.iterdir()] == ["markup.toml"]


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match=r"markup\.toml cannot be written"):
        write_text(tmp_path / "nowhere" / "markup.toml", "x")


def test_a_secret_lies_where_only_we_read_it_and_is_never_written_over(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    first, second = keep_secret(config, "alpha", "s3cret"), keep_secret(config, "alpha", "other")
    assert (first, second) == ("file:config/secrets/alpha", "file:config/secrets/alpha-2")
    vault = Vault({}, tmp_path)
    assert (vault.open(first), vault.open(second)) == ("s3cret", "other")
    assert stat.S_IMODE((config / "secrets" / "alpha").stat().st_mode) == 0o600
