-- Connected systems: what is declared of them, how their calls went, and which visit of a task each call is for.

create table systems (
    system text primary key,
    -- As the API takes and gives it; the names of secrets, never secrets.
    declaration jsonb not null,
    declared_at timestamptz not null default now(),
    declared_by text not null,
    -- Up to when the calls of a system with a rate are given out.
    called_until timestamptz
);
-- All tenants' processes may name a system; only the platform tenant declares one.
revoke insert, update, delete on systems from mtd_tenant;

create table system_calls (
    system text not null,
    minute timestamptz not null,
    calls integer not null,
    -- Of these, without an answer, and refused by the system.
    unanswered integer not null,
    refused integer not null,
    ms double precision not null,
    longest_ms double precision not null,
    primary key (system, minute)
);
revoke insert, update, delete on system_calls from mtd_tenant;

-- The number of the visit, after those of the instances around it: `1`, `0.3.1`. Null where no system is called.
alter table tokens add column visit text;
-- The latest visits of the order: {task: number, "task[instances]": number}.
alter table orders add column visits jsonb not null default '{}';
