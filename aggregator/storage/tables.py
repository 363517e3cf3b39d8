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
    """Chosen by the owner, unique; what commands and pages call the reseller by."""
    tier = Text()
    """The group of buyers that rules of markup.toml may name; empty = none."""
    spelling = Text()
    """How replies of the API are written: auto, json or classic; of keys that say nothing else."""
    frozen = Boolean()
    """The owner has stopped it: no key of it orders, whatever is in the wallet."""
    created_at = BigInt()


class ApiKey(Table, tablename="api_keys"):
    """What a reseller proves itself with: only the hash of it."""

    id = BigSerial(primary_key=True)
    reseller = BigInt()
    """Whose key it is: `resellers.id`."""
    prefix = Text()
    """The first characters of the key, which may be shown again to tell keys apart."""
    digest = Text()
    """SHA-256 of the whole key, in hex; unique."""
    label = Text(default="")
    """Its reseller's own name for it."""
    addresses = Text(default="")
    """Networks from which it may be used, as `resellers.addresses` writes them; empty = from anywhere."""
    spelling = Text(null=True, default=None)
    """As of the reseller, which null leaves it to."""
    requests_per_second = Text(null=True, default=None)
    """A plain decimal; null = the limit of aggregator.toml, 0 = none."""
    read_only = Boolean()
    """It asks, and orders nothing."""
    same_link = Text()
    """What its orders meet while another for the link and service is open: allow, queue or refuse."""
    duplicate_seconds = Integer(default=0)
    """For how long the same request again is answered by the first order; 0 = it is another order."""
    created_at = BigInt()
    revoked_at = BigInt(null=True, default=None)


class Person(Table, tablename="people"):
    """Who signs in to the pages."""

    id = BigSerial(primary_key=True)
    name = Text()
    """What is typed to sign in, in small letters; unique."""
    role = Text()
    """reseller or owner."""
    reseller = BigInt(null=True, default=None)
    """Whose orders and wallet the person sees: `resellers.id`; null for owners."""
    password = Text()
    """An Argon2 hash with its salt and parameters, as `people.passwords` writes it."""
    totp = Text(null=True, default=None)
    """The secret of their one-time codes, encrypted as `people.encryption` does; null = no code is asked for."""
    totp_step = BigInt(default=0)
    """The newest step (30 seconds, counted from 1970) whose code was used: no code counts twice."""
    recovery = Text(default="[]")
    """Digests of the recovery codes that are left, as a JSON list."""
    created_at = BigInt()
    signed_in_at = BigInt(null=True, default=None)


class Session(Table, tablename="sessions"):
    """A browser in which somebody is signed in: only the hash of what it holds."""

    digest = Text(primary_key=True)
    """SHA-256 of the cookie's value, in hex."""
    person = BigInt()
    """`people.id`."""
    stage = Text()
    """code = the password was right and a code is owed, full = signed in."""
    created_at = BigInt()
    seen_at = BigInt()
    """When it was last used, to within a minute or so; one that is idle for too long ends."""


class Invite(Table, tablename="invites"):
    """A way in for a reseller, good once: only the hash of it."""

    digest = Text(primary_key=True)
    """SHA-256 of what stands in the address that was sent, in hex."""
    reseller = BigInt(null=True, default=None)
    """For whom the person will sign in: `resellers.id`; null = an owner."""
    author = Text()
    """Who invited: a person's name, or the user of the machine at the command line."""
    created_at = BigInt()
    expires_at = BigInt()
    used_at = BigInt(null=True, default=None)


class Wallet(Table, tablename="wallets"):
    """What a reseller has to spend; moves only together with an entry."""

    reseller = BigInt(primary_key=True)
    """`resellers.id`: one wallet each."""
    currency = Text()
    """The panel's, when the wallet was opened."""
    balance = BigInt()
    """What may be spent, in 1e-8: the sum of its entries, and never below 0."""


class Entry(Table, tablename="entries"):
    """One movement of money from one account to another; never changed, never deleted."""

    id = BigSerial(primary_key=True)
    source = Text()
    """The account that the money leaves: wallet:<id>, escrow, revenue, adjustment, gateway:<name>."""
    target = Text()
    """The account that it enters, named likewise."""
    amount = BigInt()
    """In 1e-8, above 0: the direction is in the accounts."""
    reference = Text()
    """What the money moved for, unique, so that nothing moves twice; `ledger.entries` builds every one."""
    reseller = BigInt(null=True, default=None)
    """Whose wallet it touches, or whose order it is for: `resellers.id`."""
    order_id = BigInt(null=True, default=None)
    decision = BigInt(null=True, default=None)
    """By whose decision it moved: `decisions.id`; null = by rule."""
    note = Text()
    """For the reseller's statement; empty where the reference says all."""
    balance = BigInt(null=True, default=None)
    """Of the wallet right after it, in 1e-8; null = it touches no wallet."""
    at = BigInt()


class Order(Table, tablename="orders"):
    """The promise to the reseller. Queued rows are the queue."""

    id = BigSerial(primary_key=True)
    reseller = BigInt()
    service = BigInt()
    """Our id, of services.toml or of `imported_services`."""
    type = Text()
    """The order type of the service when it was bought, as `providers.vocabulary.ServiceType` spells it."""
    link = Text()
    """As the client wrote it."""
    quantity = BigInt()
    """Billed units, of all runs together."""
    runs = BigInt(default=1)
    """Runs of a drip-feed, posts of a subscription; each takes quantity / runs units."""
    fields = Text()
    """What its type takes besides (comments, delay, usernames ...), as a JSON object by field name."""
    link_key = Text()
    """The link in the form that equal links share, as `orders.intake.links.link_key` makes it."""
    same_link = Text()
    """What it meets while another for its link and service is open: allow, queue or refuse."""
    rate = BigInt()
    """What its reseller pays for `rate_per` units, in 1e-8; fixed when it was accepted."""
    rate_per = Integer()
    """1,000, or 1 for package types."""
    charge = BigInt()
    """What was taken from the wallet, in 1e-8; never changed."""
    refunded = BigInt(default=0)
    """What was paid back of the charge so far, in 1e-8."""
    undelivered = BigInt(default=0)
    """Units that were paid back so far: they never come."""
    state = Text()
    """`orders.state.OrderState`: where it stands with us."""
    phase = Text()
    """The furthest open phase that its reseller was told: pending, processing or in_progress."""
    held = Text(null=True, default=None)
    """Why it waits for the owner to decide, as a sentence; null = it does not."""
    cancel_wish = Boolean(default=False)
    """Its reseller, or the owner, wants it called off as soon as that can be done."""
    start_count = BigInt(null=True, default=None)
    """The count of the page before delivery, as its provider stated it; null = not known."""
    remains = BigInt()
    """Units still to come, as last told; those not delivered once it has ended."""
    runs_done = BigInt(null=True, default=None)
    """Runs or posts that have begun, where the provider tells; never falls while it is under way."""
    delivery_seen = Boolean(default=False)
    """Its provider has reported a part of it delivered while it ran; an ending without numbers is read by that."""
    sight = Text(null=True, default=None)
    """The first terminal answer (`orders.settling.settlement.seen` writes it): money waits for an equal second one."""
    sight_at = BigInt(null=True, default=None)
    """When that answer was first read."""
    request_id = Text(null=True, default=None)
    """The client's idempotency key: one order of a reseller for each, whatever it asks for."""
    custom_id = Text(null=True, default=None)
    """The client's own id of the order; with an equal `payload` the first order answers."""
    payload = Text()
    """SHA-256, in hex, of what the client asked for: tells a repeat from another order under the same id."""
    watched = Boolean(default=False)
    """Its key looks for repeats without an id: the same payload again, soon enough, is this order."""
    asked_service = BigInt(null=True, default=None)
    """The alias by which the client named the service; null = its own id."""
    parked_at = Text(null=True, default=None)
    """The provider at which it waits in the queue for room; null = it waits for none in particular."""
    due_at = BigInt()
    """When it is looked at next while it is queued; a claim is a lease that moves it ahead."""
    created_at = BigInt()
    ended_at = BigInt(null=True, default=None)
    """When it first ended; later losses of delivery leave it as it is."""


class Attempt(Table, tablename="attempts"):
    """One try at one provider, written before the request leaves."""

    id = BigSerial(primary_key=True)
    order_id = BigInt()
    """`orders.id`; at most one live attempt each."""
    provider = Text()
    """The provider's name in providers.toml."""
    service = Text()
    """The provider's id of the service, as text."""
    outcome = Text()
    """`orders.state.Outcome`: placing until it is answered."""
    upstream_order = Text(null=True, default=None)
    """The provider's id of the order, as text; null = none is known."""
    cost = BigInt()
    """What we expect to pay, in 1e-8 of our currency, the margin of exchange included."""
    cost_theirs = Text()
    """The same in the provider's currency: a plain decimal of at most 8 places."""
    currency = Text()
    """The provider's, in which its charges are read."""
    fx = Text()
    """One of the provider's currency in ours when it was sent, `fx_margin_percent` included: a plain decimal."""
    deadline_at = BigInt()
    """Until when the answer is waited for: past it, whoever finds it calls it unsure."""
    error = Text(null=True, default=None)
    """A code of `providers.errors.Code`, or one of ours, for why it was not accepted."""
    error_text = Text(null=True, default=None)
    """The provider's words for that, secrets masked, at most 500 characters."""
    reply = Text(null=True, default=None)
    """The reply to the add as it came, secrets masked, cut at `KEPT_OF_A_REPLY` characters."""
    highest_charge = Text(null=True, default=None)
    """The highest charge stated while it was open, a plain decimal in the provider's currency."""
    last_charge = Text(null=True, default=None)
    """The charge stated last, likewise."""
    stated_charges = Text(null=True, default=None)
    """Every charge that was stated and how often, as JSON of `orders.stated.Charges`."""
    spent = BigInt(null=True, default=None)
    """What the provider is known to have taken at first, in 1e-8 of our currency; null = as expected (`cost`)."""
    returned = BigInt(null=True, default=None)
    """Units whose price came back of it; null = as its order tells, of a called-off one all."""
    overcharge = Text(null=True, default=None)
    """The first charge beyond what its provider lists: a plain decimal in the provider's currency."""
    overcharged_at = BigInt(null=True, default=None)
    """Since when that is neither explained by a listed price nor agreed to by the owner."""
    package_units = BigInt(null=True, default=None)
    """What its one package was ordered as; null = without a quantity."""
    cancel_at = BigInt(null=True, default=None)
    """When the provider was last asked to cancel it."""
    cancel_due_at = BigInt(null=True, default=None)
    """When to ask that again; null = not at all, but for the first time."""
    cancel_asks = Integer(default=0)
    """How often it was asked."""
    cancel_answer = Text(null=True, default=None)
    """`taken`, or the code of the refusal; null = nothing that counts."""
    lost_since = BigInt(null=True, default=None)
    """Since when its provider says that it does not know the order."""
    poll_at = BigInt(null=True, default=None)
    """When to ask for its status next; null = it is not followed. A claim is a lease that moves it ahead."""
    given_order = Text(null=True, default=None)
    """The id that it was answered with though another attempt has it: no yes, and kept as evidence."""
    superseded_at = BigInt(null=True, default=None)
    """Since when its provider's id is that of a later order: what is said under it is not said of this."""
    whole_at = BigInt(null=True, default=None)
    """When its provider last said that all of it is coming, or came."""
    revived_at = BigInt(null=True, default=None)
    """When its provider was first seen to deliver or charge what it had called off."""
    created_at = BigInt()
    answered_at = BigInt(null=True, default=None)
    """When its outcome was written down."""
    overserved = BigInt(default=0)
    """Units beyond what was bought, as two readings agreed."""
    overserved_seen = BigInt(default=0)
    """So many by one reading, which waits for an equal one; 0 = none does."""
    overserved_at = BigInt(null=True, default=None)
    """When that one was read."""
    call_off = Boolean(default=False)
    """It is overserved and goes on: its provider is asked to end it."""
    unstopped_at = BigInt(null=True, default=None)
    """Since when it is known that its provider does not end it."""
    door = Text(null=True, default=None)
    """Address and key it was sent through, a digest (`orders.upstream_ids.account_doors`); null = not kept yet: any."""
    reply_status = Integer(null=True, default=None)
    """The HTTP status of `reply`; null = not kept, or there was none."""
    judged_word = BigInt(null=True, default=None)
    """By which word's meaning its kept reply was called a refusal: `words.id`."""


class SentReference(Table, tablename="sent_references"):
    """Our own id of an attempt as its provider was told it, and the door (address, key, parameter) it went through."""

    attempt = BigInt(primary_key=True)
    """`attempts.id`."""
    reference = Text()
    """What was sent in the field that the provider takes ids of ours in."""
    door = Text()
    """A digest of address, key and field: through another door it would be another order."""


class AccountDoor(Table, tablename="account_doors"):
    """A door (address and key) to a provider that the owner calls the same account as others with that `account`."""

    id = BigSerial(primary_key=True)
    provider = Text()
    door = Text()
    """A digest of address and key, as in `attempts`."""
    account = Text()
    """The door that stands for the account: equal for all doors that lead to it."""
    at = BigInt()


class Baseline(Table, tablename="baselines"):
    """Our account at a provider as it last stood with nothing in doubt, and when to look at it again."""

    provider = Text(primary_key=True)
    due_at = BigInt(default=0)
    """When the account may be looked at next; a claim is a lease that moves it ahead."""
    account = Text()
    """What is known of it, as JSON of `orders.unsure.evidence.Account`."""


class Observation(Table, tablename="observations"):
    """What was seen of an attempt that nobody answered, and what follows from it by which rule."""

    id = BigSerial(primary_key=True)
    attempt = BigInt()
    """`attempts.id`."""
    rule = Text()
    """By what was looked: reference, list or balance."""
    verdict = Text()
    """`orders.unsure.evidence_store.Seen`: found, accepted, absent, open or failed."""
    facts = Text()
    """What was seen, as a JSON object for the owner's eyes."""
    at = BigInt()


class Refill(Table, tablename="refills"):
    """A reseller's request to refill an order; sent by the worker at most once."""

    id = BigSerial(primary_key=True)
    order_id = BigInt()
    reseller = BigInt()
    """Who asked: `resellers.id`."""
    attempt = BigInt()
    """The accepted attempt that it is about: `attempts.id`."""
    provider = Text()
    state = Text()
    """`orders.refill_store.RefillState`."""
    upstream_refill = Text(null=True, default=None)
    """The provider's id of the refill; null = it gave none."""
    error = Text(null=True, default=None)
    """Why it was rejected, or is asked again: a code."""
    deadline_at = BigInt(null=True, default=None)
    """Until when the answer to sending it is waited for."""
    due_at = BigInt(null=True, default=None)
    """When to send it, or to ask about it, next; null = it has ended."""
    created_at = BigInt()
    ended_at = BigInt(null=True, default=None)


class Decision(Table, tablename="decisions"):
    """What a person, or a rule on evidence, decided, and why."""

    id = BigSerial(primary_key=True)
    subject = Text()
    """What kind of row was decided about: order, reseller, provider, listing, word, catalogue, file, audit."""
    subject_id = BigInt()
    """The id of that row; 0 where it has none."""
    verdict = Text()
    """What was decided, in a word or two."""
    detail = Text()
    """To what: an id, units, a value before and after."""
    actor = Text()
    """Who: "<person> (web)", the user of the machine at the command line, or `rule:` and the rule."""
    reason = Text()
    """Why, as the actor wrote it."""
    at = BigInt()


class UsedForm(Table, tablename="used_forms"):
    """The token of a form that moved money: it moves no more."""

    token = Text(primary_key=True)
    """As it stood in the form; each showing of a form has one of its own."""
    at = BigInt()


class Event(Table, tablename="events"):
    """The history of an order, a line each."""

    id = BigSerial(primary_key=True)
    order_id = BigInt()
    state = Text()
    """The order's state when it happened."""
    text = Text()
    """A sentence for the owner."""
    kind = Text(null=True, default=None)
    """A word of `orders.state.EventKind`; null for what only people read."""
    at = BigInt()


class Provider(Table, tablename="providers"):
    """What all processes know of a provider at run time; its configuration is in providers.toml."""

    name = Text(primary_key=True)
    balance = Text(null=True, default=None)
    """As last read: a plain decimal in `currency`."""
    currency = Text(null=True, default=None)
    """The one that it stated and that prices are made by."""
    currency_change = Text(null=True, default=None)
    """Another one that it has begun to state and nobody has confirmed: nothing of it is priced."""
    balance_at = BigInt(null=True, default=None)
    """When the balance was read."""
    balance_due_at = BigInt(default=0)
    """When to read it next; a claim is a lease that moves it ahead."""
    sync_due_at = BigInt(default=0)
    """When to read its catalogue next, likewise."""
    synced_at = BigInt(null=True, default=None)
    """When a catalogue was last read that could be used."""
    sync_error = Text(null=True, default=None)
    """Why the newest could not; null = it could."""
    failures = Integer(default=0)
    """Calls in a row without a usable answer."""
    rest_until = BigInt(default=0)
    """Until when the circuit breaker is open: no order goes there. In the past = it is closed."""
    rest_reason = Text(null=True, default=None)
    """Why it opened, as a sentence."""
    held_catalogue = Text(null=True, default=None)
    """Why its newest catalogue is not believed, as a sentence with the figures."""
    catalogue_doubt = Text(null=True, default=None)
    """The same as a word of `catalog.model.Doubt`."""
    approved_at = BigInt(null=True, default=None)
    """Since when the owner lets the next catalogue through, whatever it changes."""
    multi_status = Boolean(null=True, default=None)
    """Whether it answers for many orders in one call, as was found out; null = not yet."""
    batch_size = Integer(null=True, default=None)
    """The most orders that it takes in such a call, as was found out; null = not yet."""
    learned_of = Text(null=True, default=None)
    """A digest of the address and preset at which those two were found out: at another they are void."""
    ids_restarted_at = BigInt(null=True, default=None)
    """When it was last seen to give an id a second time: how high older ones were says nothing now."""
    door = Text(null=True, default=None)
    """Address and key that are configured now, as a digest."""
    too_large = BigInt(null=True, default=None)
    """Bytes of the smallest add that it refused for its size."""
    too_large_at = BigInt(null=True, default=None)
    """When it did; the finding lapses."""
    charge_digits = Integer(default=0)
    """The most decimals that a charge of it has shown: how exact its charges are."""
    call_offs_doubted_at = BigInt(null=True, default=None)
    """Since when a cancelled of it needs more readings: too much of that was delivered after all."""
    call_offs_looked_at = BigInt(null=True, default=None)
    """When the owner last looked at that: only what came alive since counts."""


class BalanceDay(Table, tablename="balance_days"):
    """A provider's balance from the first look of a day to that of the next, and whether our orders explain it."""

    id = BigSerial(primary_key=True)
    provider = Text()
    currency = Text(null=True, default=None)
    """Of all amounts of the row; null = the provider states none."""
    opened_at = BigInt()
    """The first look of the day (UTC)."""
    looked_at = BigInt()
    """The newest look of it, or the first of the next day."""
    balance = Text()
    """At the newest look: a plain decimal, as all amounts here."""
    judged_at = BigInt(null=True, default=None)
    """When it was last compared with our orders; a claim moves it."""
    lost = Text(null=True, default=None)
    """What the balance lost over the day, top-ups apart."""
    due = Text(null=True, default=None)
    """What our orders there should have cost, after the refunds that the provider's words stand for."""
    drift = Text(null=True, default=None)
    """What was lost beyond that; null = no more than `noise`."""
    noise = Text(null=True, default=None)
    """How far the comparison may be off, as amounts are printed and orders overlap midnight."""
    orders = Text(default="[]")
    """Ids of the orders that may have to do with it, likely ones first, as a JSON list."""
    accepted = Text(null=True, default=None)
    """The drift that somebody has looked at; a larger one is open again."""
    told_at = BigInt(null=True, default=None)
    """When an alert was raised for it."""


class BalanceMove(Table, tablename="balance_moves"):
    """A provider's balance that was another one at the next look."""

    id = BigSerial(primary_key=True)
    provider = Text()
    since = BigInt()
    """The look before."""
    at = BigInt()
    """The look that found it changed."""
    before = Text()
    """A plain decimal in the provider's currency."""
    after = Text()
    """Likewise."""


class DueRefund(Table, tablename="due_refunds"):
    """Units of an order that did not come, by its provider's word: their cost should be in our balance there."""

    id = BigSerial(primary_key=True)
    provider = Text()
    order_id = BigInt()
    attempt = BigInt()
    """`attempts.id`."""
    units = BigInt()
    """How many more than it had told of before."""
    since = BigInt()
    """The earliest moment at which the provider can have paid it back."""
    at = BigInt()
    """When its word was first read."""


class Listing(Table, tablename="listings"):
    """A service as a provider last published it."""

    id = BigSerial(primary_key=True)
    provider = Text()
    service = Text()
    """The provider's id, as text: not every provider counts."""
    name = Text()
    category = Text()
    type = Text()
    """As `providers.vocabulary.ServiceType` spells it; what is none of these is a flaw."""
    rate = Text(null=True, default=None)
    """For 1,000 units, or for the package: a plain decimal in `currency`; null = unreadable."""
    currency = Text(null=True, default=None)
    """The provider's when the row was written."""
    minimum = BigInt()
    """Units."""
    maximum = BigInt(null=True, default=None)
    """Units; null = none is published."""
    refill = Boolean(null=True, default=None)
    """Whether the provider says that it refills; null = it does not say."""
    cancel = Boolean(null=True, default=None)
    """Whether it says that it cancels, likewise."""
    dripfeed = Boolean(null=True, default=None)
    """Whether it says that it drip-feeds, likewise."""
    description = Text()
    flaw = Text(null=True, default=None)
    """Why it cannot be sold; null = it can."""
    missing = Integer(default=0)
    """How many good answers in a row did not have it; from two on it is withdrawn."""
    held = Text(null=True, default=None)
    """Why the owner must look at it, as text: the compare-and-set of whoever decides."""
    held_row = Text(null=True, default=None)
    """The same with the row that was last believed, as JSON of `catalog.model.Hold`."""
    agreed_rate = Text(null=True, default=None)
    """What it takes instead of its list, as the owner agreed: a plain decimal in its currency."""
    agreed_over = Text(null=True, default=None)
    """The listed rate over which that was agreed: at another one it is void."""
    step = BigInt(null=True, default=None)
    """Of how many units a quantity must be a multiple, as a refusal said; null = not known, 1."""
    refill_refused = Boolean(default=False)
    """Of before there were `findings`; not read any more."""
    cancel_refused = Boolean(default=False)
    """Likewise."""
    rest_until = BigInt(default=0)
    """Until when it takes no orders, since it cancelled too many."""
    rest_count = Integer(default=0)
    """How many such rests there were, one soon after the other: each is longer."""
    updated_at = BigInt()


class Finding(Table, tablename="findings"):
    """What a provider's refusal told of a service, against what it publishes; asked again after `again_at`."""

    id = BigSerial(primary_key=True)
    provider = Text()
    service = Text()
    """The provider's id, as in `listings`."""
    kind = Text()
    """Against which column of the listing: refill, cancel, minimum or maximum."""
    value = BigInt(null=True, default=None)
    """Units, of a limit."""
    said = Text()
    """The refusal, secrets masked."""
    times = Integer(default=1)
    """How often it was told in a row; the pause before it is asked again grows with it."""
    learned_at = BigInt()
    again_at = BigInt()
    """From then on what the provider publishes counts again."""
    offered_at = BigInt(null=True, default=None)
    """When the storefront was made anew because it had lapsed; null = not since it was told."""


class Change(Table, tablename="changes"):
    """The feed of what changed at providers, newest last."""

    id = BigSerial(primary_key=True)
    provider = Text()
    service = Text()
    """The provider's id; empty = the whole catalogue."""
    name = Text()
    kind = Text()
    """`catalog.model.ChangeKind`."""
    before = Text()
    """The old value as people read it, a rate in the provider's currency; empty = there was none."""
    now = Text()
    """The new one, likewise."""
    at = BigInt()


class Word(Table, tablename="words"):
    """A text of a provider's that nobody had understood, and what the owner says it means."""

    id = BigSerial(primary_key=True)
    provider = Text()
    kind = Text()
    """status or error."""
    text = Text()
    """The word, or the whole text of an error, as `providers.reading.words.normal_word` spells it."""
    reply = Text()
    """The reply, or the part of it, where it stood when it was last heard, secrets masked."""
    times = BigInt(default=1)
    """How often it was heard."""
    meaning = Text(null=True, default=None)
    """A phase or an error code, once the owner has said it; null = it waits for that."""
    first_at = BigInt()
    last_at = BigInt()
    moving = Boolean(default=False)
    """It was explained, and unsure orders that got it for an answer may still have to go on."""
    explained_by = Text(null=True, default=None)
    """Who said what it means."""
    explained_why = Text(null=True, default=None)
    """And why."""
    explained_at = BigInt(null=True, default=None)


class ImportedService(Table, tablename="imported_services"):
    """The id under which we sell what no `[[service]]` names; given once, for ever."""

    id = BigSerial(primary_key=True)
    """Our public id of the service, from `FIRST_IMPORTED_ID` on."""
    provider = Text()
    service = Text()
    """The provider's id; a retired row says here since when it means another service."""


class ShelfLine(Table, tablename="shelf_lines"):
    """A service of ours as it was last told to everyone; `rate` is for nobody in particular."""

    service = BigInt(primary_key=True)
    """Our id."""
    name = Text()
    rate = BigInt()
    """In 1e-8 for `rate_per` units, at the default markup."""
    rate_per = Integer()
    """1,000, or 1 for package types."""
    sold = Boolean()
    """It is for sale; one that is not keeps its line, and comes back under its id."""
    offers = Text(default="[]")
    """The listings behind it, as "provider:service" in a JSON list."""


class ShelfNews(Table, tablename="shelf_news"):
    """The public feed of what changed on our shelf, newest last; rates are for nobody in particular."""

    id = BigSerial(primary_key=True)
    service = BigInt()
    """Our id."""
    name = Text()
    kind = Text()
    """`catalog.news.news.NewsKind`."""
    before = BigInt(null=True, default=None)
    """The old rate, in 1e-8 for `rate_per` units; null = it was not sold."""
    now = BigInt(null=True, default=None)
    """The new one, likewise; null = it is not sold any more."""
    rate_per = Integer()
    """1,000, or 1 for package types."""
    at = BigInt()


class Revision(Table, tablename="revisions"):
    """A text of markup.toml or services.toml that prices were made from; the newest of each counts."""

    id = BigSerial(primary_key=True)
    file = Text()
    """markup.toml or services.toml."""
    text = Text()
    """The whole file."""
    author = Text()
    """Who saved it, as in `decisions.actor`."""
    at = BigInt()


class AuditRun(Table, tablename="audits"):
    """What a run of the audit found; a green one with marks is a checkpoint, one with a hash a link of the chain."""

    id = BigSerial(primary_key=True)
    slot = BigInt(null=True, default=None)
    """Which five minutes since 1970 it is the run of, unique: one process runs it; null = by hand, or extra."""
    complete = Boolean()
    """Everything was looked at, not only what came since the last checkpoint."""
    at = BigInt()
    """When it began."""
    milliseconds = BigInt(null=True, default=None)
    """How long it took; null = it has not ended."""
    checked = BigInt(null=True, default=None)
    """Rows looked at."""
    green = Boolean(null=True, default=None)
    """No promise is broken, and all could be looked at; null = it has not ended."""
    failure = Text(null=True, default=None)
    """Why some promises could not be looked at."""
    red = Text()
    """What is broken, as a JSON list of `audit.store.Finding`."""
    marks = Text(null=True, default=None)
    """The last ids that it had seen, as JSON of `audit.scope.Marks`: the next quick run begins there."""
    linked_to = BigInt(null=True, default=None)
    """Of a link of the chain: the last entry that `hash` covers, `entries.id`."""
    hash = Text(null=True, default=None)
    """SHA-256, in hex, of the hash of the link before and every entry since."""


class AuditSum(Table, tablename="audit_sums"):
    """What all entries up to the newest checkpoint moved into an account, less what they moved out.

    As `storage.totals` keeps a sum.
    """

    account = Text(primary_key=True)
    """As in `entries.source`."""
    moved = BigInt()
    """In 1e-8: the whole sum where it fits 63 bits, else its lower 32 bits."""
    moved_high = BigInt(default=0)
    """Else the bits above those."""


class Halt(Table, tablename="halts"):
    """What stands still since a red audit: an order, the orders of a reseller, or, where both are null, everything."""

    id = BigSerial(primary_key=True)
    audit = BigInt()
    """The run that was red: `audits.id`."""
    promise = Text()
    """The id of the promise that it found broken."""
    reseller = BigInt(null=True, default=None)
    order_id = BigInt(null=True, default=None)


class Day(Table, tablename="days"):
    """A day as it stood at its end, and what its orders got back or cost since; null = not counted yet.

    Sums as `storage.totals` keeps them.
    """

    start = BigInt(primary_key=True)
    """Its midnight (UTC)."""
    orders = BigInt(null=True, default=None)
    """Orders that were accepted on it."""
    charged = BigInt(null=True, default=None)
    """What those were charged, in 1e-8 as all sums here."""
    charged_high = BigInt(default=0)
    """The upper half of that sum, where it passes 63 bits; so with each `_high` below."""
    revenue = BigInt(null=True, default=None)
    """What stayed of the charges of orders that ended on it."""
    revenue_high = BigInt(default=0)
    refunded = BigInt(null=True, default=None)
    """What was paid back of those."""
    refunded_high = BigInt(default=0)
    cost = BigInt(null=True, default=None)
    """What providers took for those, in our currency."""
    cost_high = BigInt(default=0)
    late_refunded = BigInt(default=0)
    """What was paid back of those after the day was over: added to `refunded`, off `revenue`."""
    late_refunded_high = BigInt(default=0)
    late_cost = BigInt(default=0)
    """What they cost more after the day was over."""
    late_cost_high = BigInt(default=0)


class Signal(Table, tablename="signals"):
    """Counters that tell the other processes what to look at again."""

    name = Text(primary_key=True)
    """`storage.signals`: catalogue, keys, replies, words, work, told."""
    value = BigInt()
    """Counted up whenever there is something to look at again."""


class Migration(Table, tablename="migrations"):
    """Which steps this database has taken."""

    id = Integer(primary_key=True)
    """The number of the step, as in `storage.migrations.STEPS`."""
    at = BigInt()


TABLES = (
    Reseller,
    ApiKey,
    Person,
    Session,
    Invite,
    Wallet,
    Entry,
    Order,
    Attempt,
    SentReference,
    AccountDoor,
    Baseline,
    Observation,
    Refill,
    Decision,
    UsedForm,
    Event,
    Provider,
    BalanceDay,
    BalanceMove,
    DueRefund,
    Listing,
    Finding,
    Change,
    Word,
    ImportedService,
    ShelfLine,
    ShelfNews,
    Revision,
    AuditRun,
    AuditSum,
    Halt,
    Day,
    Signal,
    Migration,
)

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
