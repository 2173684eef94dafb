-- name: lock
select pg_advisory_xact_lock(77846801);

-- name: create_migrations
create table if not exists migrations (name text primary key, applied_at timestamptz not null default now());

-- name: add_hashes
alter table migrations add column if not exists hash text;

-- name: applied
select name, hash from migrations;

-- name: record
-- A migration that an earlier release applied gets the hash that it has now.
insert into migrations (name, hash) values (%(name)s, %(hash)s)
on conflict (name) do update set hash = excluded.hash where migrations.hash is null;

-- name: insert_version
-- Inserts the version for every tenant. A tenant that has it already keeps its version number.
insert into process_versions (tenant, process, version, plan, diagram, diagram_hash)
select t.code, %(process)s, coalesce(max(v.version), 0) + 1, %(plan)s, %(diagram)s, %(diagram_hash)s
from tenants t left join process_versions v on v.tenant = t.code and v.process = %(process)s
group by t.code
on conflict (tenant, process, diagram_hash) do nothing;

-- name: deactivate_others
-- Activates it only where no person has decided which version of the process is active.
update process_versions v set active = false
where process = %(process)s and active and diagram_hash <> %(diagram_hash)s
  and not exists (select from process_versions d
                  where d.tenant = v.tenant and d.process = v.process and d.decided_at is not null);

-- name: activate
update process_versions v set active = true
where process = %(process)s and diagram_hash = %(diagram_hash)s and not active
  and not exists (select from process_versions d
                  where d.tenant = v.tenant and d.process = v.process and d.decided_at is not null);

-- name: published_version
select version from process_versions
where tenant = %(tenant)s and process = %(process)s and diagram_hash = %(diagram_hash)s;
