-- A circuit for each legacy system: while it is open, the orders that need the system are parked.

create table circuits (
    system text primary key,
    state text not null default 'closed' check (state in ('closed', 'open')),
    -- Opened by a person: no order probes, and only a person closes it.
    by_hand boolean not null default false,
    -- The orders that the system has not answered since it last answered any.
    failing uuid[] not null default '{}',
    reason text,
    changed_by text,
    changed_at timestamptz not null default now(),
    next_probe_at timestamptz,
    -- Parked orders released a second; null for the deployment's own.
    drain_rate double precision check (drain_rate > 0),
    -- Up to when released orders have their turn.
    drained_until timestamptz
);
insert into circuits (system) values ('gift_card'), ('eom'), ('paperless'), ('sales_support');

alter table tokens
    -- Set while its circuit keeps the token where it is; no message moves it.
    add column parked_at timestamptz,
    add column parked_for text;
create index tokens_parked on tokens (parked_for, entered_at, token_id) where parked_at is not null;
