-- Each tenant's time zone, cycles that keep their start, and tasks that show the element of their instance.

-- An IANA zone. Dates, days and months of the tenant's processes are those of it.
alter table tenants add column zone text not null default 'America/Santiago';

-- When a timer was set up first: a cycle is counted from there, each time that it is set up again.
alter table tokens add column since timestamptz;

alter table tasks
    -- Of a task in a multi-instance activity: the element of its instance, the name that rules call it, and its number
    -- from 0.
    add column element jsonb,
    add column element_name text,
    add column item integer;

-- The API lets a person do the tasks of their groups, so it reads the groups of the portal's users.
grant usage on schema portal to mtd_tenant;
grant select (name, groups, disabled_at, tenant) on portal.users to mtd_tenant;
