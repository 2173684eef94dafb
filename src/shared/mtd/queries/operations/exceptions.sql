-- name: list_exceptions
select 'incident' as source, i.fingerprint, max(i.state) as state, max(i.kind) as kind, max(i.code) as code,
       (array_agg(i.message order by i.opened_at desc))[1] as message, count(distinct i.order_id) as orders,
       max(i.attempts) as tries, min(i.opened_at) as first, max(i.opened_at) as last,
       to_jsonb((array_agg(o.number order by i.opened_at desc))[1:20]) as numbers
from incidents i join orders o using (order_id)
where i.resolved_at is null
group by i.fingerprint
union all
select 'waiting', 'waiting', 'waiting', 'unavailable', 'waiting', (array_agg(w.reason order by w.since desc))[1], count(*),
       10, min(w.since), max(w.since), to_jsonb((array_agg(coalesce(w.number, w.message_id) order by w.since desc))[1:20])
from waiting_orders w where w.pushed_at is null
having count(*) > 0
union all
select 'conflict', 'conflict', 'registered', 'refused', 'number_taken', (array_agg(o.reason order by o.received_at desc))[1],
       count(*), 0, min(o.received_at), max(o.received_at),
       to_jsonb((array_agg(o.number order by o.received_at desc))[1:20])
from orders o
where o.outcome = 'exception' and not exists (
    select from incidents i where i.order_id = o.order_id and i.resolved_at is null)
having count(*) > 0
order by last desc;
