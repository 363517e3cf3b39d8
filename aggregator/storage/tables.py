"""Every table on one page. Money is in whole 1e-8 of the panel's currency, times are milliseconds since 1970 UTC.

What the database itself promises (checks, unique references, one live attempt an order) stands in `migrations/`.
"""

from __future__ import annotations

from piccolo.columns import BigInt, BigSerial, Boolean, Integer, Text
from piccolo.table import Table


class Reseller(Table, tablename="resellers"):
    """Who buys."""

    id = BigSerial(primary_key=True)
    name = Text()
    tier = Text()
    spelling = Text()
    frozen = Boolean()
    created_at = BigInt()


class ApiKey(Table, tablename="api_keys"):
    """What a reseller proves itself with: only the hash of it."""

    id = BigSerial(primary_key=True)
    reseller = BigInt()
    prefix = Text()
    digest = Text()
    label = Text(default="")
    addresses = Text(default="")
    spelling = Text(null=True, default=None)
    requests_per_second = Text(null=True, default=None)
    read_only = Boolean()
    same_link = Text()
    duplicate_seconds = Integer(default=0)
    created_at = BigInt()
    revoked_at = BigInt(null=True, default=None)


class Person(Table, tablename="people"):
    """Who signs in to the pages."""

    id = BigSerial(primary_key=True)
    name = Text()
    role = Text()
    reseller = BigInt(null=True, default=None)
    password = Text()
    totp = Text(null=True, default=None)
    totp_step = BigInt(default=0)
    recovery = Text(default="[]")
    created_at = BigInt()
    signed_in_at = BigInt(null=True, default=None)


class Session(Table, tablename="sessions"):
    """A browser in which somebody is signed in: only the hash of what it holds."""

    digest = Text(primary_key=True)
    person = BigInt()
    stage = Text()
    created_at = BigInt()
    seen_at = BigInt()


class Invite(Table, tablename="invites"):
    """A way in for a reseller, good once: only the hash of it."""

    digest = Text(primary_key=True)
    reseller = BigInt(null=True, default=None)
    author = Text()
    created_at = BigInt()
    expires_at = BigInt()
    used_at = BigInt(null=True, default=None)


class Wallet(Table, tablename="wallets"):
    """What a reseller has to spend; moves only together with an entry."""

    reseller = BigInt(primary_key=True)
    currency = Text()
    balance = BigInt()


class Entry(Table, tablename="entries"):
    """One movement of money from one account to another; never changed, never deleted."""

    id = BigSerial(primary_key=True)
    source = Text()
    target = Text()
    amount = BigInt()
    reference = Text()
    reseller = BigInt(null=True, default=None)
    order_id = BigInt(null=True, default=None)
    decision = BigInt(null=True, default=None)
    note = Text()
    balance = BigInt(null=True, default=None)
    at = BigInt()


class Order(Table, tablename="orders"):
    """The promise to the reseller. Queued rows are the queue."""

    id = BigSerial(primary_key=True)
    reseller = BigInt()
    service = BigInt()
    type = Text()
    link = Text()
    quantity = BigInt()
    runs = BigInt(default=1)
    fields = Text()
    link_key = Text()
    same_link = Text()
    rate = BigInt()
    rate_per = Integer()
    charge = BigInt()
    refunded = BigInt(default=0)
    undelivered = BigInt(default=0)
    state = Text()
    phase = Text()
    held = Text(null=True, default=None)
    cancel_wish = Boolean(default=False)
    start_count = BigInt(null=True, default=None)
    remains = BigInt()
    runs_done = BigInt(null=True, default=None)
    delivery_seen = Boolean(default=False)
    sight = Text(null=True, default=None)
    sight_at = BigInt(null=True, default=None)
    request_id = Text(null=True, default=None)
    custom_id = Text(null=True, default=None)
    payload = Text()
    watched = Boolean(default=False)
    asked_service = BigInt(null=True, default=None)
    parked_at = Text(null=True, default=None)
    due_at = BigInt()
    created_at = BigInt()
    ended_at = BigInt(null=True, default=None)


class Attempt(Table, tablename="attempts"):
    """One try at one provider, written before the request leaves."""

    id = BigSerial(primary_key=True)
    order_id = BigInt()
    provider = Text()
    service = Text()
    outcome = Text()
    upstream_order = Text(null=True, default=None)
    cost = BigInt()
    cost_theirs = Text()
    currency = Text()
    fx = Text()
    deadline_at = BigInt()
    error = Text(null=True, default=None)
    error_text = Text(null=True, default=None)
    reply = Text(null=True, default=None)
    highest_charge = Text(null=True, default=None)
    last_charge = Text(null=True, default=None)
    stated_charges = Text(null=True, default=None)
    spent = BigInt(null=True, default=None)
    returned = BigInt(null=True, default=None)
    overcharge = Text(null=True, default=None)
    overcharged_at = BigInt(null=True, default=None)
    package_units = BigInt(null=True, default=None)
    cancel_at = BigInt(null=True, default=None)
    cancel_due_at = BigInt(null=True, default=None)
    cancel_asks = Integer(default=0)
    cancel_answer = Text(null=True, default=None)
    lost_since = BigInt(null=True, default=None)
    poll_at = BigInt(null=True, default=None)
    given_order = Text(null=True, default=None)
    superseded_at = BigInt(null=True, default=None)
    whole_at = BigInt(null=True, default=None)
    revived_at = BigInt(null=True, default=None)
    created_at = BigInt()
    answered_at = BigInt(null=True, default=None)
    overserved = BigInt(default=0)
    overserved_seen = BigInt(default=0)
    overserved_at = BigInt(null=True, default=None)
    call_off = Boolean(default=False)
    unstopped_at = BigInt(null=True, default=None)
    door = Text(null=True, default=None)
    reply_status = Integer(null=True, default=None)
    judged_word = BigInt(null=True, default=None)


class SentReference(Table, tablename="sent_references"):
    """Our own id of an attempt as its provider was told it, and the door (address, key, parameter) it went through."""

    attempt = BigInt(primary_key=True)
    reference = Text()
    door = Text()


class AccountDoor(Table, tablename="account_doors"):
    """A door (address and key) to a provider that the owner calls the same account as others with that `account`."""

    id = BigSerial(primary_key=True)
    provider = Text()
    door = Text()
    account = Text()
    at = BigInt()


class Baseline(Table, tablename="baselines"):
    """Our account at a provider as it last stood with nothing in doubt, and when to look at it again."""

    provider = Text(primary_key=True)
    due_at = BigInt(default=0)
    account = Text()


class Observation(Table, tablename="observations"):
    """What was seen of an attempt that nobody answered, and what follows from it by which rule."""

    id = BigSerial(primary_key=True)
    attempt = BigInt()
    rule = Text()
    verdict = Text()
    facts = Text()
    at = BigInt()


class Refill(Table, tablename="refills"):
    """A reseller's request to refill an order; sent by the worker at most once."""

    id = BigSerial(primary_key=True)
    order_id = BigInt()
    reseller = BigInt()
    attempt = BigInt()
    provider = Text()
    state = Text()
    upstream_refill = Text(null=True, default=None)
    error = Text(null=True, default=None)
    deadline_at = BigInt(null=True, default=None)
    due_at = BigInt(null=True, default=None)
    created_at = BigInt()
    ended_at = BigInt(null=True, default=None)


class Decision(Table, tablename="decisions"):
    """What a person, or a rule on evidence, decided, and why."""

    id = BigSerial(primary_key=True)
    subject = Text()
    subject_id = BigInt()
    verdict = Text()
    detail = Text()
    actor = Text()
    reason = Text()
    at = BigInt()


class UsedForm(Table, tablename="used_forms"):
    """The token of a form that moved money: it moves no more."""

    token = Text(primary_key=True)
    at = BigInt()


class Event(Table, tablename="events"):
    """The history of an order, a line each."""

    id = BigSerial(primary_key=True)
    order_id = BigInt()
    state = Text()
    text = Text()
    kind = Text(null=True, default=None)
    at = BigInt()


class Provider(Table, tablename="providers"):
    """What all processes know of a provider at run time; its configuration is in providers.toml."""

    name = Text(primary_key=True)
    balance = Text(null=True, default=None)
    currency = Text(null=True, default=None)
    currency_change = Text(null=True, default=None)
    balance_at = BigInt(null=True, default=None)
    balance_due_at = BigInt(default=0)
    sync_due_at = BigInt(default=0)
    synced_at = BigInt(null=True, default=None)
    sync_error = Text(null=True, default=None)
    failures = Integer(default=0)
    rest_until = BigInt(default=0)
    rest_reason = Text(null=True, default=None)
    held_catalogue = Text(null=True, default=None)
    catalogue_doubt = Text(null=True, default=None)
    approved_at = BigInt(null=True, default=None)
    multi_status = Boolean(null=True, default=None)
    batch_size = Integer(null=True, default=None)
    learned_of = Text(null=True, default=None)
    ids_restarted_at = BigInt(null=True, default=None)
    door = Text(null=True, default=None)
    too_large = BigInt(null=True, default=None)
    too_large_at = BigInt(null=True, default=None)
    charge_digits = Integer(default=0)
    call_offs_doubted_at = BigInt(null=True, default=None)
    call_offs_looked_at = BigInt(null=True, default=None)


class BalanceDay(Table, tablename="balance_days"):
    """A provider's balance from the first look of a day to that of the next, and whether our orders explain it."""

    id = BigSerial(primary_key=True)
    provider = Text()
    currency = Text(null=True, default=None)
    opened_at = BigInt()
    looked_at = BigInt()
    balance = Text()
    judged_at = BigInt(null=True, default=None)
    lost = Text(null=True, default=None)
    due = Text(null=True, default=None)
    drift = Text(null=True, default=None)
    noise = Text(null=True, default=None)
    orders = Text(default="[]")
    accepted = Text(null=True, default=None)
    told_at = BigInt(null=True, default=None)


class BalanceMove(Table, tablename="balance_moves"):
    """A provider's balance that was another one at the next look."""

    id = BigSerial(primary_key=True)
    provider = Text()
    since = BigInt()
    at = BigInt()
    before = Text()
    after = Text()


class DueRefund(Table, tablename="due_refunds"):
    """Units of an order that did not come, by its provider's word: their cost should be in our balance there."""

    id = BigSerial(primary_key=True)
    provider = Text()
    order_id = BigInt()
    attempt = BigInt()
    units = BigInt()
    since = BigInt()
    at = BigInt()


class Listing(Table, tablename="listings"):
    """A service as a provider last published it."""

    id = BigSerial(primary_key=True)
    provider = Text()
    service = Text()
    name = Text()
    category = Text()
    type = Text()
    rate = Text(null=True, default=None)
    currency = Text(null=True, default=None)
    minimum = BigInt()
    maximum = BigInt(null=True, default=None)
    refill = Boolean(null=True, default=None)
    cancel = Boolean(null=True, default=None)
    dripfeed = Boolean(null=True, default=None)
    description = Text()
    flaw = Text(null=True, default=None)
    missing = Integer(default=0)
    held = Text(null=True, default=None)
    held_row = Text(null=True, default=None)
    agreed_rate = Text(null=True, default=None)
    agreed_over = Text(null=True, default=None)
    step = BigInt(null=True, default=None)
    refill_refused = Boolean(default=False)
    cancel_refused = Boolean(default=False)
    rest_until = BigInt(default=0)
    rest_count = Integer(default=0)
    updated_at = BigInt()


class Finding(Table, tablename="findings"):
    """What a provider's refusal told of a service, against what it publishes; asked again after `again_at`."""

    id = BigSerial(primary_key=True)
    provider = Text()
    service = Text()
    kind = Text()
    value = BigInt(null=True, default=None)
    said = Text()
    times = Integer(default=1)
    learned_at = BigInt()
    again_at = BigInt()
    offered_at = BigInt(null=True, default=None)


class Change(Table, tablename="changes"):
    """The feed of what changed at providers, newest last."""

    id = BigSerial(primary_key=True)
    provider = Text()
    service = Text()
    name = Text()
    kind = Text()
    before = Text()
    now = Text()
    at = BigInt()


class Word(Table, tablename="words"):
    """A text of a provider's that nobody had understood, and what the owner says it means."""

    id = BigSerial(primary_key=True)
    provider = Text()
    kind = Text()
    text = Text()
    reply = Text()
    times = BigInt(default=1)
    meaning = Text(null=True, default=None)
    first_at = BigInt()
    last_at = BigInt()
    moving = Boolean(default=False)
    explained_by = Text(null=True, default=None)
    explained_why = Text(null=True, default=None)
    explained_at = BigInt(null=True, default=None)


class ImportedService(Table, tablename="imported_services"):
    """The id under which we sell what no `[[service]]` names; given once, for ever."""

    id = BigSerial(primary_key=True)
    provider = Text()
    service = Text()


class ShelfLine(Table, tablename="shelf_lines"):
    """A service of ours as it was last told to everyone; `rate` is for nobody in particular."""

    service = BigInt(primary_key=True)
    name = Text()
    rate = BigInt()
    rate_per = Integer()
    sold = Boolean()
    offers = Text(default="[]")


class ShelfNews(Table, tablename="shelf_news"):
    """The public feed of what changed on our shelf, newest last; rates are for nobody in particular."""

    id = BigSerial(primary_key=True)
    service = BigInt()
    name = Text()
    kind = Text()
    before = BigInt(null=True, default=None)
    now = BigInt(null=True, default=None)
    rate_per = Integer()
    at = BigInt()


class Revision(Table, tablename="revisions"):
    """A text of markup.toml or services.toml that prices were made from; the newest of each counts."""

    id = BigSerial(primary_key=True)
    file = Text()
    text = Text()
    author = Text()
    at = BigInt()


class AuditRun(Table, tablename="audits"):
    """What a run of the audit found; a green one with marks is a checkpoint, one with a hash a link of the chain."""

    id = BigSerial(primary_key=True)
    slot = BigInt(null=True, default=None)
    complete = Boolean()
    at = BigInt()
    milliseconds = BigInt(null=True, default=None)
    checked = BigInt(null=True, default=None)
    green = Boolean(null=True, default=None)
    failure = Text(null=True, default=None)
    red = Text()
    marks = Text(null=True, default=None)
    linked_to = BigInt(null=True, default=None)
    hash = Text(null=True, default=None)


class AuditSum(Table, tablename="audit_sums"):
    """What all entries up to the newest checkpoint moved into an account, less what they moved out.

    As `storage.totals` keeps a sum.
    """

    account = Text(primary_key=True)
    moved = BigInt()
    moved_high = BigInt(default=0)


class Halt(Table, tablename="halts"):
    """What stands still since a red audit: an order, the orders of a reseller, or, where both are null, everything."""

    id = BigSerial(primary_key=True)
    audit = BigInt()
    promise = Text()
    reseller = BigInt(null=True, default=None)
    order_id = BigInt(null=True, default=None)


class Day(Table, tablename="days"):
    """A day as it stood at its end, and what its orders got back or cost since; null = not counted yet.

    Sums as `storage.totals` keeps them.
    """

    start = BigInt(primary_key=True)
    orders = BigInt(null=True, default=None)
    charged = BigInt(null=True, default=None)
    charged_high = BigInt(default=0)
    revenue = BigInt(null=True, default=None)
    revenue_high = BigInt(default=0)
    refunded = BigInt(null=True, default=None)
    refunded_high = BigInt(default=0)
    cost = BigInt(null=True, default=None)
    cost_high = BigInt(default=0)
    late_refunded = BigInt(default=0)
    late_refunded_high = BigInt(default=0)
    late_cost = BigInt(default=0)
    late_cost_high = BigInt(default=0)


class Signal(Table, tablename="signals"):
    """Counters that tell the other processes what to look at again."""

    name = Text(primary_key=True)
    value = BigInt()


class Migration(Table, tablename="migrations"):
    """Which steps this database has taken."""

    id = Integer(primary_key=True)
    at = BigInt()


TABLES = (
    Reseller, ApiKey, Person, Session, Invite, Wallet, Entry, Order, Attempt, SentReference, AccountDoor, Baseline,
    Observation, Refill, Decision, UsedForm, Event, Provider, BalanceDay, BalanceMove, DueRefund, Listing, Finding,
    Change, Word, ImportedService, ShelfLine, ShelfNews, Revision, AuditRun, AuditSum, Halt, Day, Signal, Migration,
)  # fmt: skip

INDEXES = {
    "account_doors_provider": "the database itself counts a door of a provider to one account",
    "api_keys_prefix": "a key is shown, changed and revoked by its beginning; its digest, which is unique, finds it",
    "attempts_call_off": "what is overserved and to be called off: none, most of the time",
    "attempts_called_off": "how many orders a provider called off of late, whenever one of them comes alive again",
    "attempts_due": "each provider is polled for what is due there, and nobody looks at what is not followed any more",
    "attempts_live": "the database itself keeps an order from running at two providers",
    "attempts_named": "searches by a provider's id; who had it before, for each order that is taken",
    "attempts_order": "an order's attempts: before each dispatch, with each order that is shown, at each audit",
    "attempts_overcharged": "what a provider took above its list within a day: at each sync, and on the owner's pages",
    "attempts_placing": "the sweeper asks every few seconds for what is past its deadline: a handful, always",
    "attempts_provider": "the console's orders of one provider, newest first",
    "attempts_revived": "those of them that came alive again: a handful, always",
    "attempts_unsure": "evidence asks for the unsure ones of a provider: a handful among millions",
    "attempts_upstream": "the database itself keeps a provider's order from belonging to two that are followed",
    "audits_links": "the chain of hashes is walked from link to link",
    "balance_moves_at": "what a provider's balance did in the last two days",
    "decisions_subject": "an order, a reseller or a key is shown with all that was decided about it",
    "due_refunds_at": "what should have come back from a provider in the last two days",
    "due_refunds_order": "an audit adds up what should have come back for each order",
    "entries_order": "an order's entries: with each order that is shown, and page by page at an audit",
    "entries_reseller": "a reseller's statement, newest first; the unique reference keeps money from moving twice",
    "events_order": "an order is shown with its history",
    "findings_service": "what a refusal told of a service is kept once, and laid over its listing",
    "halts_order": "before an order is sent out or paid back it is asked whether it stands still",
    "halts_reseller": "the same of its reseller",
    "imported_services_service": "the database itself gives a provider's service one id of ours, for ever",
    "listings_service": "a sync overwrites the row of each service that it was told of",
    "observations_attempt": "what was seen of an unsure attempt, oldest first",
    "orders_custom_id": "the database itself makes one order of two requests with one custom id",
    "orders_ended": "average times and shares of the last 30 days, and the figures by day",
    "orders_held": "what waits for the owner is counted on every page of the console",
    "orders_open": "what is under way is counted and shown; a few thousand among millions",
    "orders_parked": "what waits for room at one provider is claimed there, one reseller after the other",
    "orders_queue": "the dispatcher asks for what is due, several times a second",
    "orders_repeats": "a repeat without an id is found among those of keys that look for them, and of no others",
    "orders_request_id": "the database itself makes one order of two requests with one id",
    "orders_reseller": "a reseller's orders, newest first, and how many there are",
    "orders_same_link": "before an order is sent out, others that run for its link; nothing ended is in it",
    "orders_wished": "cancels that were wished for are passed on: none, most of the time",
    "people_reseller": "who may sign in for a reseller",
    "refills_due": "each provider is asked for the refills that are due there",
    "refills_order": "an order is shown with its refills",
    "refills_running": "the database itself keeps an order from being refilled twice at once",
    "revisions_file": "a file's history, newest first",
    "sessions_person": "whoever changes a password is signed out everywhere else",
    "words_moving": "the sweeper asks every second for words whose orders still wait: none, most of the time",
    "words_text": "what a provider says that nobody understands is kept once",
}
"""Every index besides those of unique columns, and the question that is asked too often to be answered without.

Each costs a page at most commits that touch its table: what is asked by an owner now and then has none.
"""
