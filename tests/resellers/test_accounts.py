"""What an owner does with resellers: funds once, corrects with a note, hands keys out and takes them back."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from aggregator.audit.run import audit
from aggregator.ledger import book
from aggregator.resellers import accounts, store
from aggregator.resellers.accounts import Refusal
from aggregator.resellers.model import KeyRules, digest, make_key, shown_part
from aggregator.storage import decisions, signals, tables
from aggregator.storage.form_tokens import AlreadyUsed
from pricing.money import SCALE
from tests.builders import make_reseller

pytestmark = pytest.mark.usefixtures("panel_database")


async def test_a_new_reseller_has_a_wallet_a_key_and_the_funds() -> None:
    new = await accounts.add("ann", currency="USD", funds=5 * SCALE, tier="vip", spelling="classic")
    assert await book.balance(new.reseller.id) == new.balance == 5 * SCALE
    caller = (await store.callers([digest(new.key)]))[0]
    assert caller is not None
    assert (caller.reseller, caller.spelling) == (new.reseller, "classic")
    assert [finding for finding in await audit() if finding.broken] == []


async def test_only_the_hash_of_a_key_is_kept() -> None:
    new = await accounts.add("ann", currency="USD")
    rows = [str(row) for table in tables.TABLES for row in await table.select()]
    assert not [row for row in rows if new.key in row]
    assert any(digest(new.key) in row for row in rows)
    assert any(shown_part(new.key) in row for row in rows)


async def test_a_name_is_taken_once_even_at_the_same_moment() -> None:
    results = await asyncio.gather(
        *(accounts.add("ann", currency="USD", funds=9) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(result, accounts.NewReseller) for result in results) == 1
    assert all(isinstance(result, Refusal) for result in results if not isinstance(result, accounts.NewReseller))
    assert await tables.Entry.count() == 1


async def test_a_deposit_with_a_reference_is_taken_once() -> None:
    await make_reseller(funds=0)
    results = await asyncio.gather(*(accounts.fund("ann", 700, reference="bank-1") for _ in range(20)))
    assert sorted(moved for _, moved in results) == [False] * 19 + [True]
    assert await accounts.fund("ann", 700, reference="bank-1") == (700, False)
    assert await accounts.fund("ann", 1, reference="bank-2") == (701, True)


async def test_deposits_without_a_reference_are_each_their_own() -> None:
    await make_reseller(funds=0)
    await accounts.fund("ann", 5)
    assert await accounts.fund("ann", 5) == (10, True)


@pytest.mark.parametrize("amount", [0, -1])
async def test_a_deposit_is_more_than_nothing(amount: int) -> None:
    await make_reseller(funds=0)
    with pytest.raises(Refusal):
        await accounts.fund("ann", amount)


async def test_more_than_a_wallet_can_hold_is_refused() -> None:
    ann = await make_reseller(funds=10)
    with pytest.raises(Refusal, match="cannot hold"):
        await accounts.fund("ann", 2**63 - 1)
    assert await book.balance(ann.id) == 10


async def test_a_correction_carries_a_decision_and_its_note() -> None:
    ann = await make_reseller(funds=100)
    assert await accounts.adjust("ann", -30, note="charged twice at the desk", actor="owner") == 70
    (decision,) = await decisions.listed(limit=1)
    assert (decision.verdict, decision.detail, decision.reason) == (
        "adjusted",
        "-0.0000003",
        "charged twice at the desk",
    )
    newest = (await book.statement(ann.id))[0]
    assert (newest.decision, newest.note, newest.target) == (decision.id, "charged twice at the desk", "adjustment")


async def test_a_correction_that_is_refused_leaves_no_decision() -> None:
    await make_reseller(funds=100)
    with pytest.raises(Refusal, match="below zero"):
        await accounts.adjust("ann", -101, note="too much", actor="owner")
    assert [row.verdict for row in await decisions.listed(limit=9)] == ["taken in"]


@pytest.mark.parametrize(("amount", "note"), [(0, "why"), (5, ""), (5, "  ")])
async def test_a_correction_needs_an_amount_and_a_reason(amount: int, note: str) -> None:
    await make_reseller()
    with pytest.raises(Refusal):
        await accounts.adjust("ann", amount, note=note, actor="owner")


async def test_nobody_is_found_under_a_name_that_nobody_has() -> None:
    for deed in (accounts.named("zoe"), accounts.fund("zoe", 1), accounts.adjust("zoe", 1, note="n", actor="o")):
        with pytest.raises(Refusal, match="zoe"):
            await deed


async def test_a_revoked_key_is_nobodys_and_the_others_stay() -> None:
    new = await accounts.add("ann", currency="USD")
    second = await accounts.add_key("ann", KeyRules())
    await accounts.revoke_key(shown_part(new.key))
    assert (await store.callers([digest(new.key)]))[0] is None
    assert (await store.callers([digest(second)]))[0] is not None
    with pytest.raises(Refusal, match="no live key"):
        await accounts.revoke_key(shown_part(new.key))


async def test_a_prefix_that_names_two_keys_revokes_neither() -> None:
    ann = await make_reseller()
    for key in (make_key(), make_key()):
        await store.insert_key(ann.id, prefix="samesame", digest=digest(key), rules=KeyRules())
    with pytest.raises(Refusal, match="several"):
        await accounts.revoke_key("samesame")
    with pytest.raises(Refusal, match="several"):
        await accounts.change_key("samesame", {"label": "mine"})
    assert len(await store.live_keys("samesame")) == 2


async def test_a_key_is_given_other_rules_and_what_is_not_named_stays() -> None:
    """Seen by every process; a revoked key is past changing."""
    await make_reseller()
    key = await accounts.add_key("ann", KeyRules(label="shop", duplicate_seconds=60, requests_per_second="5"))
    before = (await signals.read()).get(signals.KEYS, 0)
    rules = await accounts.change_key(shown_part(key), {"read_only": True, "requests_per_second": None})
    assert rules == KeyRules(label="shop", duplicate_seconds=60, read_only=True)
    caller = (await store.callers([digest(key)]))[0]
    assert caller is not None
    assert (caller.read_only, caller.requests_per_second, caller.duplicate_seconds) == (True, None, 60)
    assert (await signals.read())[signals.KEYS] > before
    await accounts.revoke_key(shown_part(key))
    with pytest.raises(Refusal, match="no live key"):
        await accounts.change_key(shown_part(key), {"label": "mine"})


async def test_a_key_may_differ_from_its_reseller() -> None:
    await make_reseller()
    rules = KeyRules(
        spelling="classic", requests_per_second="0.5", read_only=True, same_link="refuse", duplicate_seconds=60
    )
    caller = (await store.callers([digest(await accounts.add_key("ann", rules))]))[0]
    assert caller is not None
    assert (caller.spelling, caller.requests_per_second, caller.read_only) == ("classic", Decimal("0.5"), True)
    assert (caller.same_link, caller.duplicate_seconds) == ("refuse", 60)


async def test_a_frozen_reseller_is_told_of_in_every_process() -> None:
    new = await accounts.add("ann", currency="USD")
    before = (await signals.read()).get(signals.KEYS, 0)
    changed = await accounts.change("ann", tier=None, spelling=None, frozen=True)
    assert changed.frozen
    caller = (await store.callers([digest(new.key)]))[0]
    assert caller is not None
    assert caller.reseller.frozen
    assert (await signals.read())[signals.KEYS] > before


async def test_what_is_not_given_is_left_as_it_was() -> None:
    await accounts.add("ann", currency="USD", tier="vip")
    changed = await accounts.change("ann", tier=None, spelling="json", frozen=None)
    assert (changed.tier, changed.spelling, changed.frozen) == ("vip", "json", False)


async def test_the_owner_sees_each_reseller_with_what_is_left() -> None:
    await make_reseller("ann", funds=5)
    await make_reseller("bob", funds=0)
    assert [(reseller.name, balance) for reseller, balance in await store.all_with_balances()] == [
        ("ann", 5),
        ("bob", 0),
    ]


async def test_a_form_that_moves_money_is_used_once() -> None:
    """Sent twice, by an impatient finger or a browser that restores its pages, it moves money once."""
    await make_reseller("ann", funds=0)
    await accounts.fund("ann", 700, actor="olga", form="form-1")
    await accounts.adjust("ann", -200, note="a fee", actor="olga", form="form-2")
    for again in (
        accounts.fund("ann", 700, actor="olga", form="form-1"),
        accounts.adjust("ann", -200, note="a fee", actor="olga", form="form-2"),
    ):
        with pytest.raises(AlreadyUsed, match="sent before"):
            await again
    assert await book.balance((await accounts.named("ann")).id) == 500


async def test_a_form_that_was_refused_may_be_sent_again() -> None:
    """What did not happen does not use it up."""
    await make_reseller("ann", funds=100)
    with pytest.raises(Refusal):
        await accounts.adjust("ann", -200, note="a fee", actor="olga", form="form-1")
    assert await accounts.adjust("ann", -50, note="a fee", actor="olga", form="form-1") == 50


async def test_what_an_owner_does_with_an_account_is_on_record() -> None:
    """Who, what, when and why, the newest first."""
    ann = (await accounts.add("ann", currency="USD", tier="gold", actor="olga", reason="by mail")).reseller
    await accounts.fund("ann", 700, reference="bank-1", note="wire", actor="olga")
    await accounts.change("ann", tier="vip", spelling=None, frozen=True, actor="oleg", reason="asked")
    await accounts.fund("ann", 700, reference="bank-1", actor="olga")
    prefix = shown_part(await accounts.add_key("ann", KeyRules(read_only=True), actor="oleg", reason="a script"))
    await accounts.change_key(prefix, {"label": "bot"}, actor="olga")
    await accounts.revoke_key(prefix, actor="oleg", reason="it leaked")
    told = [(row.actor, row.verdict, row.detail, row.reason) for row in await decisions.about("reseller", ann.id)]
    (first, *_), key = told, (await store.keys_of(ann.id))[0].prefix
    assert first == ("olga", "taken in", f"ann, key {key}", "by mail")
    assert told[:2:-1] == [
        ("oleg", "key revoked", prefix, "it leaked"),
        ("olga", "key changed", f"{prefix}, label = bot, read_only = True", ""),
        ("oleg", "key made", f"{prefix}, read_only = True", "a script"),
    ]
    assert told[2:0:-1] == [
        ("oleg", "changed", "tier = vip, frozen", "asked"),
        ("olga", "funded", "0.000007, reference bank-1", "wire"),
    ]
    newest = await decisions.listed(limit=1)
    assert [row.actor for row in await decisions.listed(before=newest[0].id, limit=1)] == ["olga"]
    assert [row.verdict for row in await decisions.listed(actor="oleg", limit=10)] == [
        "key revoked",
        "key made",
        "changed",
    ]
