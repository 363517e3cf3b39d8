"""What an owner does with resellers: take them in, fund, correct, freeze, hand out and revoke keys."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import msgspec
from msgspec import Struct

from aggregator.errors import CannotBeDone
from aggregator.ledger import book, entries
from aggregator.ledger.book import Kept
from aggregator.resellers import store
from aggregator.resellers.model import KeyRow, KeyRules, Reseller, digest, make_key, shown_part
from aggregator.storage import decisions, form_tokens, signals
from aggregator.storage.engine import is_unique_violation
from aggregator.storage.transaction import write
from pricing.money import print_units

OWNER = "owner"
"""Who decides where nobody is named."""

_FULL = f"the wallet cannot hold that much: {print_units(book.MOST, 2)} is the most"

Work: TypeAlias = Callable[[], Awaitable[int]]


class Refusal(CannotBeDone):
    """The owner asked for something that cannot be done; the text says why."""


class NewReseller(Struct, frozen=True):
    reseller: Reseller
    key: str
    """Shown this once."""
    balance: int


async def add(
    name: str,
    *,
    currency: str,
    funds: int = 0,
    tier: str = "",
    spelling: str = "auto",
    actor: str = OWNER,
    reason: str = "",
) -> NewReseller:
    """Take a reseller in with a key and, if given, a first deposit by hand (1e-8)."""
    key = make_key()
    detail = f"{name}, key {shown_part(key)}" + (f", {print_units(funds, 2)} to begin with" if funds else "")

    async def work() -> int:
        reseller = await open_account(name, currency=currency, tier=tier, spelling=spelling)
        await _insert_key(reseller, key, KeyRules())
        await decisions.record("reseller", reseller, "taken in", detail, actor=actor, reason=reason)
        if funds:
            await book.post(entries.deposited("manual", reseller, funds, payment=f"opening-{reseller}"))
        return reseller

    try:
        reseller = await write(work)
    except Exception as error:
        if is_unique_violation(error):
            raise Refusal(f"there is a reseller named {name} already") from error
        raise
    return NewReseller(await store.get(reseller), key, funds)


async def open_account(name: str, *, currency: str, tier: str = "", spelling: str = "auto") -> int:
    """A reseller with an empty wallet and no key yet, inside the caller's transaction; its id."""
    reseller = await store.insert(name, tier=tier, spelling=spelling)
    await book.open_wallet(reseller, currency)
    return reseller


async def fund(
    name: str, amount: int, *, reference: str | None = None, note: str = "", actor: str = OWNER, form: str | None = None
) -> tuple[int, bool]:
    """Deposit by hand; a reference is taken once, a form is sent once. Returns the balance and whether money moved now.

    Raises `Refusal`, also where the reference stands for another deposit, and `AlreadyUsed` for the token of a form
    that was sent before.
    """
    if amount <= 0:
        raise Refusal("a deposit is more than 0; to take money back use: resellers adjust NAME -X --note T")
    reseller = await named(name)
    payment = reference or secrets.token_hex(8)

    async def work() -> None:
        if form is not None:
            await form_tokens.consume(form)
        await book.post(entries.deposited("manual", reseller.id, amount, payment=payment, note=note))
        await _record(reseller, "funded", f"{print_units(amount, 2)}, reference {payment}", actor=actor, reason=note)

    try:
        await write(work)
    except book.AlreadyPosted:
        await _refuse_another(reseller, amount, payment)
        return await book.balance(reseller.id), False
    except book.WalletFull as error:
        raise Refusal(_FULL) from error
    return await book.balance(reseller.id), True


async def _refuse_another(reseller: Reseller, amount: int, payment: str) -> None:
    """Whoever mistypes a name or an amount must not be told that all is done."""
    earlier = await book.find(entries.deposited("manual", reseller.id, amount, payment=payment).reference)
    if earlier is None or (earlier.reseller, earlier.amount) == (reseller.id, amount):
        return
    assert earlier.reseller is not None  # every deposit is somebody's
    whose = (await store.get(earlier.reseller)).name
    deposit = f"a deposit of {print_units(earlier.amount, 2)} to {whose}"
    raise Refusal(f"the reference {payment} was used for {deposit}; nothing moved")


async def adjust(name: str, amount: int, *, note: str, actor: str, form: str | None = None) -> int:
    """Correct a wallet by hand, never below zero; returns the balance. Raises `Refusal`, `AlreadyUsed`."""
    if not amount or not note.strip():
        raise Refusal("an adjustment needs an amount other than 0 and a note that says why")
    reseller = await named(name)

    async def work() -> None:
        if form is not None:
            await form_tokens.consume(form)
        decision = await _record(reseller, "adjusted", print_units(amount, 2), actor=actor, reason=note)
        await book.post(entries.adjusted(reseller.id, amount, decision=decision, note=note))

    try:
        await write(work)
    except book.WalletFull as error:
        raise Refusal(_FULL) from error
    except book.WalletTooLow as error:
        raise Refusal(f"the wallet of {name} would fall below zero") from error
    return await book.balance(reseller.id)


async def square(
    name: str, *, keep: Kept, note: str, actor: str, seen: int | None = None, form: str | None = None
) -> int:
    """End a difference between a wallet and its entries by a decision about which is right; returns the balance.

    `seen` = what the wallet held when that was decided; None = it is decided on what it holds now. Raises `Refusal`,
    `AlreadyUsed`.
    """
    if not note.strip():
        raise Refusal("it needs a note that says why")
    reseller = await named(name)
    held = await book.balance(reseller.id) if seen is None else seen
    if held == await book.balance_from_entries(reseller.id):
        raise Refusal(f"the wallet of {name} is what its entries say")

    async def work() -> None:
        if form is not None:
            await form_tokens.consume(form)
        decision = await _record(reseller, "squared", f"{keep} kept", actor=actor, reason=note)
        await book.reconcile_wallet(reseller.id, held=held, decision=decision, note=note, keep=keep)

    try:
        await write(work)
    except book.WalletFull as error:
        raise Refusal(_FULL) from error
    except book.WalletTooLow as error:
        raise Refusal(f"the wallet of {name} has moved meanwhile, or would fall below zero: look again") from error
    return await book.balance(reseller.id)


async def change(
    name: str, *, tier: str | None, spelling: str | None, frozen: bool | None, actor: str = OWNER, reason: str = ""
) -> Reseller:
    """Set what is given, leave the rest."""
    reseller = await named(name)
    told = {"tier": tier, "spelling": spelling}
    changes = [f"{what} = {value}" for what, value in told.items() if value is not None]
    detail = ", ".join([*changes, *([] if frozen is None else ["frozen" if frozen else "no longer frozen"])])

    async def work() -> None:
        await store.update(reseller.id, tier=tier, spelling=spelling, frozen=frozen)
        await _record(reseller, "changed", detail, actor=actor, reason=reason)
        await signals.raise_signal(signals.KEYS)

    await write(work)
    return await store.get(reseller.id)


async def add_key(name: str, rules: KeyRules, *, actor: str = OWNER, reason: str = "") -> str:
    """Another key for a reseller, shown this once."""
    reseller = await named(name)
    key = make_key()

    async def work() -> None:
        await _insert_key(reseller.id, key, rules)
        await _record(reseller, "key made", _told(shown_part(key), rules), actor=actor, reason=reason)

    await write(work)
    return key


async def change_key(prefix: str, changes: Mapping[str, object], *, actor: str = OWNER, reason: str = "") -> KeyRules:
    """Set what is given of the rules of a live key, by their names, in every process; the rules as they are then."""

    async def work() -> KeyRules:
        row = await _only_live(prefix)
        rules = msgspec.convert({**msgspec.structs.asdict(row.rules), **changes}, KeyRules, strict=False)
        await store.update_key(row.id, rules)
        await _record(await store.get(row.reseller), "key changed", _told(prefix, rules), actor=actor, reason=reason)
        await signals.raise_signal(signals.KEYS)
        return rules

    return await write(work)


async def revoke_key(prefix: str, *, actor: str = OWNER, reason: str = "") -> None:
    """Make a key useless at once, in every process."""

    async def work() -> None:
        row = await _only_live(prefix)
        await store.revoke(prefix)
        await _record(await store.get(row.reseller), "key revoked", prefix, actor=actor, reason=reason)
        await signals.raise_signal(signals.KEYS)

    await write(work)


async def _only_live(prefix: str) -> KeyRow:
    found = await store.live_keys(prefix)
    if len(found) > 1:
        raise Refusal(f"several keys begin with {prefix}: give more of it")
    if not found:
        raise Refusal(f"no live key begins with {prefix}")
    return found[0]


def _told(prefix: str, rules: KeyRules) -> str:
    """A key and what it says for itself, as a decision tells it."""
    said = {name: value for name, value in msgspec.structs.asdict(rules).items() if value != getattr(KeyRules(), name)}
    return ", ".join([prefix, *(f"{name} = {value}" for name, value in said.items())])


async def named(name: str) -> Reseller:
    reseller = await store.find(name)
    if reseller is None:
        raise Refusal(f"there is no reseller named {name}")
    return reseller


async def _record(reseller: Reseller, verdict: str, detail: str, *, actor: str, reason: str) -> int:
    return await decisions.record("reseller", reseller.id, verdict, detail, actor=actor, reason=reason)


async def _insert_key(reseller: int, key: str, rules: KeyRules) -> None:
    await store.insert_key(reseller, prefix=shown_part(key), digest=digest(key), rules=rules)
