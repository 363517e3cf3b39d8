"""What a provider gives to settle an unsure order by, and what `absent` really comes to."""

from __future__ import annotations

from msgspec.structs import replace

from aggregator.orders.proofs import after_absent, proof_of
from aggregator.settings import ProviderSettings
from providers.adapter import Profile
from providers.dialect import PRESETS


def provider(preset: str = "perfectpanel", **told: bool) -> ProviderSettings:
    profile = Profile(name="alpha", url="https://alpha.example/api/v2", key="k", dialect=PRESETS[preset])
    return replace(ProviderSettings(profile=profile), **told)


def test_each_provider_has_its_own_sentence() -> None:
    """A panel of ours settles by itself; one of the usual kind does not, until its balance may decide."""
    assert proof_of(provider("aggregator")).settles
    plain = proof_of(provider())
    assert (plain.settles, plain.may_switch) == (False, True)
    assert plain.text.startswith("alpha gives no evidence")
    decided = proof_of(provider(balance_decides=True))
    assert (decided.settles, decided.may_switch) == (True, False)


def test_a_balance_that_lags_decides_nothing_and_is_not_offered() -> None:
    for decides in (True, False):
        late = proof_of(provider(debits_late=True, balance_decides=decides))
        assert (late.settles, late.may_switch) == (False, False)


def test_nobody_sells_it_any_more() -> None:
    assert after_absent(None, [], "alpha").label == "let it wait"
