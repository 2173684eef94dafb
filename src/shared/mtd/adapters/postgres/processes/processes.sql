-- name: store_version
with standing as (
    select version from process_versions where process = %(process)s and diagram_hash = %(digest)s
), completed as (
    -- A version of an earlier release gets the file that it came from.
    update process_versions set source_name = %(source_name)s, source = %(source)s::bytea, sheet = %(sheet)s
    where process = %(process)s and diagram_hash = %(digest)s and source is null
), stored as (
    insert into process_versions (process, version, plan, diagram, diagram_hash, forms, report, source_name, source,
        sheet)
    select %(process)s, coalesce(max(version), 0) + 1, %(plan)s, %(diagram)s, %(digest)s, %(forms)s, %(report)s,
           %(source_name)s, %(source)s::bytea, %(sheet)s
    from process_versions where process = %(process)s
    having not exists (select from standing)
    returning version
)
select version from standing union all select version from stored;

-- name: version_plan
select process_version_id, plan from process_versions where process = %(process)s and version = %(version)s;

-- name: version_source
select source_name, source, sheet, forms from process_versions where process = %(process)s and version = %(version)s;

-- name: deactivate_others
update process_versions set active = false
where process = %(process)s and active and version <> %(version)s
  and exists (select from process_versions v where v.process = %(process)s and v.version = %(version)s);

-- name: activate_version
update process_versions set active = true, retired_at = null, decided_at = now()
where process = %(process)s and version = %(version)s
returning version;

-- name: retire_version
update process_versions set active = false, retired_at = now(), decided_at = now()
where process = %(process)s and version = %(version)s
returning version;
