"""Judges the kept replies of unsure orders again once somebody has said what their provider's words mean.

What would be a refusal goes on as one, by that person's decision; not before its deadline and the time in which orders
may still appear (PROTOCOL.md, "Words that nobody knows").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import structlog
from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog.upstream import word_store, words
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.catalog.upstream.word_store import WordRow
from aggregator.orders import attempt_store
from aggregator.orders.attempt_store import Followed
from aggregator.orders.dispatching import failover, reference_store
from aggregator.orders.dispatching.failover import GiveUp, Go
from aggregator.orders.dispatching.reference_store import Sent
from aggregator.orders.dispatching.routing import Market, Router
from aggregator.orders.dispatching.submit import submission_of
from aggregator.orders.model import KEPT_OF_A_REPLY, Attempt, Order, Undecidable
from aggregator.orders.state import Outcome
from aggregator.orders.unsure import evidence_store, resolve
from aggregator.orders.unsure.evidence_store import Look, Rule, Seen
from aggregator.storage import clock
from providers.adapter import JudgesAgain
from providers.errors import ProviderError, Refused

log = structlog.get_logger(__name__)

LINGER_MS = 600_000
"""How long after a word was explained another process may still have called an order unsure for want of it."""
REFUNDED, WAITS = "refunded", "waits"
"""Where an order goes that goes to no provider."""


class Outlook(Struct, frozen=True, kw_only=True):
    """What saying that a word means something would move."""

    orders: int = 0
    charged: int = 0
    """What their resellers paid (whole 1e-8)."""
    young: int = 0
    """Those of them that go on later: nobody can tell yet whether they will appear."""
    where: dict[str, int] = {}
    """How many to which provider; `REFUNDED`, or `WAITS` where nobody can take it now."""


async def waiting_for(word: WordRow, upstreams: Upstreams) -> list[Followed]:
    """The unsure orders that a word is a clear no to, by the meaning that it has; the oldest first."""
    if not words.is_clear_no(word):
        return []
    unsure = [one for one in await evidence_store.unsure_at(word.provider) if _is_kept_whole(one.attempt)]
    adapter = upstreams.speaking(word.provider, {word.text: word.meaning or ""}) if unsure else None
    if adapter is None:
        return []
    try:
        attempts = [one.attempt.id for one in unsure]
        sent, looks = await reference_store.references(attempts), await evidence_store.observed(attempts)
        return [
            one
            for one in unsure
            if isinstance(adapter, JudgesAgain)
            and not _is_seen_there(looks[one.attempt.id])
            and _is_refused(adapter, word, one, sent.get(one.attempt.id))
        ]
    finally:
        await adapter.aclose()


def _is_kept_whole(attempt: Attempt) -> bool:
    """Of a reply that was cut nobody knows what else it says; an id that was given is no no."""
    return attempt.reply is not None and 0 < len(attempt.reply) < KEPT_OF_A_REPLY and attempt.given_order is None


def _is_refused(adapter: JudgesAgain, word: WordRow, one: Followed, sent: Sent | None) -> bool:
    """Whether this word, and no other reason, makes the reply a refusal."""
    attempt = one.attempt
    try:
        # A status that was not kept yet is taken for the one with which the least is a no.
        adapter.judge_add(submission_of(one.order, attempt, sent), attempt.reply or "", attempt.reply_status or 200)
    except Refused as refused:
        return refused.code == word.meaning and words.is_spelled_so(word, refused.text)
    except ProviderError:
        return False
    return False


def _is_seen_there(looks: Sequence[Look]) -> bool:
    """Evidence that it was taken, or may have been, outweighs any words."""
    taken = any(look.verdict in (Seen.ACCEPTED, Seen.FOUND) for look in looks)
    listed = [look for look in looks if look.rule is Rule.LIST and look.verdict is not Seen.FAILED][-1:]
    return taken or any(look.verdict is Seen.OPEN and "order" in look.told for look in listed)


async def foresee(
    word: WordRow, upstreams: Upstreams, *, settle_ms: int, router: Router | None = None, give_up_ms: int = 0
) -> Outlook:
    """What a word would move with the meaning that it has here; where to, if there is a router to ask."""
    waiting = await waiting_for(word, upstreams)
    now = clock.now()
    where = Counter[str]()
    if router is not None and waiting:
        market = await router.look()
        for one in waiting:
            where[await _destination(word, one, router, market, give_up_ms)] += 1
    return Outlook(
        orders=len(waiting),
        charged=sum(one.order.charge for one in waiting),
        where=dict(where),
        young=sum(1 for one in waiting if now < one.attempt.deadline_at + settle_ms),
    )


async def _destination(word: WordRow, one: Followed, router: Router, market: Market, give_up_ms: int) -> str:
    if one.order.cancel_wish:
        return REFUNDED
    refused = replace(one.attempt, outcome=Outcome.REFUSED, error=word.meaning, answered_at=market.now)
    tried = [refused if past.id == refused.id else past for past in await attempt_store.of_order(one.order.id)]
    routes = await router.routes(one.order, tried, market)
    chosen = failover.choose(one.order, tried, routes, now=market.now, give_up_ms=give_up_ms)
    if isinstance(chosen, Go):
        return chosen.route.offer.provider
    return REFUNDED if isinstance(chosen, GiveUp) else WAITS


async def carry_out(upstreams: Upstreams, *, settle_ms: int) -> list[Order]:
    """Let go on what was explained and is old enough; what is too young, or stands still, is left for the next call."""
    return [order for word in await word_store.moving() for order in await _carry_out(word, upstreams, settle_ms)]


async def _carry_out(word: WordRow, upstreams: Upstreams, settle_ms: int) -> list[Order]:
    moved, waiting = list[Order](), await waiting_for(word, upstreams)
    for one in waiting:
        if clock.now() < one.attempt.deadline_at + settle_ms:
            continue
        try:
            moved.append(await resolve.refused(one.order.id, word, settle_ms=settle_ms, attempt_id=one.attempt.id))
        except Undecidable as error:
            log.info("word.moves_later", order=one.order.id, why=str(error))
    if len(moved) == len(waiting) and clock.now() - (word.explained_at or 0) > LINGER_MS:
        await word_store.end_moving(word)
    return moved
