"""Files that are right by themselves may still not fit each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.settings import Findings, cross_check, load

PROVIDERS = """
[[provider]]
name = "alpha"
url = "https://alpha.example/api/v2"
key = "env:KEY"
formerly = "omega"

[[provider]]
name = "bravo"
url = "https://bravo.example/api/v2"
key = "env:KEY"
currency = "EUR"
"""


def check(folder: Path, services: str = "", markup: str = "[fx]\nEUR = 1.08\n") -> Findings:
    texts = {"providers.toml": PROVIDERS, "services.toml": services, "markup.toml": markup}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return cross_check(load(folder, {"KEY": "hush"}))


@pytest.mark.parametrize(
    ("offer", "said"),
    [
        ("alhpa:1", 'there is no provider "alhpa": write "alpha:1"'),
        ("omega:1", 'there is no provider "omega": write "alpha:1"'),
        ("zulu:1", "add it to providers.toml or take the offer out"),
    ],
)
def test_an_offer_of_an_unknown_provider_is_a_fault_on_the_line_of_the_offers(
    tmp_path: Path, offer: str, said: str
) -> None:
    findings = check(tmp_path, f'[[service]]\nid = 1\noffers = ["bravo:2", "{offer}"]')
    (fault,) = findings.faults
    assert (fault.file, fault.line) == (str(tmp_path / "services.toml"), 3)
    assert said in fault.message


def test_files_that_fit_have_nothing_to_report(tmp_path: Path) -> None:
    services = '[[service]]\nid = 1\noffers = ["alpha:1", "bravo:2"]'
    markup = (
        '[[rule]]\nmatch = { provider = "B*", service = 1 }\n[[rule]]\nmatch = { service = 100001 }\n[fx]\nEUR = 1.08'
    )
    assert check(tmp_path, services, markup) == Findings((), ())


def test_a_provider_in_a_currency_without_a_rate_is_worth_a_notice(tmp_path: Path) -> None:
    findings = check(tmp_path, markup="")
    (notice,) = findings.notices
    assert (notice.file, notice.line) == (str(tmp_path / "providers.toml"), 8)
    assert "write EUR = ... under [fx]" in notice.message
    assert findings.faults == ()


def test_a_rule_for_nobody_or_nothing_is_worth_a_notice(tmp_path: Path) -> None:
    markup = '[fx]\nEUR = 1.08\n[[rule]]\nmatch = { provider = "charlie*" }\n[[rule]]\nmatch = { service = 5 }'
    notices = check(tmp_path, markup=markup).notices
    assert [(notice.file, notice.line) for notice in notices] == [
        (str(tmp_path / "markup.toml"), line) for line in (3, 5)
    ]
    assert "charlie" in notices[0].message
    assert "service 5" in notices[1].message
