-- name: archives_after
select archive_key, sha256 from archives where archive_key > %(after)s order by archive_key limit %(limit)s;

-- name: archived_chains
select o.order_id, o.number, c.archived_length as length, c.archived_hash as hash
from orders o join event_chains c using (order_id)
where o.archive_key = %(archive_key)s order by o.order_id;

-- name: archived_hashes
select event_id, hash from archived_events where event_id = any(%(event_ids)s);

-- name: snapshot
set transaction isolation level repeatable read read only;

-- name: chain_page
-- Jumps from one order's events to the next one's. It also finds orders that have only events or only a chain.
with recursive jumped as (
    (select order_id, 1 as jump from events where order_id > %(after)s order by order_id limit 1)
    union all
    select following.order_id, j.jump + 1
    from jumped j
    cross join lateral (select order_id from events where order_id > j.order_id order by order_id limit 1) following
    where j.jump < %(limit)s
), page as (
    select order_id from jumped
    union (select order_id from event_chains where order_id > %(after)s order by order_id limit %(limit)s)
    order by order_id limit %(limit)s
)
select p.order_id, c.length, c.hash, c.archived_length, c.archived_hash, o.number
from page p
left join event_chains c using (order_id)
left join orders o using (order_id)
order by p.order_id;

-- name: chains_of_number
select o.order_id, c.length, c.hash, c.archived_length, c.archived_hash, o.number
from orders o left join event_chains c using (order_id)
where o.number = %(number)s order by o.order_id;

-- name: chains_of_day
-- The orders with events on that day.
with page as (
    select distinct order_id from events
    where at >= %(day)s::date::timestamp at time zone 'UTC' and at < (%(day)s::date + 1)::timestamp at time zone 'UTC'
      and order_id > %(after)s
    order by order_id limit %(limit)s
)
select p.order_id, c.length, c.hash, c.archived_length, c.archived_hash, o.number
from page p
left join event_chains c using (order_id)
left join orders o using (order_id)
order by p.order_id;

-- name: chained_events
select event_id, order_id, position, at, who, source, what, from_state, to_state, ms::text as ms, request_id,
       detail::text as detail, salt, detail_digest, hash
from events where order_id = any(%(order_ids)s);

-- name: first_day
-- The archive has events of sealed days only.
select (min(at) at time zone 'UTC')::date as day from events;

-- name: last_seal
select day, events, hash from day_seals order by day desc limit 1;

-- name: seals_from
-- Includes the day before the page, on whose seal the first day's seal builds.
select day, events, hash from day_seals
where day >= %(day)s::date - 1 order by day limit %(limit)s + 1;

-- name: span_of_day
select min(event_id) as first, max(event_id) as last
from (select event_id, at from events union all select event_id, at from archived_events) e
where at >= %(day)s::date::timestamp at time zone 'UTC' and at < (%(day)s::date + 1)::timestamp at time zone 'UTC';

-- name: hashes
select event_id, hash
from (select event_id, at, coalesce(hash, '') as hash from events
      union all select event_id, at, hash from archived_events) e
where event_id > %(after)s and event_id <= %(last)s
  and at >= %(day)s::date::timestamp at time zone 'UTC' and at < (%(day)s::date + 1)::timestamp at time zone 'UTC'
order by event_id limit %(limit)s;

-- name: insert_seal
insert into day_seals (day, events, hash) values (%(day)s, %(events)s, %(hash)s) on conflict (day) do nothing;
