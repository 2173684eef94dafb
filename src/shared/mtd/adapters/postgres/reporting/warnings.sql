-- name: warn
-- The remaining time is the time that nine of ten orders took from here on, or the state's target when too few orders
-- have gone this way. The time that the order has spent here is subtracted, down to none.
with standing as (
    select t.order_id, t.node as state, t.entered_at, g.target, case when r.orders >= %(fewest)s then r.p90 end as remaining,
           (o.promised_on + 1)::timestamp at time zone %(zone)s as promised_at
    from tokens t
    join orders o on o.order_id = t.order_id
    join process_versions v on v.process_version_id = o.process_version_id
    left join targets g on g.process_version_id = o.process_version_id and g.state = t.node
    left join remaining_times r on r.tenant = v.tenant and r.process = v.process and r.state = t.node
    where t.host is null and t.waits not in ('inside', 'done') and o.ended_at is null
), late as (
    select order_id, 'promise' as kind, state, promised_at as due_at,
           greatest(entered_at + coalesce(remaining, target, interval '0'), now()) as predicted_at
    from standing where promised_at is not null
    union all
    select order_id, 'state:' || state, state, entered_at + target, greatest(entered_at + target, now())
    from standing where entered_at + %(early)s * target < now()
), worst as (
    select distinct on (order_id, kind) order_id, kind, state, due_at, predicted_at
    from late
    where predicted_at >= due_at
      and not exists (select from warnings w where w.order_id = late.order_id and w.kind = late.kind)
    order by order_id, kind, predicted_at desc
    limit %(limit)s
), warned as (
    insert into warnings (order_id, kind, state, due_at, predicted_at)
    select order_id, kind, state, due_at, predicted_at from worst
    on conflict do nothing
    returning warning_id, order_id, kind, state, due_at, predicted_at
)
select w.warning_id, o.number, o.seller_name as seller, w.kind, w.state, w.due_at, w.predicted_at
from warned w join orders o on o.order_id = w.order_id
order by w.due_at, w.warning_id;

-- name: acknowledge
update warnings set acknowledged_by = %(person)s, acknowledged_at = now()
where warning_id = %(warning_id)s and acknowledged_at is null
returning warning_id;
