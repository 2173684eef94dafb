-- name: unsent
delete from outbox
where outbox_id in (
    select outbox_id from outbox
    where created_at < now() - make_interval(secs => %(older_than_seconds)s)
    order by outbox_id limit %(limit)s
    for update skip locked
)
returning outbox_id, destination, body, delay_seconds;

-- name: forgotten_tokens
update tokens
set due_at = now(), leased_until = case when leased_until is null then null else now() end
where token_id in (
    select token_id from tokens
    where waits = 'service' and parked_at is null
      and not exists (select from orders o where o.order_id = tokens.order_id and o.suspended_at is not null)
      and (leased_until < now() - interval '5 seconds'
           or (leased_until is null
               and (due_at < now() - make_interval(secs => %(forgotten_seconds)s) or %(forgotten_seconds)s = 0)))
    order by token_id limit %(limit)s
    for update skip locked
)
returning token_id, version;

-- name: forgotten_operations
select operation_id from operations
where status = 'running' and due_at < now() - interval '30 seconds'
  and (leased_until is null or leased_until < now())
order by operation_id;

-- name: forgotten_mails
select order_id, kind from mails
where (status = 'sending' and claimed_at < now() - interval '5 minutes')
   or (status = 'pending' and created_at < now() - make_interval(secs => %(forgotten_seconds)s))
order by mail_id limit %(limit)s;

-- name: expire_messages
-- The history of the orders that a message was meant for keeps that none of them took it.
with expired as (
    delete from messages where expires_at <= now() returning tenant, kind, name, id, number, seller_id, taken_at
)
insert into events (order_id, at, who, source, what, detail)
select o.order_id, clock_timestamp(), 'relay_outbox', 'PostgreSQL', 'message expired',
       jsonb_strip_nulls(jsonb_build_object('message', e.name, 'id', e.id))
from expired e
join orders o on o.tenant = e.tenant and o.number = e.number and (e.seller_id is null or o.seller_id = e.seller_id)
where e.kind = 'message' and e.taken_at is null and o.archived_at is null
order by o.order_id;

-- name: awaited_messages
-- Tokens that came to wait for a message while that was written, or whose order was suspended then.
select distinct t.token_id, t.version
from messages m
join orders o on o.tenant = m.tenant and o.suspended_at is null and (m.number is null or m.number = o.number)
    and (m.seller_id is null or m.seller_id = o.seller_id)
join tokens t on t.order_id = o.order_id and t.waits = 'message' and t.message = m.name
where m.kind = 'message' and m.taken_at is null and m.received_at < now() - interval '5 seconds'
limit 1000;

-- name: untold_tasks
-- Whether people are to be told of a task.
select 1 as some where exists (
    select from tasks
    where status = 'open' and (told_at is null or (overdue_at is not null and overdue_told_at is null))
);
