"""From where a key may be used, as people write it."""

from __future__ import annotations

import pytest

from aggregator.resellers.addresses import is_allowed, read_addresses


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
        ("203.0.113.9/24, 10.0.0.1", "203.0.113.255", "203.0.114.0"),
        ("2001:db8::/32\n", "2001:db8:1::5", "2001:db9::"),
        ("203.0.113.7;", "::ffff:203.0.113.7", "::ffff:203.0.113.8"),
    ],
)
def test_an_address_is_inside_or_not(text: str, inside: str, outside: str) -> None:
    kept = read_addresses(text)
    assert is_allowed(kept, inside)
    assert not is_allowed(kept, outside)
    assert not is_allowed(kept, "")
    assert not is_allowed(kept, "unknown")


def test_no_list_allows_everybody() -> None:
    assert read_addresses(" \n") == ""
    assert is_allowed("", "")


@pytest.mark.parametrize("text", ["localhost", "1.2.3", "1.2.3.4/33", "<b>", "1.2.3.4 " * 51])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither an address nor a network|more than 50"):
        read_addresses(text)
