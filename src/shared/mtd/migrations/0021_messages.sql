-- Messages and signals from outside: those that come before an order waits for them, and the ids of those that came.

create table messages (
    message_id bigint generated always as identity primary key,
    kind text not null check (kind in ('message', 'signal')),
    name text not null check (length(name) between 1 and 200),
    -- The sender's id: the same one twice is one.
    id text check (length(id) between 1 and 200),
    -- The order's number, and its seller where the sender says; without a number the rule alone finds the order.
    number text,
    seller_id text,
    -- Holds for the orders that may take it. It asks what a process's rules ask, and the message's own values.
    rule text,
    -- Forgotten once an order has taken the message: they are in its data then.
    data jsonb not null default '{}',
    received_at timestamptz not null default now(),
    -- An untaken message waits until then, a taken one is recognised until then.
    expires_at timestamptz not null,
    taken_at timestamptz,
    -- The orders that have taken it.
    taken_by uuid[] not null default '{}'
);
call keep_tenants_apart('messages');
create unique index messages_id on messages (tenant, kind, name, id) where id is not null;
create index messages_waiting on messages (tenant, name) where taken_at is null;
create index messages_expire on messages (expires_at);
