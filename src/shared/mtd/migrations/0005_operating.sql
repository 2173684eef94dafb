-- Operating the flow: incidents that keep their place, orders that people suspend, correct, move and cancel, and
-- operations, which do that to many orders.

alter table orders
    -- Raised by whatever a person does to the order: who names another one has not seen it as it is.
    add column revision integer not null default 1,
    -- Set from then on: its effects may have been made before, so each is recovered before it is asked for again.
    add column operated_at timestamptz,
    -- While it is set no message and no timer moves the order's tokens.
    add column suspended_at timestamptz;
create index orders_suspended on orders (order_id) where suspended_at is not null;

alter table incidents
    -- What sort of failure: refused, unavailable, late, process, unstorable or internal.
    add column kind text not null default 'refused',
    -- The request that failed.
    add column payload jsonb,
    -- {"tokens": where the order stood before the step that failed, "goes_on": whether its error way has not ended}.
    add column stood jsonb,
    add column resolved_by text,
    add column resolution text,
    add column resolution_reason text;

-- What undoes a tax document (tipo 61, nota de crédito).
create table credit_notes (
    order_id uuid primary key references orders,
    document_type smallint not null,
    folio bigint not null,
    refers_to_type smallint not null,
    refers_to_folio bigint not null,
    issued_at timestamptz not null default now(),
    amount numeric not null,
    currency text not null,
    unique (document_type, folio)
);

create table operations (
    operation_id bigint generated always as identity primary key,
    action text not null,
    person text not null,
    reason text not null,
    -- What was asked for; operation_items is what it selected at that moment.
    selection jsonb not null,
    arguments jsonb not null default '{}',
    dry_run boolean not null default false,
    -- So many orders go first; the others follow when those are well.
    canary integer check (canary > 0),
    -- Orders a second.
    rate double precision check (rate > 0),
    -- The share of errors, 0 to 1, above which it stops by itself.
    stop_at double precision check (stop_at between 0 and 1),
    status text not null default 'running' check (status in ('running', 'stopped', 'finished')),
    why text,
    stopped_by text,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    -- When it is to be looked at next, and until when somebody works on it.
    due_at timestamptz not null default now(),
    leased_until timestamptz
);
create index operations_running on operations (due_at) where status = 'running';

create table operation_items (
    operation_id bigint not null references operations,
    position integer not null,
    order_id uuid not null references orders,
    number text not null,
    revision integer not null,
    status text not null default 'pending' check (status in ('pending', 'done', 'refused')),
    -- The servers' steps where it was put.
    rests jsonb,
    -- How often the order was looked at; more than once when it was in work.
    tries integer not null default 0,
    code text,
    message text,
    ended_at timestamptz,
    primary key (operation_id, position),
    unique (operation_id, order_id)
);
create index operation_items_pending on operation_items (operation_id, position) where status = 'pending';
create index operation_items_order on operation_items (order_id);
