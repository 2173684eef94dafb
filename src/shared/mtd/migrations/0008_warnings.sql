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
