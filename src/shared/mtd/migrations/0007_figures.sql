-- What summarise_orders keeps: figures by the hour, and by the day of America/Santiago, whose hours are whole ones of UTC.

create table summary_marks (
    name text primary key,
    event_id bigint not null,
    at timestamptz not null
);
insert into summary_marks values ('events', 0, '2000-01-01');

-- By when an order came; what became of it since is kept up.
create table order_figures (
    grain text not null check (grain in ('hour', 'day')),
    since timestamptz not null,
    seller_id text not null,
    currency text not null,
    seller_name text not null,
    received integer not null,
    completed integer not null,
    exceptions integer not null,
    cancelled integer not null,
    amount numeric,
    -- Orders with a promised date that have ended or are late, and those of them that were completed by it.
    promised integer not null,
    kept integer not null,
    primary key (grain, since, seller_id, currency)
);

-- By when an order left a state. Over: it took longer than the state's target.
create table state_figures (
    grain text not null check (grain in ('hour', 'day')),
    since timestamptz not null,
    process text not null,
    state text not null,
    passed integer not null,
    over integer not null,
    primary key (grain, since, process, state)
);

-- How often something took how long. Buckets add up: eight for each doubling of the milliseconds, within 5 %.
create table time_figures (
    grain text not null check (grain in ('hour', 'day')),
    since timestamptz not null,
    -- in_state: from coming to leaving; remaining: from coming there to the completed end; whole: from receipt to the end.
    measure text not null check (measure in ('in_state', 'remaining', 'whole')),
    process text not null,
    state text not null,
    bucket smallint not null,
    orders integer not null,
    primary key (grain, since, measure, process, state, bucket)
);

-- By when an incident was opened.
create table cause_figures (
    grain text not null check (grain in ('hour', 'day')),
    since timestamptz not null,
    fingerprint text not null,
    state text not null,
    code text not null,
    incidents integer not null,
    primary key (grain, since, fingerprint)
);
create index incidents_at on incidents (opened_at);

-- What is still to come for an order that comes to a state, by the orders of the last week.
create table remaining_times (
    process text not null,
    state text not null,
    orders integer not null,
    p50 interval not null,
    p90 interval not null,
    primary key (process, state)
);

-- How long an order may stay in a state whose task has no SLA of its own in the diagram.
create table state_targets (
    state text primary key,
    target interval not null
);
insert into state_targets values
    ('validation', '5 minutes'), ('gift_card', '5 minutes'), ('allocation', '15 minutes'), ('emission_dte', '15 minutes'),
    ('sales_support', '15 minutes'), ('dispatch', '1 day'), ('completion', '5 minutes');

create function time_bucket(took interval) returns smallint language sql immutable parallel safe
return floor(8 * log(2, greatest(extract(epoch from took) * 1000, 1)))::smallint;

-- The middle of a bucket, in seconds.
create function bucket_seconds(bucket integer) returns double precision language sql immutable parallel safe
return power(2, (bucket + 0.5) / 8) / 1000;

-- By the diagram's SLA, an ISO 8601 duration, or else the default.
create view targets as
select v.process_version_id, v.process, n ->> 'id' as state,
       coalesce(case when n ->> 'sla' ~ '^P[0-9TYMWDHS.]+$' then (n ->> 'sla')::interval end, t.target) as target
from process_versions v
cross join jsonb_array_elements(v.plan -> 'nodes') n
left join state_targets t on t.state = n ->> 'id'
where n ? 'sla' or t.target is not null;

-- Orders that will be late, told of before they are: a row each, at most once for an order and kind.

create table warnings (
    warning_id bigint generated always as identity primary key,
    order_id uuid not null references orders,
    -- 'promise', or 'state:' with the state whose target is about to be passed.
    kind text not null,
    state text not null,
    -- When the promise or target ends, and when by the last orders this one will be through.
    due_at timestamptz not null,
    predicted_at timestamptz not null,
    created_at timestamptz not null default now(),
    acknowledged_by text,
    acknowledged_at timestamptz,
    unique (order_id, kind)
);
create index warnings_open on warnings (warning_id) where acknowledged_at is null;

-- Our tax documents against Paperless's, day by day, and how long the folios will last.

create table dte_reconciliations (
    day date primary key,
    ran_at timestamptz not null default now(),
    ours integer not null,
    theirs integer not null,
    differences integer not null,
    -- [{document_type, left, per_day, days_left, expires_on, lasts_days}]
    folios jsonb not null
);

create table dte_differences (
    difference_id bigint generated always as identity primary key,
    day date not null,
    kind text not null check (kind in ('missing_here', 'missing_there', 'type', 'folio', 'amount')),
    -- Paperless's idempotency key: the order's id and what the document is, if it is one of ours.
    key text not null,
    order_id uuid references orders,
    ours jsonb,
    theirs jsonb,
    -- gone: a later reconciliation of that day has not found it any more.
    status text not null default 'open' check (status in ('open', 'resolved', 'gone')),
    found_at timestamptz not null default now(),
    closed_at timestamptz,
    closed_by text,
    note text,
    unique (day, kind, key)
);
create index dte_differences_open on dte_differences (difference_id) where status = 'open';
create index tax_documents_issued on tax_documents (issued_at);
create index credit_notes_issued on credit_notes (issued_at);
