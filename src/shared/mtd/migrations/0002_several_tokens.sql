-- Several tokens an order: what each waits for and how it belongs to the others; the values that an order's process keeps.

alter table orders add column data jsonb not null default '{}';

alter table tokens
    -- The interpreter's id of the token, unique among the living tokens of its order; scope and host name others by it.
    add column ordinal integer not null default 1,
    add column waits text not null default 'service'
        check (waits in ('service', 'person', 'message', 'time', 'join', 'inside')),
    -- Who serves it, where that is not a server of the node's own name.
    add column server text,
    add column scope integer,
    add column host integer,
    add column via text,
    add column item integer,
    add column size integer,
    -- How often an armed cycle may still fire; -1 for ever.
    add column remaining integer,
    -- The name that a waiting token listens for.
    add column message text;

-- due_at is a service's next try, or the moment of a timer; the others wait for no time.
create index tokens_service_due on tokens (due_at) where waits = 'service';
create index tokens_time_due on tokens (due_at, token_id) where waits = 'time';
drop index tokens_due;
create index tokens_message on tokens (order_id, message) where waits = 'message';

-- Work for people: a row for each token that waits for a person, kept when the work is done.
create table tasks (
    task_id bigint generated always as identity primary key,
    order_id uuid not null references orders on delete cascade,
    token_id bigint not null,
    node text not null,
    name text not null,
    -- The group of people who may do it.
    team text not null,
    candidate text,
    assignee text,
    form text,
    priority text not null,
    due_at timestamptz,
    follow_up_at timestamptz,
    comment text,
    status text not null default 'open' check (status in ('open', 'completed', 'cancelled')),
    -- Raised by every change: whoever names another version has not seen the task as it is.
    version integer not null default 1,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    ended_by text,
    result jsonb
);
create index tasks_open on tasks (team, task_id) where status = 'open';
create index tasks_order on tasks (order_id);
create unique index tasks_token on tasks (token_id) where status = 'open';

alter table process_versions
    -- The JSON Schemas of people's forms, by name.
    add column forms jsonb not null default '{}',
    add column report jsonb not null default '{}',
    add column retired_at timestamptz;

-- Where orders stand, as people see it: without armed events, and without what only holds others inside.
create view places as
select t.order_id, t.node
from tokens t
where t.host is null
  and not exists (select from tokens i where i.order_id = t.order_id and i.scope = t.ordinal);
