-- name: archivable
-- Orders that ended before that moment and have no open work, with their lines for the archive.
with chosen as (
    select o.* from orders o
    where o.ended_at < %(before)s and o.archived_at is null and (o.ended_at, o.order_id) > (%(after_at)s, %(after_id)s)
      and not exists (select from incidents i where i.order_id = o.order_id and i.resolved_at is null)
      and not exists (select from mails m where m.order_id = o.order_id and m.status in ('pending', 'sending'))
      and not exists (select from events e
                      where e.order_id = o.order_id
                        and not exists (select from day_seals s where s.day = (e.at at time zone 'UTC')::date))
    order by o.ended_at, o.order_id limit %(limit)s
)
select c.order_id, c.ended_at, c.updated_at, h.length, h.hash, jsonb_build_object(
    'order', to_jsonb(c) - 'archived_at' - 'archive_key',
    'events', (select coalesce(jsonb_agg(jsonb_build_object(
                   'event_id', e.event_id, 'position', e.position, 'at', e.at, 'who', e.who, 'source', e.source,
                   'what', e.what, 'from_state', e.from_state, 'to_state', e.to_state, 'ms', e.ms::text,
                   'request_id', e.request_id, 'detail', e.detail::text, 'salt', e.salt,
                   'detail_digest', encode(e.detail_digest, 'hex'), 'hash', encode(e.hash, 'hex')) order by e.position), '[]')
               from events e where e.order_id = c.order_id),
    'tasks', (select coalesce(jsonb_agg(to_jsonb(t) order by t.task_id), '[]') from tasks t where t.order_id = c.order_id),
    'mails', (select coalesce(jsonb_agg(to_jsonb(m) order by m.mail_id), '[]') from mails m where m.order_id = c.order_id),
    'incidents', (select coalesce(jsonb_agg(to_jsonb(i) order by i.incident_id), '[]')
                  from incidents i where i.order_id = c.order_id),
    'warnings', (select coalesce(jsonb_agg(to_jsonb(w) order by w.warning_id), '[]')
                 from warnings w where w.order_id = c.order_id)
)::text as line
from chosen c join event_chains h using (order_id)
order by c.ended_at, c.order_id;

-- name: lock_archivable
-- Returns fewer rows than asked for when an order has changed since it was read.
select o.order_id from orders o
join jsonb_to_recordset(%(orders)s) as r (order_id uuid, updated_at timestamptz, length integer)
  on o.order_id = r.order_id and o.updated_at = r.updated_at
join event_chains c on c.order_id = o.order_id and c.length = r.length
where o.archived_at is null
order by o.order_id for update of o, c;

-- name: insert_archive
insert into archives (archive_key, sha256, bytes, orders, events)
values (%(archive_key)s, %(sha256)s, %(bytes)s, %(orders)s, %(events)s)
on conflict (archive_key) do nothing;

-- name: insert_archived_events
insert into archived_events (event_id, order_id, at, hash)
select event_id, order_id, at, decode(hash, 'hex')
from jsonb_to_recordset(%(events)s) as e (event_id bigint, order_id uuid, at timestamptz, hash text);

-- name: archive_orders
-- The document keeps the fields by which people find an order.
with forgotten_tasks as (delete from tasks where order_id = any(%(order_ids)s)),
     forgotten_mails as (delete from mails where order_id = any(%(order_ids)s)),
     forgotten_incidents as (delete from incidents where order_id = any(%(order_ids)s)),
     forgotten_warnings as (delete from warnings where order_id = any(%(order_ids)s)),
     chained as (
         update event_chains set archived_length = length, archived_hash = hash where order_id = any(%(order_ids)s)
     )
update orders
set archived_at = now(), archive_key = %(archive_key)s, data = '{}', document = jsonb_strip_nulls(jsonb_build_object(
    'buyer', jsonb_build_object('rut', document #> '{buyer,rut}', 'email', document #> '{buyer,email}'),
    'seller', jsonb_build_object('rut', document #> '{seller,rut}')))
where order_id = any(%(order_ids)s);

-- name: forget_events
select records.forget_events(%(order_ids)s) as events;

-- name: archive_key
select archive_key from orders where order_id = %(order_id)s and archive_key is not null;
