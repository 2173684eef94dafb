-- name: list_versions
select v.process, v.version, v.active, v.retired_at, v.imported_at, v.plan ->> 'name' as name, v.report,
       (select count(*) from orders o where o.process_version_id = v.process_version_id and o.ended_at is null)
           as orders_in_flight
from process_versions v
where %(process)s::text is null or v.process = %(process)s
order by v.process, v.version desc;

-- name: process_version
select process_version_id, process, version, plan from process_versions
where process = %(process)s and version = %(version)s;

-- name: sample_order
select document from orders where %(number)s::text is null or number = %(number)s
order by received_at desc, order_id limit 1;

-- name: version_times
-- The last seven days' times in each state, of all versions, which share the states' names.
with times as (
    select state, bucket, sum(orders) as orders from time_figures
    where grain = 'hour' and measure = 'in_state' and process = %(process)s and since > now() - interval '7 days'
    group by 1, 2
), running as (
    select state, bucket, sum(orders) over (partition by state order by bucket) as up_to,
           sum(orders) over (partition by state) as orders
    from times
)
select state as node, max(orders)::bigint as orders,
       bucket_seconds(min(bucket) filter (where up_to >= 0.5 * orders)) as p50,
       bucket_seconds(min(bucket) filter (where up_to >= 0.95 * orders)) as p95
from running group by state order by state;

-- name: version_places
select p.node, count(distinct o.order_id) as orders
from orders o join places p using (order_id)
where o.process_version_id = %(process_version_id)s and o.ended_at is null
group by p.node order by p.node;
