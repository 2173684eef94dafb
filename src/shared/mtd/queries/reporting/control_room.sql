-- name: active_states
select node ->> 'id' as state, node ->> 'name' as name
from process_versions, jsonb_array_elements(plan -> 'nodes') with ordinality as n (node, place)
where active and node ->> 'kind' in ('service', 'person', 'message', 'timer')
order by process, place;

-- name: in_process
-- Orders, not tokens: one that stands at a step several times is one order in the list.
select node as state, count(distinct order_id) as orders,
       count(distinct order_id) filter (where parked_at is not null) as parked,
       count(distinct order_id) filter (where attempts > 0 and leased_until is null and parked_at is null) as retrying,
       min(entered_at) as oldest
from tokens where waits <> 'done' group by node;

-- name: orders_in_process
select count(*) as orders from orders where outcome is null;

-- name: ended_lately
select outcome, count(*) as orders from orders where ended_at > now() - interval '24 hours' group by outcome;

-- name: open_incidents
select count(distinct order_id) as open,
       count(distinct order_id) filter (where opened_at > now() - interval '1 hour') as lately
from incidents where resolved_at is null;

-- name: waiting
select count(*) as orders, max(since) as latest from waiting_orders where pushed_at is null;

-- name: waiting_orders
select message_id, number, seller_id as seller, since, reason from waiting_orders
where pushed_at is null order by since limit 1000;

-- name: at_risk
select count(*) as orders from orders o
where o.outcome is null and o.promised_on <= (now() at time zone 'utc' + interval '24 hours')::date;

-- name: speed
select count(*) as orders, percentile_cont(0.5) within group (order by extract(epoch from ended_at - received_at)) as p50,
       percentile_cont(0.95) within group (order by extract(epoch from ended_at - received_at)) as p95
from (select ended_at, received_at from orders where ended_at > now() - interval '1 hour' and outcome = 'completed'
      order by ended_at desc limit 20000) lately;

-- name: throughput
with received as (
    select date_trunc('minute', received_at) as minute, count(*) as orders from orders
    where received_at > now() - interval '60 minutes' group by 1
), ended as (
    select date_trunc('minute', ended_at) as minute, count(*) as orders from orders
    where ended_at > now() - interval '60 minutes' group by 1
)
select minute, coalesce(r.orders, 0) as received, coalesce(e.orders, 0) as ended
from generate_series(date_trunc('minute', now()) - interval '59 minutes', date_trunc('minute', now()), '1 minute') minute
left join received r using (minute)
left join ended e using (minute)
order by minute;

-- name: incident_groups
select fingerprint, count(distinct order_id) as orders, max(state) as state, max(code) as code,
       (array_agg(message order by opened_at desc))[1] as message, min(opened_at) as first, max(opened_at) as last
from incidents where resolved_at is null
group by fingerprint order by last desc, fingerprint limit %(limit)s offset %(after)s;

-- name: incidents_of
select i.incident_id, i.order_id, o.number, o.seller_name, o.buyer_name, o.currency, o.total, i.state, i.code, i.message,
       i.attempts, i.opened_at
from incidents i join orders o using (order_id)
where i.resolved_at is null and i.fingerprint = %(fingerprint)s
order by i.opened_at desc, i.incident_id desc limit %(limit)s offset %(after)s;

-- name: exceptions_without_incident
select order_id, number, seller_name, buyer_name, currency, total, reason, received_at
from orders o
where outcome = 'exception' and not exists (select from incidents i where i.order_id = o.order_id)
order by received_at desc, order_id limit %(limit)s offset %(after)s;

-- name: count_exceptions_without_incident
select count(*) as orders from orders o
where outcome = 'exception' and not exists (select from incidents i where i.order_id = o.order_id);

-- name: latest_rejections
select source, kept_at, code, reason, size, received_at from rejections
order by received_at desc, source limit %(limit)s offset %(after)s;

-- name: count_rejections
select count(*) as files from rejections;
