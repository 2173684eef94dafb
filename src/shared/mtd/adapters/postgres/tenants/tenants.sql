-- name: known_tenants
select code from tenants where code = any(%(codes)s);

-- name: list_tenants
select code, name, zone, created_at from tenants order by code;

-- name: keep_tenant
insert into tenants as t (code, name, zone) values (%(code)s, %(name)s, coalesce(%(zone)s::text, 'America/Santiago'))
on conflict (code) do update set name = excluded.name, zone = coalesce(%(zone)s::text, t.zone);

-- name: give_process
-- The version counts as a deployment's: the next deployment renews it, unless the tenant has its own by then.
insert into process_versions (tenant, process, version, plan, diagram, diagram_hash, active)
select %(code)s, process, 1, plan, diagram, diagram_hash, true
from process_versions v
where tenant = 'main' and process = %(process)s and active
  and not exists (select from process_versions own where own.tenant = %(code)s and own.process = v.process);
