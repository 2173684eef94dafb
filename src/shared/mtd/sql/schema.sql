-- name: lock
select pg_advisory_xact_lock(77846801);

-- name: create_migrations
create table if not exists migrations (name text primary key, applied_at timestamptz not null default now());

-- name: applied
select name from migrations;

-- name: record
insert into migrations (name) values (%(name)s);

-- name: insert_version
insert into process_versions (process, version, plan, diagram, diagram_hash)
select %(process)s, coalesce(max(version), 0) + 1, %(plan)s, %(diagram)s, %(diagram_hash)s
from process_versions where process = %(process)s
on conflict (process, diagram_hash) do nothing;

-- name: retire_others
update process_versions set active = false
where process = %(process)s and active and diagram_hash <> %(diagram_hash)s;

-- name: activate
update process_versions set active = true
where process = %(process)s and diagram_hash = %(diagram_hash)s
returning version;
