-- Several tenants: each row is one tenant's, and PostgreSQL itself keeps them apart (docs/adr/0020).
-- contracts: a portal of before knows no tenants, so it sees no rows from here on until its tasks are replaced.

do $$
begin
    if not exists (select from pg_roles where rolname = 'mtd_tenant') then
        create role mtd_tenant nologin;
    end if;
    if not pg_has_role(current_user, 'mtd_tenant', 'member') then
        execute format('grant mtd_tenant to %I', current_user);
    end if;
exception when insufficient_privilege then
    raise exception 'an administrator of PostgreSQL must first make the role mtd_tenant and grant it to %', current_user;
end $$;

create table tenants (
    code text primary key check (code ~ '^[a-z][a-z0-9-]{0,39}$'),
    name text not null check (length(name) between 1 and 80),
    created_at timestamptz not null default now()
);
-- The house that runs the system. All that was here before is its own.
insert into tenants (code, name) values ('main', 'MTD');

-- Whom the connection acts for; null for nobody, who sees nothing.
create function acting_tenant() returns text language sql stable parallel safe
return nullif(current_setting('mtd.tenant', true), '');

-- The mechanism, one call a table. Without FORCE a policy does not bind the tables' owner: the flow's functions work on
-- batches of all tenants. A role that no policy names sees nothing. In a sub-select the setting is read once a statement,
-- not once a row.

-- For what tells of no order, or what comes without a tenant of its own.
create procedure keep_tenants_apart(kept regclass) language plpgsql as $$
begin
    execute format('alter table %s add column tenant text not null default coalesce(acting_tenant(), ''main'')'
                   ' references tenants', kept);
    execute format('alter table %s enable row level security', kept);
    execute format('create policy own_tenant on %s to mtd_reader, mtd_tenant, mtd_portal'
                   ' using (tenant = (select acting_tenant()))', kept);
end $$;

create function take_tenant_of_order() returns trigger language plpgsql as $$
begin
    select tenant into new.tenant from orders where order_id = new.order_id;
    return new;
end $$;

-- For rows of orders that pages count or list: a column is cheaper to read than the order of each row.
create procedure copy_tenant_of_order(kept regclass) language plpgsql as $$
begin
    execute format('alter table %s add column tenant text not null default ''main''', kept);
    execute format('create trigger tenant_of_order before insert on %s'
                   ' for each row execute function take_tenant_of_order()', kept);
    execute format('alter table %s enable row level security', kept);
    execute format('create policy own_tenant on %s to mtd_reader, mtd_tenant, mtd_portal'
                   ' using (tenant = (select acting_tenant()))', kept);
end $$;

-- For rows that are read with one order only: writing them costs nothing more.
create procedure keep_behind_order(kept regclass) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', kept);
    execute format('create policy own_order on %s to mtd_reader, mtd_tenant'
                   ' using (exists (select from orders o where o.order_id = %s.order_id))', kept, kept);
end $$;

-- For what tells of all tenants at once.
create procedure keep_for_house(kept regclass) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', kept);
    execute format('create policy house on %s to mtd_reader, mtd_tenant'
                   ' using ((select acting_tenant()) = ''main'')', kept);
end $$;

alter table tenants enable row level security;
create policy own_tenant on tenants to mtd_reader, mtd_tenant, mtd_portal
    using (code = (select acting_tenant()) or (select acting_tenant()) = 'main');

call keep_tenants_apart('orders');
call keep_tenants_apart('process_versions');
call keep_tenants_apart('operations');
call keep_tenants_apart('rejections');
call keep_tenants_apart('waiting_orders');
call keep_tenants_apart('order_figures');
call keep_tenants_apart('state_figures');
call keep_tenants_apart('time_figures');
call keep_tenants_apart('cause_figures');
call keep_tenants_apart('remaining_times');
call copy_tenant_of_order('tokens');
call copy_tenant_of_order('tasks');
call copy_tenant_of_order('incidents');
call copy_tenant_of_order('warnings');
call keep_behind_order('events');
call keep_behind_order('tax_documents');
call keep_behind_order('credit_notes');
call keep_behind_order('mails');
call keep_behind_order('operation_items');
call keep_for_house('dte_reconciliations');
call keep_for_house('dte_differences');

-- A number is taken, and a process has a version, within a tenant.
create unique index orders_tenant_seller_number on orders (tenant, seller_id, number) where conflicts_with is null;
drop index orders_seller_number;
create unique index process_versions_tenant_active on process_versions (tenant, process) where active;
drop index process_versions_active;
-- contracts: only migrate_database writes versions by these, and each deployment brings its own.
alter table process_versions
    drop constraint process_versions_process_version_key, drop constraint process_versions_process_diagram_hash_key,
    add unique (tenant, process, version), add unique (tenant, process, diagram_hash);

-- What a tenant's pages walk along, without the orders of the others.
create index orders_tenant_received on orders (tenant, received_at desc, order_id);
drop index orders_received;
create index orders_tenant_ended on orders (tenant, ended_at desc) where ended_at is not null;
drop index orders_ended;
create index orders_tenant_total on orders (tenant, (coalesce(total, 0)), order_id);
drop index orders_total;

-- contracts: summarise_orders of before fails until traffic is on this version, which counts what it has missed.
alter table order_figures drop constraint order_figures_pkey, add primary key (grain, since, tenant, seller_id, currency);
alter table state_figures drop constraint state_figures_pkey, add primary key (grain, since, tenant, process, state);
alter table time_figures drop constraint time_figures_pkey,
    add primary key (grain, since, measure, tenant, process, state, bucket);
alter table cause_figures drop constraint cause_figures_pkey, add primary key (grain, since, tenant, fingerprint);
alter table remaining_times drop constraint remaining_times_pkey, add primary key (tenant, process, state);

-- Views read as whoever asks.
alter view places set (security_invoker = true);
alter view targets set (security_invoker = true);

-- The one exception: LIKE is not leakproof, so that under a policy no search could use its index. This view reads as the
-- owner and has the policy's condition of its own; whoever reads it can make no function that would leak.
create view own_orders as
select order_id, number, seller_id, seller_name, buyer_id, buyer_name, currency, total, document, conflicts_with,
       promised_on, received_at, updated_at, ended_at, outcome, reason
from orders
where tenant = (select acting_tenant());

-- The role of functions that serve a person: it may write all that they write, of one tenant.
grant usage on schema public to mtd_tenant;
grant select, insert, update, delete on all tables in schema public to mtd_tenant;
alter default privileges in schema public grant select, insert, update, delete on tables to mtd_tenant;
revoke insert, update, delete on tenants, own_orders, migrations from mtd_tenant;
revoke update, delete on events from mtd_tenant;
-- What is not for people, whoever they are.
revoke all on suppressed_addresses, summary_marks from mtd_tenant;
revoke select on suppressed_addresses, summary_marks, outbox, migrations from mtd_reader;
grant select on tenants to mtd_portal;

call keep_tenants_apart('portal.users');
call keep_tenants_apart('portal.sessions');
call keep_tenants_apart('portal.audit');
call keep_tenants_apart('portal.views');

-- The two doors in that wall, for whoever is nobody's yet: who shows a name, and who shows a session's token.
create function portal.user_named(wanted text) returns setof portal.users
language sql stable security definer set search_path = pg_catalog as $$
    select u.* from portal.users u where u.name = wanted
$$;

create function portal.session_of(shown bytea, idle_seconds double precision, longest_seconds double precision)
returns table (session_id bigint, csrf text, stale boolean, tenant_name text, person portal.users)
language sql stable security definer set search_path = pg_catalog as $$
    select s.session_id, s.csrf, s.seen_at < now() - interval '20 seconds', t.name, u
    from portal.sessions s
    join portal.users u on u.user_id = s.user_id
    join public.tenants t on t.code = s.tenant
    where s.token_hash = shown and s.closed_at is null and u.disabled_at is null
      and s.seen_at > now() - make_interval(secs => idle_seconds)
      and s.opened_at > now() - make_interval(secs => longest_seconds)
$$;

revoke execute on function portal.user_named, portal.session_of from public;
grant execute on function portal.user_named, portal.session_of to mtd_portal;
