"""Passwords that cost nothing, for whoever asks."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from aggregator.people import passwords


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a guess takes is the library's promise, not ours."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
