"""What a provider gives to settle an unsure order by, and what `absent` really comes to."""

from __future__ import annotations

from msgspec.structs import replace

from aggregator.catalog.shelf.shelf import ShelfService
from aggregator.orders.unsure.proofs import after_absent, proof_of
from aggregator.settings import ProviderSettings
from providers.adapter import Profile
from providers.dialect import PRESETS
from tests.catalog.goods import offers, row, shelf


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


def sold_by(*providers: str) -> ShelfService:
    listed = ", ".join(f'"{name}:7"' for name in providers)
    service = shelf(
        offers([row(f"{name}:7", "2") for name in providers]), f"[[service]]\nid = 1\noffers = [{listed}]"
    ).get(1)
    assert service is not None
    return service


def test_a_single_offer_is_bought_again_where_it_was() -> None:
    """It is no next provider."""
    alone = after_absent(sold_by("alpha"), [], "alpha")
    assert alone.label == "send it again to alpha"
    assert "nobody else" in alone.text


def test_others_take_it_next_as_far_as_they_can() -> None:
    both = sold_by("alpha", "bravo")
    assert after_absent(both, [], "alpha").label == "on to the next"
    assert "(bravo)" in after_absent(both, [], "alpha").text
    assert after_absent(both, [], "alpha", able={"bravo"}).label == "on to the next"
    assert after_absent(both, [], "alpha", able=set()).label == "send it again to alpha"


def test_an_order_that_was_called_off_is_sent_nowhere() -> None:
    called_off = after_absent(sold_by("alpha", "bravo"), [], "alpha", cancel_wish=True)
    assert called_off.label == "cancel and refund it"
    assert "cancelled and refunded" in called_off.text
