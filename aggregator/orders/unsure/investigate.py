"""Finds out what became of adds whose answer was lost: by our reference, the provider's list, or our balance there.

What is proven is decided by rule, as the owner would decide it; the rest stays as it is. See providers/PROTOCOL.md,
"Evidence".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import structlog
from msgspec.structs import replace

from aggregator.catalog import store as catalog_store
from aggregator.catalog.model import ProviderRow
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.orders import attempt_store, store
from aggregator.orders.attempt_store import Followed
from aggregator.orders.dispatching import reference_store
from aggregator.orders.dispatching.reference_store import Sent
from aggregator.orders.dispatching.submit import door_of, submission_of
from aggregator.orders.model import Attempt, Undecidable
from aggregator.orders.track import Tracker
from aggregator.orders.unsure import accounting, evidence_store, listing, looks_at, resolve
from aggregator.orders.unsure.accounting import Accountant, Weighed
from aggregator.orders.unsure.evidence import Account, Doubtful, Glance, Void
from aggregator.orders.unsure.evidence_store import Look, Rule, Seen
from aggregator.orders.unsure.sightings import NotShown, Shown, Sighting
from aggregator.orders.upstream_ids import account_door_store, id_reuse
from aggregator.orders.upstream_ids.account_doors import Doors
from aggregator.settings import PaceSettings, ProviderSettings
from aggregator.storage import clock
from aggregator.storage.clock import HOUR_MS
from providers.adapter import Adapter
from providers.errors import ProviderError

log = structlog.get_logger(__name__)

LEASE_MS = 180_000
"""How long one process has an account to itself; one that died loses it then."""
LONGEST_PAUSE_MS = 1_800_000
REPEAT_WITHIN_MS = 12 * HOUR_MS
"""Panels that know a reference forget it some day; after this a repeat might be a new order."""
LEAST_UNOBSERVED_MS = 10_000
"""A balance that nobody read for so long may have moved unseen: then it says nothing of single adds."""
AT_ONCE_MS = 10_000
"""How soon after an add the balance must have been read to tell that nothing was taken for it."""
AT_ONCE = 20
"""Repeats in one round."""
BY_ANSWER = "answer"
"""The rule by which the provider's own answer counts once the id in it is nobody else's any more."""


class Investigator:
    """Looks at one provider at a time; does nothing there while nothing is unsure, but for a baseline now and then."""

    def __init__(self, upstreams: Upstreams, tracker: Tracker, pace: PaceSettings, wake: Callable[[], None]) -> None:
        self._upstreams = upstreams
        self._tracker = tracker
        # Balances are read at the pace of polls: after nearly twice that a look was missed.
        self._unobserved_ms = max(pace.poll_ms * 7 // 4, LEAST_UNOBSERVED_MS)
        self._accountant = Accountant(self._unobserved_ms)
        self._wake = wake
        self._settle_ms = pace.settle_ms
        self._gap_ms = max(self._settle_ms // 4, 200)

    async def run_once(self, provider: str) -> bool:
        """One round at one provider, where it is due; whether anything was looked at."""
        adapter, settings = self._upstreams.adapter(provider), self._upstreams.settings(provider)
        if adapter is None or settings is None:
            return False
        account, due_at = await evidence_store.account(provider)
        if clock.now() < due_at:
            return False
        doors = await account_door_store.doors_of(adapter.profile)
        account = accounting.at_door(account, doors)
        # What went to another account cannot be seen at this one.
        unsure = [one for one in await evidence_store.unsure_at(provider) if doors.lead_to(one.attempt.door)]
        row = await catalog_store.provider(provider)
        wants_list = not unsure and await self._wants_list(adapter, account)
        if not wants_list and not self._has_work(account, unsure, row, settings):
            return False
        if not await evidence_store.claim(provider, until=clock.now() + LEASE_MS):
            return False
        pause = self._gap_ms
        try:
            account = accounting.note_balance(account, row, unobserved_ms=self._unobserved_ms)
            account = accounting.since_restart(account, row)
            if wants_list:
                account = await self._remember_list(adapter, account)
            if unsure:
                account = await self._investigate(adapter, settings, unsure, account, row, doors)
                pause = self._pause(unsure)
            elif self._wants_baseline(account, row, settings):
                account = await self._accountant.renew(adapter, settings, account)
                pause = self._gap_ms if account.last is not None else self._settle_ms
        finally:
            await evidence_store.put_account(provider, account, due_at=clock.now() + pause)
        return True

    async def note_balance(self, provider: str) -> None:
        """The balance was just read: every look counts for what came in, also while nothing is unsure."""
        adapter, (account, _) = self._upstreams.adapter(provider), await evidence_store.account(provider)
        if adapter is None or account.baseline is None:
            return
        account = accounting.at_door(account, await account_door_store.doors_of(adapter.profile))
        if account.baseline is not None:
            row = await catalog_store.provider(provider)
            await evidence_store.put_account(
                provider, accounting.note_balance(account, row, unobserved_ms=self._unobserved_ms)
            )

    async def glance(self, attempt: Attempt, balance: Decimal, begun: int) -> None:
        """The balance was just read, begun at a moment, because this add had no answer; kept where that was at once.

        What others read meanwhile may be from before the add: only this reading counts.
        """
        settings = self._upstreams.settings(attempt.provider)
        adapter = self._upstreams.adapter(attempt.provider)
        if settings is None or adapter is None or _is_balance_useless(settings):
            return
        await self.note_balance(attempt.provider)
        doors = await account_door_store.doors_of(adapter.profile)
        account, _ = await evidence_store.account(attempt.provider)
        now = await attempt_store.of_order(attempt.order_id)
        answered = next((one.answered_at for one in now if one.id == attempt.id), None)
        if answered is None or account.baseline is None or not doors.lead_to(attempt.door):
            return
        if clock.now() - min(answered, attempt.deadline_at) <= AT_ONCE_MS:
            seen = Glance(balance=balance, at=begun, risen=account.risen, fallen=account.fallen)
            await evidence_store.keep_glance(attempt.id, seen)

    async def _wants_list(self, adapter: Adapter, account: Account) -> bool:
        """Only a list from before an add tells what is younger: one is read now and then, where orders are sent."""
        if listing.listing(adapter) is None or clock.now() - account.listed_at < listing.LIST_AGAIN_MS:
            return False
        known = account.lists
        return known.since is None or await evidence_store.newest_attempt() > known.newest

    async def _remember_list(self, adapter: Adapter, account: Account) -> Account:
        account = replace(account, listed_at=clock.now())
        lister = listing.listing(adapter)
        assert lister is not None
        try:
            _, lists = await listing.read(lister, account.lists)
        except ProviderError as error:
            log.info("list.unreadable", provider=adapter.profile.name, code=error.code)
            return account
        return replace(account, lists=lists)

    def _has_work(
        self, account: Account, unsure: Sequence[Followed], row: ProviderRow, settings: ProviderSettings
    ) -> bool:
        if unsure:
            return (
                bool(self._ripe(unsure))
                or accounting.note_balance(account, row, unobserved_ms=self._unobserved_ms) != account
            )
        return self._wants_baseline(account, row, settings)

    def _wants_baseline(self, account: Account, row: ProviderRow, settings: ProviderSettings) -> bool:
        """None is kept where a repeat tells everything, or the balance nothing."""
        return not _is_balance_useless(settings) and accounting.wants_baseline(
            account, row, now=clock.now(), rest_ms=self._settle_ms
        )

    def _ripe(self, unsure: Sequence[Followed]) -> list[Followed]:
        """What may be asked about: evidence too soon after an add is none."""
        now = clock.now()
        return [one for one in unsure if now >= self._ripe_at(one)]

    def _ripe_at(self, one: Followed) -> int:
        return one.attempt.deadline_at + self._settle_ms

    def _pause(self, unsure: Sequence[Followed]) -> int:
        """The older the doubt, the rarer the looks."""
        age = clock.now() - max(self._ripe_at(one) for one in unsure)
        return min(max(self._gap_ms, age // 8), LONGEST_PAUSE_MS)

    async def _investigate(
        self,
        adapter: Adapter,
        settings: ProviderSettings,
        unsure: Sequence[Followed],
        account: Account,
        row: ProviderRow,
        doors: Doors,
    ) -> Account:
        ripe = self._ripe(unsure)
        if not ripe:
            return account
        looks = await evidence_store.observed([one.attempt.id for one in unsure])
        left = await self._take_freed(ripe)
        left = await self._repeat(adapter, settings, left, row)
        left, account = await self._read_list(adapter, left, unsure, looks, account, doors)
        account = accounting.since_restart(account, await catalog_store.provider(row.name))
        if not left or settings.debits_late or len(ripe) < len(unsure):
            return account
        return await self._read_account(adapter, settings, unsure, left, looks, account)

    async def _take_freed(self, ripe: Sequence[Followed]) -> list[Followed]:
        """Those whose given id was another order's until now are found; those that are still unsure."""
        left = []
        for one in ripe:
            given = one.attempt.given_order
            freed = given is not None and await id_reuse.free_by_now(one.attempt)
            if given is None or not freed or not await self._follow(one, given, BY_ANSWER, {"order": given}):
                left.append(one)
        return left

    async def _repeat(
        self, adapter: Adapter, settings: ProviderSettings, ripe: Sequence[Followed], row: ProviderRow
    ) -> list[Followed]:
        """Ask again with the same reference, where that cannot order twice; those that are still unsure."""
        now, profile = clock.now(), adapter.profile
        if not profile.dialect.reference_dedupes or not settings.enabled or row.rest_until > now:
            return list(ripe)
        sent = await reference_store.references([one.attempt.id for one in ripe])
        door = door_of(profile)
        free = await store.not_halted([one.order.id for one in ripe])
        may = [
            one
            for one in ripe
            if (told := sent.get(one.attempt.id)) is not None
            and one.order.id in free
            and told.door == door
            and now - one.attempt.created_at < REPEAT_WITHIN_MS
        ][:AT_ONCE]
        answered = await asyncio.gather(*(self._ask_again(adapter, one, sent[one.attempt.id]) for one in may))
        found = {one.attempt.id for one, done in zip(may, answered, strict=True) if done}
        return [one for one in ripe if one.attempt.id not in found]

    async def _ask_again(self, adapter: Adapter, one: Followed, sent: Sent) -> bool:
        try:
            placement = await adapter.add(submission_of(one.order, one.attempt, sent))
        except ProviderError as error:
            said = {"error": error.code, "text": error.text, "reply": error.raw}
            await evidence_store.note(one.attempt.id, Rule.REFERENCE, Seen.FAILED, said)
            return False
        facts = {"reference": sent.reference, "order": placement.order, "reply": placement.raw}
        return await self._found(one, placement.order, Rule.REFERENCE, facts)

    async def _read_list(
        self,
        adapter: Adapter,
        left: Sequence[Followed],
        unsure: Sequence[Followed],
        looks: Mapping[int, list[Look]],
        account: Account,
        doors: Doors,
    ) -> tuple[list[Followed], Account]:
        """Look for the orders in the provider's list of them; those that are still unsure."""
        lister = listing.listing(adapter)
        if not left or lister is None:
            return list(left), account
        account = replace(account, listed_at=clock.now())
        try:
            rows, lists = await listing.read(lister, account.lists)
        except ProviderError as error:
            for one in left:
                said = {"error": error.code, "text": error.text}
                await evidence_store.note(one.attempt.id, Rule.LIST, Seen.FAILED, said)
            return list(left), account
        verdicts = await listing.judge(adapter.profile.name, rows, unsure, lists, doors)
        facts = {"listed": len(rows)}
        still = [
            one for one in left if not await self._sighted(one, verdicts[one.attempt.id], facts, looks[one.attempt.id])
        ]
        return still, replace(account, lists=lists)

    async def _sighted(
        self, one: Followed, sighting: Sighting, facts: Mapping[str, object], looks: Sequence[Look]
    ) -> bool:
        if isinstance(sighting, Shown):
            return await self._found(one, sighting.order, Rule.LIST, {**facts, "order": sighting.order})
        if isinstance(sighting, NotShown):
            return await self._absent(one, Rule.LIST, facts, looks)
        told = {**facts, "why": sighting.reason} | ({"order": sighting.order} if sighting.order else {})
        await evidence_store.note(one.attempt.id, Rule.LIST, Seen.OPEN, told)
        return False

    async def _read_account(
        self,
        adapter: Adapter,
        settings: ProviderSettings,
        unsure: Sequence[Followed],
        left: Sequence[Followed],
        looks: Mapping[int, list[Look]],
        account: Account,
    ) -> Account:
        """Weigh what is missing; what the list may show, though not clearly, is not called absent."""
        taken = frozenset(attempt for attempt, seen in looks.items() if looks_at.known_taken(seen))
        settled_at = max(self._ripe_at(one) for one in unsure)
        weighed = await self._accountant.weigh(adapter, settings, account, settled_at=settled_at, taken=taken)
        verdict, baseline = weighed.verdict, account.baseline
        if verdict is None or baseline is None:
            return weighed.account
        facts: dict[str, object] = {"baseline": f"{baseline.balance:f}", "baseline_at": moment(baseline.at)}
        if weighed.account.last is not None and account.last is not None:
            facts |= {
                "balance": f"{weighed.account.last.balance:f}",
                "read_at": [moment(account.last.at), moment(weighed.account.last.at)],
            }
        if weighed.total is not None:
            facts |= {"missing": f"{weighed.total.missing:f}", "noise": f"{weighed.total.noise:f}"}
        for one in left:
            await self._weighed(one, weighed, facts, looks[one.attempt.id], decides=settings.balance_decides)
        return weighed.account

    async def _weighed(
        self,
        one: Followed,
        weighed: Weighed,
        facts: Mapping[str, object],
        looks: Sequence[Look],
        *,
        decides: bool,
    ) -> None:
        """A balance that stood still proves nothing of a provider that may debit later: its owner says so first."""
        attempt, verdict = one.attempt.id, weighed.verdict
        assert verdict is not None
        doubt = weighed.unproven.get(attempt)
        if isinstance(verdict, Void | Doubtful):
            await evidence_store.note(attempt, Rule.BALANCE, Seen.OPEN, {**facts, "why": verdict.reason})
        elif attempt in verdict.attempts:
            await evidence_store.note(attempt, Rule.BALANCE, Seen.ACCEPTED, facts)
        elif doubt is not None:
            await evidence_store.note(attempt, Rule.BALANCE, Seen.ABSENT, {**facts, "why": doubt})
        elif decides:
            await self._absent(one, Rule.BALANCE, facts, looks)
        else:
            await evidence_store.note(attempt, Rule.BALANCE, Seen.ABSENT, facts)

    async def _found(self, one: Followed, upstream: str, rule: Rule, facts: Mapping[str, object]) -> bool:
        await evidence_store.note(one.attempt.id, rule, Seen.FOUND, facts)
        return await self._follow(one, upstream, rule, facts)

    async def _follow(self, one: Followed, upstream: str, rule: str, facts: Mapping[str, object]) -> bool:
        try:
            order = await resolve.found(
                one.order.id,
                upstream,
                actor=evidence_store.actor_of(rule),
                reason=_say(facts),
                by_rule=True,
                attempt_id=one.attempt.id,
                proven=rule == Rule.LIST,
            )
        except Undecidable as error:
            log.warning("evidence.unusable", order=one.order.id, rule=rule, why=str(error))
            return False
        await self._tracker.refresh([order])
        return True

    async def _absent(self, one: Followed, rule: Rule, facts: Mapping[str, object], looks: Sequence[Look]) -> bool:
        """Note it; decide by it where it has been so for long enough, and nothing says otherwise."""
        await evidence_store.note(one.attempt.id, rule, Seen.ABSENT, facts)
        since = looks_at.absent_since(looks, rule)
        if since is None or clock.now() - since < self._settle_ms or looks_at.contradicted(looks, rule):
            return False
        told = {**facts, "first_seen": moment(since)}
        try:
            order = await resolve.absent(
                one.order.id,
                actor=evidence_store.actor_of(rule),
                reason=_say(told),
                by_rule=True,
                settle_ms=self._settle_ms,
                attempt_id=one.attempt.id,
            )
        except Undecidable as error:
            log.warning("evidence.unusable", order=one.order.id, rule=rule, why=str(error))
            return False
        await self._tracker.refresh([order])
        self._wake()
        return True


def moment(at: int) -> str:
    """A time in milliseconds since 1970 as people read it."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_balance_useless(settings: ProviderSettings) -> bool:
    """Where a repeat tells everything, or the balance nothing."""
    return settings.debits_late or settings.profile.dialect.reference_dedupes


def _say(facts: Mapping[str, object]) -> str:
    return "; ".join(f"{name} {value}" for name, value in facts.items())[:1000]
