-- Orders that ended long ago: their events and all that belongs to them are in S3, their rows stay as what finds them.

do $$ begin
    if not exists (select from pg_roles where rolname = 'mtd_records') then
        create role mtd_records nologin;
        execute format('grant mtd_records to %I', current_user);
    end if;
exception when insufficient_privilege then
    raise exception 'an administrator of PostgreSQL must first make the role mtd_records and grant it to %', current_user;
end $$;

alter table orders
    add column archived_at timestamptz,
    add column archive_key text;
create index orders_archive on orders (archive_key) where archive_key is not null;
-- In the order in which they go to the archive.
create index orders_to_archive on orders (ended_at, order_id) where ended_at is not null and archived_at is null;

-- One row an object; what its manifest says.
create table archives (
    archive_key text primary key,
    sha256 text not null,
    bytes integer not null,
    orders integer not null,
    events integer not null,
    archived_at timestamptz not null default now()
);

-- What is left here of archived events, so that their days' seals can still be verified.
create table archived_events (
    event_id bigint primary key,
    order_id uuid not null,
    at timestamptz not null,
    hash bytea not null
);
create index archived_events_at on archived_events using brin (at) with (autosummarize = on);

alter table event_chains
    -- How far the chain is in the archive, and the hash that it has there at its end.
    add column archived_length integer not null default 0,
    add column archived_hash bytea not null default '';

-- Who asked for whose personal data to be erased is not kept: that would be the data again.
create table erasures (
    erasure_id bigint generated always as identity primary key,
    asked_by text not null,
    reason text not null,
    orders integer not null,
    objects integer not null,
    erased_at timestamptz not null default now()
);
create trigger erasures_append_only before update or delete or truncate on erasures
    for each statement execute function refuse_change();

-- Objects that an erasure leaves to be deleted; their rows go with them.
create table discarded_objects (
    bucket text not null,
    key text not null,
    since timestamptz not null default now(),
    primary key (bucket, key)
);

-- A chain is its order's; what tells of all orders is the house's to read, and nobody's to write for a person.
call keep_behind_order('event_chains');
call keep_for_house('day_seals');
call keep_for_house('archives');
call keep_for_house('archived_events');
call keep_for_house('erasures');
call keep_for_house('discarded_objects');
revoke insert, update, delete on day_seals, archives, archived_events, erasures, discarded_objects from mtd_tenant;

-- Events are changed by the functions below only, which have a role and rights of their own.
create schema records;
grant usage on schema records to mtd_records;
grant select on archived_events, day_seals to mtd_records;
grant select, update, delete on events to mtd_records;
create policy records on events to mtd_records using (true);
create policy records on archived_events to mtd_records using (true);
create policy records on day_seals to mtd_records using (true);

create function refuse_change_of_records() returns trigger language plpgsql as $$
begin
    if current_user <> 'mtd_records' then
        raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
    end if;
    return null;
end $$;
create or replace trigger events_append_only before update or delete or truncate on events
    for each statement execute function refuse_change_of_records();

-- A note may name a person, too.
grant select, update on order_notes to mtd_records;
create policy records on order_notes to mtd_records using (true);
create or replace trigger order_notes_append_only before update or delete or truncate on order_notes
    for each statement execute function refuse_change_of_records();

-- Deletes the events of orders; all of them must be in the archive, and their days sealed.
create function records.forget_events(order_ids uuid[]) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare forgotten bigint; stranger bigint;
begin
    select e.event_id into stranger from events e
    where e.order_id = any(order_ids)
      and (not exists (select from archived_events a where a.event_id = e.event_id and a.hash = e.hash)
           or not exists (select from day_seals s where s.day = (e.at at time zone 'UTC')::date))
    limit 1;
    if found then
        raise exception 'event % is not archived, or its day is not sealed', stranger using errcode = 'object_in_use';
    end if;
    delete from events where order_id = any(order_ids);
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;

-- Replaces details of events for good: [{"event_id", "detail"}]. Their digests stay in the chain, their salts go.
create function records.erase_details(erased jsonb) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare replaced bigint;
begin
    update events e
    set detail = r.detail, salt = null,
        detail_digest = coalesce(e.detail_digest, sha256(uuid_send(e.salt) || convert_to(e.detail::text, 'UTF8')))
    from jsonb_to_recordset(erased) as r (event_id bigint, detail jsonb)
    where e.event_id = r.event_id;
    get diagnostics replaced = row_count;
    return replaced;
end $$;

-- Replaces what notes say: [{"id", "text"}].
create function records.erase_notes(erased jsonb) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare replaced bigint;
begin
    update order_notes n set text = r.text from jsonb_to_recordset(erased) as r (id bigint, text text) where n.note_id = r.id;
    get diagnostics replaced = row_count;
    return replaced;
end $$;

do $$
declare owner text := current_user; signature text;
begin
    grant create on schema records to mtd_records;
    foreach signature in array array['records.forget_events(uuid[])', 'records.erase_details(jsonb)',
                                    'records.erase_notes(jsonb)'] loop
        execute format('revoke all on function %s from public', signature);
        execute format('alter function %s owner to mtd_records', signature);
        set local role mtd_records;
        execute format('grant execute on function %s to %I', signature, owner);
        set local role none;
    end loop;
    revoke create on schema records from mtd_records;
end $$;
