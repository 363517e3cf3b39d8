"""A secret names its place, or is itself: a slip in between must not go to a provider as the key."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from aggregator.settings.files import CannotWrite, own_secret
from aggregator.settings.secrets import SecretMissing, Vault, is_reference


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    (tmp_path / "alpha").write_text("hush\n")
    return Vault({"ALPHA_KEY": "hush"}, tmp_path)


@pytest.mark.parametrize(
    "text",
    ["env:ALPHA_KEY", "ENV:ALPHA_KEY", "Env: ALPHA_KEY", " env:ALPHA_KEY", "file:alpha", "FILE:alpha", " File:alpha"],
)
def test_a_reference_is_one_however_it_is_spelled(vault: Vault, text: str) -> None:
    assert is_reference(text)
    assert vault.open(text) == "hush"


@pytest.mark.parametrize("text", ["file :alpha", "ENV :ALPHA_KEY", "FILE:", "ENV:", "FILE:nowhere", "env:NO_SUCH"])
def test_what_only_looks_like_one_is_refused(vault: Vault, text: str) -> None:
    with pytest.raises(SecretMissing):
        vault.open(text)


@pytest.mark.parametrize("text", ["hush", "envelope", "file", "profile:1", "a file:alpha"])
def test_anything_else_is_the_secret_itself(vault: Vault, text: str) -> None:
    assert not is_reference(text)
    assert vault.open(text) == text


@pytest.mark.parametrize("kind", ["a pipe", "a folder", "a device"])
def test_what_is_no_file_holds_no_secret_and_keeps_nobody_waiting(vault: Vault, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bravo"
    match kind:
        case "a pipe":
            os.mkfifo(path)
        case "a folder":
            path.mkdir()
        case _:
            path.symlink_to("/dev/zero")
    with pytest.raises(SecretMissing, match="cannot be read"):
        vault.open("file:bravo")


def test_the_panels_own_secret_is_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    os.mkfifo(tmp_path / "secrets" / "panel.key")
    with pytest.raises(CannotWrite, match="no regular file"):
        own_secret(tmp_path, make=True)


def test_a_pipe_in_the_place_of_a_secret_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """Whoever waited for the end of one would answer nobody, and hear no signal."""
    os.mkfifo(tmp_path / "alpha")
    kept_open = os.open(tmp_path / "alpha", os.O_RDWR)
    os.write(kept_open, b"hush\n")
    closing = threading.Timer(0.5, os.close, [kept_open])
    closing.start()
    try:
        with pytest.raises(SecretMissing, match="cannot be read"):
            Vault({}, tmp_path).open("file:alpha")
    finally:
        closing.join()
