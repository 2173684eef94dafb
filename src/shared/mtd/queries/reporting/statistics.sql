-- name: per_step
with steps as (
    select date_trunc(%(step)s, since, %(zone)s) as since, sum(received)::bigint as received,
           sum(completed)::bigint as completed, sum(exceptions)::bigint as exceptions, sum(promised)::bigint as promised,
           sum(kept)::bigint as kept
    from order_figures
    where grain = %(grain)s and since >= date_trunc(%(step)s, %(since)s, %(zone)s) and since < %(until)s
    group by 1
), times as (
    select date_trunc(%(step)s, since, %(zone)s) as since, bucket, sum(orders) as orders
    from time_figures
    where grain = %(grain)s and measure = 'whole' and since >= date_trunc(%(step)s, %(since)s, %(zone)s)
      and since < %(until)s
    group by 1, 2
), running as (
    select since, bucket, sum(orders) over (partition by since order by bucket) as up_to,
           sum(orders) over (partition by since) as orders
    from times
)
select s.since, s.received, s.completed, s.exceptions, s.promised, s.kept,
       bucket_seconds(min(r.bucket) filter (where r.up_to >= 0.5 * r.orders)) as p50
from steps s left join running r on r.since = s.since
group by s.since, s.received, s.completed, s.exceptions, s.promised, s.kept
order by s.since;

-- name: per_seller
select max(seller_name) as seller_name, currency, sum(received)::bigint as orders, sum(amount) as amount,
       sum(exceptions)::bigint as exceptions
from order_figures
where grain = %(grain)s and since >= date_trunc(%(step)s, %(since)s, %(zone)s) and since < %(until)s
group by seller_id, currency order by orders desc, seller_name limit 50;

-- name: per_cause
select code, state, sum(incidents)::bigint as incidents from cause_figures
where grain = %(grain)s and since >= date_trunc(%(step)s, %(since)s, %(zone)s) and since < %(until)s
group by 1, 2 order by incidents desc limit 50;

-- name: per_state
with states as (
    select process, state, sum(passed)::bigint as passed, sum(over)::bigint as over from state_figures
    where grain = %(grain)s and since >= date_trunc(%(step)s, %(since)s, %(zone)s) and since < %(until)s
    group by 1, 2
), times as (
    select process, state, bucket, sum(orders) as orders from time_figures
    where grain = %(grain)s and measure = 'in_state' and since >= date_trunc(%(step)s, %(since)s, %(zone)s)
      and since < %(until)s
    group by 1, 2, 3
), running as (
    select process, state, bucket, sum(orders) over (partition by process, state order by bucket) as up_to,
           sum(orders) over (partition by process, state) as orders
    from times
)
select s.process, s.state, s.passed, s.over,
       bucket_seconds(min(r.bucket) filter (where r.up_to >= 0.5 * r.orders)) as p50,
       bucket_seconds(min(r.bucket) filter (where r.up_to >= 0.95 * r.orders)) as p95
from states s join running r on r.process = s.process and r.state = s.state
group by s.process, s.state, s.passed, s.over
order by s.passed desc, s.process, s.state limit 50;
