-- name: lock
select pg_advisory_xact_lock(77846801);

-- name: create_migrations
create table if not exists migrations (name text primary key, applied_at timestamptz not null default now());

-- name: applied
select name from migrations;

-- name: record
insert into migrations (name) values (%(name)s);

-- name: insert_version
-- For every tenant: whoever has it already keeps the version that it is.
insert into process_versions (tenant, process, version, plan, diagram, diagram_hash)
select t.code, %(process)s, coalesce(max(v.version), 0) + 1, %(plan)s, %(diagram)s, %(diagram_hash)s
from tenants t left join process_versions v on v.tenant = t.code and v.process = %(process)s
group by t.code
on conflict (tenant, process, diagram_hash) do nothing;

-- name: retire_others
-- What a tenant has drawn itself stays active (it has a report); the house's makes way.
update process_versions set active = false
where process = %(process)s and active and diagram_hash <> %(diagram_hash)s and (tenant = 'main' or report = '{}');

-- name: activate
update process_versions v set active = true
where process = %(process)s and diagram_hash = %(diagram_hash)s
  and not exists (select from process_versions own
                  where own.tenant = v.tenant and own.process = v.process and own.active
                    and own.diagram_hash <> v.diagram_hash)
returning tenant, version;
