"""The first step: all tables, and the promises that the database itself keeps."""

from __future__ import annotations

import re

_TABLES = """
create table resellers (
    id {serial},
    name text not null unique,
    tier text not null,
    spelling text not null check (spelling in ('auto', 'json', 'classic')),
    frozen boolean not null,
    created_at bigint not null
);
create table api_keys (
    id {serial},
    reseller bigint not null references resellers (id),
    prefix text not null,
    digest text not null unique,
    spelling text check (spelling in ('auto', 'json', 'classic')),
    requests_per_second text,
    read_only boolean not null,
    same_link text not null check (same_link in ('allow', 'queue', 'refuse')),
    duplicate_seconds integer not null check (duplicate_seconds >= 0),
    created_at bigint not null,
    revoked_at bigint
);
create index api_keys_prefix on api_keys (prefix);
create table wallets (
    reseller bigint primary key references resellers (id),
    currency text not null,
    balance {money} check (balance >= 0)
);
create table decisions (
    id {serial},
    subject text not null,
    subject_id bigint not null,
    verdict text not null,
    detail text not null,
    actor text not null check (actor <> ''),
    reason text not null,
    at bigint not null
);
create table orders (
    id {serial},
    reseller bigint not null references resellers (id),
    service bigint not null,
    type text not null,
    link text not null,
    quantity {money} check (quantity > 0),
    runs {money} check (runs > 0),
    fields text not null,
    link_key text not null,
    same_link text not null check (same_link in ('allow', 'queue', 'refuse')),
    rate {money} check (rate >= 0),
    rate_per integer not null check (rate_per in (1, 1000)),
    charge {money} check (charge > 0),
    refunded {money} check (refunded between 0 and charge),
    undelivered {money} check (undelivered between 0 and quantity),
    state text not null check (
        state in ('queued', 'placing', 'unsure', 'active', 'completed', 'partial', 'cancelled')),
    phase text not null check (phase in ('pending', 'processing', 'in_progress')),
    held text,
    cancel_wish boolean not null,
    start_count bigint,
    remains {money} check (remains between 0 and quantity),
    runs_done bigint,
    delivery_seen boolean not null,
    sight text,
    sight_at bigint,
    request_id text,
    custom_id text,
    payload text not null,
    due_at bigint not null,
    created_at bigint not null,
    ended_at bigint,
    check ((state in ('completed', 'partial', 'cancelled')) = (ended_at is not null))
);
create unique index orders_request_id on orders (reseller, request_id) where request_id is not null;
create unique index orders_custom_id on orders (reseller, custom_id, payload) where custom_id is not null;
create index orders_queue on orders (due_at) where state = 'queued';
create index orders_open on orders (state) where state in ('queued', 'placing', 'unsure', 'active');
create index orders_held on orders (id) where held is not null;
create index orders_reseller on orders (reseller, id);
create index orders_same_link on orders (link_key) where state in ('queued', 'placing', 'unsure', 'active');
create index orders_repeats on orders (reseller, payload, created_at);
create table attempts (
    id {serial},
    order_id bigint not null references orders (id),
    provider text not null,
    service text not null,
    outcome text not null check (outcome in
        ('placing', 'accepted', 'refused', 'not_sent', 'unsure', 'absent', 'written_off', 'called_off')),
    upstream_order text,
    cost {money} check (cost >= 0),
    cost_theirs text not null,
    currency text not null,
    fx text not null,
    deadline_at bigint not null,
    error text,
    error_text text,
    reply text,
    highest_charge text,
    last_charge text,
    cancel_at bigint,
    lost_since bigint,
    poll_at bigint,
    created_at bigint not null,
    answered_at bigint,
    check (outcome not in ('accepted', 'called_off') or upstream_order is not null)
);
create unique index attempts_live on attempts (order_id) where outcome in ('placing', 'unsure', 'accepted');
create unique index attempts_upstream on attempts (provider, upstream_order) where upstream_order is not null;
create index attempts_order on attempts (order_id);
create index attempts_due on attempts (poll_at) where poll_at is not null;
create index attempts_placing on attempts (deadline_at) where outcome = 'placing';
create index attempts_unsure on attempts (provider, created_at) where outcome = 'unsure';
create table refills (
    id {serial},
    order_id bigint not null references orders (id),
    reseller bigint not null references resellers (id),
    attempt bigint not null references attempts (id),
    provider text not null,
    state text not null check (state in
        ('requested', 'sending', 'unsure', 'pending', 'running', 'completed', 'rejected')),
    upstream_refill text,
    error text,
    deadline_at bigint,
    due_at bigint,
    created_at bigint not null,
    ended_at bigint
);
create unique index refills_running on refills (order_id)
    where state in ('requested', 'sending', 'unsure', 'pending', 'running');
create index refills_order on refills (order_id);
create index refills_due on refills (provider, due_at) where due_at is not null;
create table entries (
    id {serial},
    source text not null,
    target text not null check (source <> target),
    amount {money} check (amount > 0),
    reference text not null unique,
    reseller bigint references resellers (id),
    order_id bigint references orders (id),
    decision bigint references decisions (id),
    note text not null,
    balance bigint,
    at bigint not null
);
create index entries_reseller on entries (reseller, id);
create index entries_order on entries (order_id);
create table events (
    id {serial},
    order_id bigint not null references orders (id),
    state text not null,
    text text not null,
    at bigint not null
);
create index events_order on events (order_id);
create table providers (
    name text primary key,
    balance text,
    currency text,
    currency_change text,
    balance_at bigint,
    balance_due_at bigint not null,
    sync_due_at bigint not null,
    synced_at bigint,
    sync_error text,
    failures integer not null,
    rest_until bigint not null,
    rest_reason text,
    held_catalogue text,
    approved_at bigint,
    multi_status boolean,
    batch_size integer
);
create table listings (
    id {serial},
    provider text not null,
    service text not null,
    name text not null,
    category text not null,
    type text not null,
    rate text,
    currency text,
    minimum bigint not null,
    maximum bigint,
    refill boolean,
    cancel boolean,
    dripfeed boolean,
    description text not null,
    flaw text,
    missing integer not null,
    held text,
    held_row text,
    refill_refused boolean not null,
    cancel_refused boolean not null,
    rest_until bigint not null,
    rest_count integer not null,
    updated_at bigint not null
);
create unique index listings_service on listings (provider, service);
create table changes (
    id {serial},
    provider text not null,
    service text not null,
    name text not null,
    kind text not null,
    before text not null,
    now text not null,
    at bigint not null
);
create table words (
    id {serial},
    provider text not null,
    kind text not null check (kind in ('status', 'error')),
    text text not null,
    reply text not null,
    times bigint not null,
    meaning text,
    first_at bigint not null,
    last_at bigint not null
);
create unique index words_text on words (provider, kind, text);
create table imported_services (
    id {serial_from_100001},
    provider text not null,
    service text not null
);
create unique index imported_services_service on imported_services (provider, service);
create table revisions (
    id {serial},
    file text not null,
    text text not null,
    author text not null,
    at bigint not null
);
create index revisions_file on revisions (file, id);
create table signals (
    name text primary key,
    value bigint not null
);
"""

_SQLITE_AFTER = [
    "insert into sqlite_sequence (name, seq) values ('imported_services', 100000)",
    "create trigger entries_stay before update on entries begin select raise(abort, 'entries never change'); end",
    "create trigger entries_keep before delete on entries begin select raise(abort, 'entries are never deleted'); end",
]
_POSTGRES_AFTER = [
    """create function entries_refuse() returns trigger language plpgsql as
       $$ begin raise exception 'entries never change'; end $$""",
    "create trigger entries_stay before update or delete on entries for each row execute function entries_refuse()",
]


def statements(on_sqlite: bool) -> list[str]:
    """The step's SQL, statement by statement."""
    text = _TABLES.replace("{serial_from_100001}", _serial(on_sqlite, start=100001)).replace(
        "{serial}", _serial(on_sqlite)
    )
    # SQLite keeps whatever it is given in any column: a price that became text or a fraction must not get in.
    text = re.sub(
        r"(\w+) \{money\}",
        r"\1 bigint not null check (typeof(\1) = 'integer')" if on_sqlite else r"\1 bigint not null",
        text,
    )
    after = _SQLITE_AFTER if on_sqlite else _POSTGRES_AFTER
    return [statement for statement in text.strip().split(";\n") if statement.strip("; \n")] + after


def _serial(on_sqlite: bool, *, start: int = 1) -> str:
    if on_sqlite:
        return "integer primary key autoincrement"
    return f"bigint generated by default as identity (start with {start}) primary key"
