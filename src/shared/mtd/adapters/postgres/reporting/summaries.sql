-- name: mark
select event_id, at from summary_marks where name = 'events' for update;

-- name: upto
-- Younger events wait: a transaction with an earlier number may not have committed yet.
with page as (
    select event_id, at from events where event_id > %(after)s order by event_id limit %(limit)s
)
select max(event_id) as event_id, max(at) as at
from page
where event_id < coalesce((select min(event_id) from page where at >= now() - make_interval(secs => %(horizon_seconds)s)),
                          9223372036854775807);

-- name: touched_hours
select distinct date_trunc('hour', o.received_at) as since
from orders o
where o.order_id in (select order_id from events where event_id > %(after)s and event_id <= %(upto)s);

-- name: add_states
-- Each event by which an order left a state, with the event by which it came there.
with passed as (
    select f.at, o.tenant, v.process, o.process_version_id, f.from_state as state, f.at - b.at as took
    from events f
    join orders o on o.order_id = f.order_id
    join process_versions v on v.process_version_id = o.process_version_id
    cross join lateral (
        select max(e.at) as at from events e
        where e.order_id = f.order_id and e.event_id < f.event_id
          and f.from_state = any(string_to_array(e.to_state, ', '))
          and not f.from_state = any(string_to_array(coalesce(e.from_state, ''), ', '))
    ) b
    where f.event_id > %(after)s and f.event_id <= %(upto)s and b.at is not null
      and not f.from_state = any(string_to_array(coalesce(f.to_state, ''), ', '))
), each as (
    select p.*, grain, case grain when 'hour' then date_trunc('hour', at) else date_trunc('day', at, %(zone)s) end as since
    from passed p cross join (values ('hour'), ('day')) g (grain)
), counted as (
    insert into state_figures as s (grain, since, tenant, process, state, passed, over)
    select e.grain, e.since, e.tenant, e.process, e.state, count(*), count(*) filter (where e.took > t.target)
    from each e
    left join targets t on t.process_version_id = e.process_version_id and t.state = e.state
    group by 1, 2, 3, 4, 5
    on conflict (grain, since, tenant, process, state)
    do update set passed = s.passed + excluded.passed, over = s.over + excluded.over
)
insert into time_figures as s (grain, since, measure, tenant, process, state, bucket, orders)
select grain, since, 'in_state', tenant, process, state, time_bucket(took), count(*)
from each group by 1, 2, 4, 5, 6, 7
on conflict (grain, since, measure, tenant, process, state, bucket) do update set orders = s.orders + excluded.orders;

-- name: add_remaining
-- For each completed order, the times from its arrival in each state to its completion.
with ended as (
    select f.event_id, f.order_id, f.at, o.tenant, v.process
    from events f
    join orders o on o.order_id = f.order_id
    join process_versions v on v.process_version_id = o.process_version_id
    where f.event_id > %(after)s and f.event_id <= %(upto)s and f.to_state = 'completed' and o.outcome = 'completed'
), came as (
    select d.at, d.tenant, d.process, s.state, d.at - min(e.at) as took
    from ended d
    join events e on e.order_id = d.order_id and e.event_id < d.event_id
    cross join lateral unnest(string_to_array(e.to_state, ', ')) s (state)
    where e.to_state is distinct from e.from_state
    group by d.at, d.tenant, d.process, d.order_id, s.state
)
insert into time_figures as s (grain, since, measure, tenant, process, state, bucket, orders)
select 'hour', date_trunc('hour', at), 'remaining', tenant, process, state, time_bucket(took), count(*)
from came group by 2, 4, 5, 6, 7
on conflict (grain, since, measure, tenant, process, state, bucket) do update set orders = s.orders + excluded.orders;

-- name: forget_hours
with figures as (delete from order_figures where grain = 'hour' and since = any(%(hours)s))
delete from time_figures where grain = 'hour' and measure = 'whole' and since = any(%(hours)s);

-- name: count_hours
with came as (
    select date_trunc('hour', o.received_at) as since, o.tenant, v.process, o.seller_id, o.seller_name, o.currency, o.total,
           o.received_at, o.ended_at, o.outcome,
           (o.promised_on + 1)::timestamp at time zone %(zone)s as promised_at
    from tenants t
    cross join (select distinct since from unnest(%(hours)s::timestamptz[]) each (since)) h
    join orders o on o.tenant = t.code and o.received_at >= h.since and o.received_at < h.since + interval '1 hour'
    join process_versions v on v.process_version_id = o.process_version_id
), counted as (
    insert into order_figures (grain, since, tenant, seller_id, currency, seller_name, received, completed, exceptions,
                               cancelled, amount, promised, kept)
    select 'hour', since, tenant, seller_id, currency, max(seller_name), count(*), count(*) filter (where outcome = 'completed'),
           count(*) filter (where outcome = 'exception'), count(*) filter (where outcome = 'cancelled'), sum(total),
           count(*) filter (where promised_at is not null and (outcome = 'completed' or promised_at < now())),
           count(*) filter (where outcome = 'completed' and ended_at < promised_at)
    from came group by since, tenant, seller_id, currency
)
insert into time_figures (grain, since, measure, tenant, process, state, bucket, orders)
select 'hour', since, 'whole', tenant, process, '', time_bucket(ended_at - received_at), count(*)
from came where ended_at is not null group by since, tenant, process, 7;

-- name: days_of
select distinct date_trunc('day', since, %(zone)s) as day from unnest(%(hours)s::timestamptz[]) h (since);

-- name: forget_days
with figures as (delete from order_figures where grain = 'day' and since = any(%(days)s))
delete from time_figures where grain = 'day' and measure = 'whole' and since = any(%(days)s);

-- name: count_days
with counted as (
    insert into order_figures (grain, since, tenant, seller_id, currency, seller_name, received, completed, exceptions,
                               cancelled, amount, promised, kept)
    select 'day', date_trunc('day', since, %(zone)s), tenant, seller_id, currency, max(seller_name), sum(received), sum(completed),
           sum(exceptions), sum(cancelled), sum(amount), sum(promised), sum(kept)
    from order_figures
    where grain = 'hour' and since >= %(first)s and since < %(last)s
      and date_trunc('day', since, %(zone)s) = any(%(days)s)
    group by 2, tenant, seller_id, currency
)
insert into time_figures (grain, since, measure, tenant, process, state, bucket, orders)
select 'day', date_trunc('day', since, %(zone)s), 'whole', tenant, process, '', bucket, sum(orders)
from time_figures
where grain = 'hour' and measure = 'whole' and since >= %(first)s and since < %(last)s
  and date_trunc('day', since, %(zone)s) = any(%(days)s)
group by 2, tenant, process, bucket;

-- name: count_causes
with opened as (
    select grain, case grain when 'hour' then date_trunc('hour', opened_at) else date_trunc('day', opened_at, %(zone)s) end
           as since, tenant, fingerprint, min(state) as state, min(code) as code, count(*) as incidents
    from incidents cross join (values ('hour'), ('day')) g (grain)
    where opened_at >= date_trunc('day', %(from)s, %(zone)s)
    group by 1, 2, 3, 4
)
insert into cause_figures (grain, since, tenant, fingerprint, state, code, incidents)
select grain, since, tenant, fingerprint, state, code, incidents from opened
on conflict (grain, since, tenant, fingerprint) do update set incidents = excluded.incidents;

-- name: foretell
with recent as (
    select tenant, process, state, bucket, sum(orders) as orders
    from time_figures
    where grain = 'hour' and measure = 'remaining' and since >= now() - interval '7 days'
    group by 1, 2, 3, 4
), running as (
    select tenant, process, state, bucket, sum(orders) over way as up_to,
           sum(orders) over (partition by tenant, process, state) as orders
    from recent window way as (partition by tenant, process, state order by bucket)
), gone as (
    delete from remaining_times r
    where not exists (select from recent n where n.tenant = r.tenant and n.process = r.process and n.state = r.state)
)
insert into remaining_times (tenant, process, state, orders, p50, p90)
select tenant, process, state, max(orders),
       make_interval(secs => bucket_seconds(min(bucket) filter (where up_to >= 0.5 * orders))),
       make_interval(secs => bucket_seconds(min(bucket) filter (where up_to >= 0.9 * orders)))
from running group by tenant, process, state
on conflict (tenant, process, state) do update set orders = excluded.orders, p50 = excluded.p50, p90 = excluded.p90;

-- name: set_mark
update summary_marks set event_id = %(upto)s, at = %(at)s where name = 'events';
