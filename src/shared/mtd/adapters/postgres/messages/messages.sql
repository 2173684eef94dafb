-- name: admit
insert into messages (kind, name, id, number, seller_id, rule, data, expires_at)
values (%(kind)s, %(name)s, %(id)s::text, %(number)s::text, %(seller)s::text, %(rule)s::text, %(data)s, %(expires_at)s)
on conflict do nothing
returning message_id, expires_at;

-- name: admitted
select message_id, taken_by, expires_at from messages
where kind = %(kind)s and name = %(name)s and id = %(id)s and number is not distinct from %(number)s::text
    and tenant = coalesce(acting_tenant(), 'main');

-- name: early
select m.message_id, m.id, m.number, m.seller_id, m.rule, m.data, m.expires_at
from messages m
join orders o on o.tenant = m.tenant and o.order_id = %(order_id)s
    and (m.number is null or m.number = o.number) and (m.seller_id is null or m.seller_id = o.seller_id)
where m.name = %(name)s and m.kind = 'message' and m.taken_at is null and m.expires_at > now()
order by m.message_id
for update of m skip locked;

-- name: settle
update messages set taken_at = now(), taken_by = taken_by || %(taken_by)s::uuid[], data = '{}'
where message_id = %(message_id)s;

-- name: listening
-- A token of each order that waits, the oldest order first. A suspended order hears no signal, and takes a message when
-- it is resumed.
select distinct on (o.received_at, o.order_id)
       t.token_id, t.version, t.node, t.attempts, t.data, t.order_id, o.process_version_id, t.due_at, t.waits
from tokens t
join orders o on o.order_id = t.order_id
where t.waits = %(waits)s and t.message = %(name)s
  and (%(number)s::text is null or o.number = %(number)s)
  and (%(seller)s::text is null or o.seller_id = %(seller)s)
  and o.suspended_at is null
order by o.received_at, o.order_id, t.ordinal;

-- name: versions_of
select process_version_id,
       outcome is null or exists (select from incidents i where i.order_id = o.order_id and i.resolved_at is null) as lives
from orders o
where number = %(number)s and (%(seller)s::text is null or seller_id = %(seller)s);
