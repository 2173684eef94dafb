-- name: lease_work
with due as (
    select t.token_id, t.leased_until is not null as outcome_unknown
    from tokens t join orders o on o.order_id = t.order_id and o.suspended_at is null
    where t.waits = 'service' and t.server = %(server)s and t.parked_at is null and t.due_at <= now()
      and (t.leased_until is null or t.leased_until < now())
      and not exists (select from circuits c where c.system = %(system)s and c.state = 'open')
    order by t.due_at, t.token_id limit %(most)s
    for update of t skip locked
)
update tokens t
set leased_until = now() + make_interval(secs => %(lease_seconds)s), attempts = t.attempts + 1
from due, orders o
where t.token_id = due.token_id and o.order_id = t.order_id
returning t.token_id, t.version, t.node, t.attempts, t.data, t.entered_at, t.due_at,
          due.outcome_unknown or o.operated_at is not null as outcome_unknown, o.order_id, o.document, o.process_version_id;

-- name: leased_work
select t.token_id, t.version, t.node, t.attempts, t.data, t.entered_at, t.due_at, false as outcome_unknown, o.order_id,
       o.document, o.process_version_id
from tokens t join orders o on o.order_id = t.order_id
where t.token_id = %(token_id)s and t.version = %(version)s and t.attempts = %(attempts)s and t.server = %(server)s
  and t.waits = 'service' and t.leased_until is not null;
