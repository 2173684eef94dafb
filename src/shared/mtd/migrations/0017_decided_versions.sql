-- When a person activated or retired a version: from then on a deployment leaves the process of that tenant as it is.
alter table process_versions add column decided_at timestamptz;
update process_versions set decided_at = now() where retired_at is not null or (active and report <> '{}');
