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
