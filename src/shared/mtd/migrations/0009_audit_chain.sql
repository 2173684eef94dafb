-- Events are chained: each has the hash of what it says and of the event of its order before it, and days are sealed.
-- docs/security.md writes the hashed form down.

alter table events
    -- Its place among the events of its order, from 1.
    add column position integer,
    -- The chain has only a digest of salt and detail: a detail that must be erased goes with its salt, the chain stays.
    add column salt uuid,
    add column detail_digest bytea,
    add column hash bytea;
-- A day's events lie together: its few block ranges are found without an entry for each event.
create index events_at on events using brin (at) with (autosummarize = on);

-- The end of each order's chain. Its row is locked by whoever adds to it, so that no two events follow the same one.
create table event_chains (
    order_id uuid primary key,
    length integer not null,
    hash bytea not null
) with (fillfactor = 50);

-- Each expression is written out where it is needed: a call of an SQL function would cost as much as all the rest.
create function chain_event() returns trigger language plpgsql as $$
begin
    new.salt := gen_random_uuid();
    new.detail_digest := null;
    loop
        update event_chains c
        set length = c.length + 1,
            hash = sha256(c.hash || convert_to(json_build_array(
                c.length + 1, new.event_id, new.order_id, extract(epoch from new.at)::text, new.who, new.source, new.what,
                new.from_state, new.to_state, new.ms::text, new.request_id,
                encode(sha256(uuid_send(new.salt) || convert_to(new.detail::text, 'UTF8')), 'hex'))::text, 'UTF8'))
        where c.order_id = new.order_id
        returning c.length, c.hash into new.position, new.hash;
        exit when found;
        -- The first event of an order; of two at once the second waits here for the first.
        insert into event_chains (order_id, length, hash) values (new.order_id, 0, '') on conflict (order_id) do nothing;
    end loop;
    return new;
end $$;

-- What happened before there were chains is chained as it stands.
alter table events disable trigger events_append_only;
create trigger events_chained before update on events for each row execute function chain_event();
do $$
declare id bigint;
begin
    for id in select event_id from events order by order_id, event_id loop
        update events set detail_digest = null where event_id = id;
    end loop;
end $$;
create or replace trigger events_chained before insert on events for each row execute function chain_event();
alter table events enable trigger events_append_only;

-- One seal for each day of UTC, an empty one's too: SHA-256 of the seal before it, the day, how many events it has and
-- their hashes in the order of their numbers.
create table day_seals (
    day date primary key,
    events bigint not null,
    hash bytea not null,
    sealed_at timestamptz not null default now()
);
create trigger day_seals_append_only before update or delete or truncate on day_seals
    for each statement execute function refuse_change();

-- Not even the owner changes what happened, unless they first give themselves the right to.
do $$ begin
    execute format('revoke update, delete, truncate on events, day_seals from %I', current_user);
end $$;
