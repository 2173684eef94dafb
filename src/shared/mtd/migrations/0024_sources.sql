-- The file and the binding sheet of a version, so that it can be bound otherwise. Earlier versions have none.
alter table process_versions
    add column source_name text,
    add column source bytea,
    add column sheet jsonb;
