-- The order's way: orders, tokens, events, and what is still to be told to the world.

create table process_versions (
    process_version_id bigint generated always as identity primary key,
    process text not null,
    version integer not null,
    plan jsonb not null,
    diagram text not null,
    diagram_hash text not null,
    active boolean not null default false,
    imported_at timestamptz not null default now(),
    unique (process, version),
    unique (process, diagram_hash)
);
create unique index process_versions_active on process_versions (process) where active;

create table orders (
    order_id uuid primary key,
    number text not null,
    seller_id text not null,
    seller_name text not null,
    buyer_id text not null,
    buyer_name text not null,
    currency text not null,
    total numeric,
    document jsonb not null,
    content_hash text not null,
    -- Set on an order that came with the number of another one but with other content.
    conflicts_with uuid references orders,
    process_version_id bigint not null references process_versions,
    source text,
    promised_on date,
    received_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    ended_at timestamptz,
    -- The end event that was reached: completed, exception, …; null while tokens are on their way.
    outcome text,
    reason text,
    check ((ended_at is null) = (outcome is null))
);
create unique index orders_seller_number on orders (seller_id, number) where conflicts_with is null;
create index orders_number on orders (number);
create index orders_received on orders (received_at desc, order_id);
create index orders_outcome on orders (outcome, received_at desc) where outcome is distinct from 'completed';

-- Where an order is. A token is deleted when it is consumed; events keep its past.
create table tokens (
    token_id bigint generated always as identity primary key,
    order_id uuid not null references orders on delete cascade,
    node text not null,
    -- Raised by every committed move or retry: a message that carries another version is stale.
    version integer not null default 1,
    attempts integer not null default 0,
    leased_until timestamptz,
    due_at timestamptz not null default now(),
    entered_at timestamptz not null default now(),
    data jsonb not null default '{}'
) with (fillfactor = 70);
create index tokens_order on tokens (order_id);
create index tokens_due on tokens (due_at);

-- What happened, append-only: one row a change, the hops that led to it in detail.
create table events (
    event_id bigint generated always as identity primary key,
    order_id uuid not null,
    at timestamptz not null default now(),
    who text not null,
    source text not null,
    what text not null,
    from_state text,
    to_state text,
    ms numeric,
    request_id text,
    detail jsonb not null default '{}'
);
create index events_order on events (order_id, event_id);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger events_append_only before update or delete or truncate on events
    for each statement execute function refuse_change();

-- Messages committed with the change that they tell of; deleted once sent.
create table outbox (
    outbox_id bigint generated always as identity primary key,
    destination text not null,
    body jsonb not null,
    delay_seconds integer not null default 0,
    created_at timestamptz not null default now()
);

create table tax_documents (
    order_id uuid primary key references orders,
    document_type smallint not null,
    folio bigint not null,
    issued_at timestamptz not null default now(),
    amount numeric not null,
    currency text not null,
    unique (document_type, folio)
);

create table mails (
    mail_id bigint generated always as identity primary key,
    order_id uuid not null references orders,
    kind text not null,
    status text not null default 'pending' check (status in ('pending', 'sending', 'sent', 'failed')),
    created_at timestamptz not null default now(),
    claimed_at timestamptz,
    sent_at timestamptz,
    message_id text,
    reason text,
    unique (order_id, kind)
);
create index mails_unsent on mails (status, claimed_at) where status in ('pending', 'sending');

create table incidents (
    incident_id bigint generated always as identity primary key,
    order_id uuid not null references orders,
    token_id bigint not null,
    version integer not null,
    state text not null,
    code text not null,
    message text not null,
    fingerprint text not null,
    attempts integer not null,
    opened_at timestamptz not null default now(),
    resolved_at timestamptz,
    unique (token_id, version)
);
create index incidents_order on incidents (order_id);
create index incidents_open on incidents (fingerprint) where resolved_at is null;

-- Files that can never become an order.
create table rejections (
    rejection_id bigint generated always as identity primary key,
    source text not null unique,
    kept_at text not null,
    code text not null,
    reason text not null,
    size bigint,
    received_at timestamptz not null default now()
);
create index rejections_received on rejections (received_at desc);

-- Orders that failed ten receives, as far as they are known; the waiting queue itself is the truth.
create table waiting_orders (
    message_id text primary key,
    number text,
    seller_id text,
    reason text not null,
    since timestamptz not null default now(),
    pushed_at timestamptz
);
create index waiting_orders_open on waiting_orders (since desc) where pushed_at is null;
