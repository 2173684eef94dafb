-- name: progress
-- came_back: the order was done, and failed again. unsettled: none of the steps that it was put at is done yet.
select count(*) as total, count(*) filter (where status = 'pending') as pending,
       count(*) filter (where status = 'done') as done, count(*) filter (where status = 'refused') as refused,
       count(*) filter (where status = 'done' and not %(dry_run)s and exists (
           select from incidents n where n.order_id = i.order_id and n.resolved_at is null and n.opened_at >= i.ended_at
       )) as came_back,
       count(*) filter (where status = 'done' and not %(dry_run)s and i.rests <> '[]'
           and exists (select from orders o where o.order_id = i.order_id and o.outcome is null)
           and not exists (
               select from events e
               where e.order_id = i.order_id and e.at >= i.ended_at and e.what = 'done' and i.rests ? e.from_state
           )) as unsettled,
       coalesce(extract(epoch from now() - max(ended_at)), 0)::double precision as quiet_seconds
from operation_items i where operation_id = %(operation_id)s;

-- name: read_operations
select operation_id, action, person, reason, selection, arguments, dry_run, canary, rate, stop_at, status, why, created_at,
       ended_at
from operations where %(operation_id)s::bigint is null or operation_id = %(operation_id)s
order by operation_id desc limit 50;

-- name: read_items
select position, order_id, number, status, code, message, places, ended_at from operation_items
where operation_id = %(operation_id)s and position > %(after)s
order by position limit %(limit)s;
