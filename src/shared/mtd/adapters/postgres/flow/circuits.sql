-- name: lock_circuit
-- Parking at an open circuit, closing and releasing hold this lock, so that no batch parks a token after a release.
select state = 'open' as open, by_hand, failing, drain_rate, coalesce(next_probe_at <= now() + interval '2 seconds', false) as due
from circuits where system = %(system)s for update;

-- name: add_circuit
insert into circuits (system) values (%(system)s) on conflict do nothing;

-- name: set_circuit
update circuits
set state = case when %(open)s then 'open' else 'closed' end, by_hand = %(by_hand)s, failing = %(failing)s::uuid[],
    reason = %(reason)s, changed_by = %(who)s,
    changed_at = case when (state = 'open') = %(open)s and by_hand = %(by_hand)s then changed_at else now() end,
    next_probe_at = case when %(open)s and not %(by_hand)s then now() + make_interval(secs => %(probe_seconds)s::double precision) end
where system = %(system)s;

-- name: set_rate
update circuits set drain_rate = %(drain_rate)s where system = %(system)s;

-- name: keep_failing
update circuits set failing = %(failing)s::uuid[] where system = %(system)s;

-- name: await_probe
update circuits set next_probe_at = now() + make_interval(secs => %(probe_seconds)s) where system = %(system)s;

-- name: lease_parked
with next as (
    select t.token_id
    from tokens t join orders o on o.order_id = t.order_id and o.suspended_at is null
    where t.parked_for = %(system)s and t.parked_at is not null and coalesce(t.server, t.node) = %(server)s
    order by t.parked_at, t.token_id limit 1
    for update of t skip locked
)
update tokens t
set leased_until = now() + make_interval(secs => %(lease_seconds)s), attempts = t.attempts + 1, parked_at = null,
    parked_for = null
from next, orders o
where t.token_id = next.token_id and o.order_id = t.order_id
returning t.token_id, t.version, t.node, t.attempts, t.data, t.entered_at, t.due_at,
          o.operated_at is not null as outcome_unknown, o.order_id, o.document, o.process_version_id;

-- name: lease_first
with next as (
    select t.token_id, t.leased_until is not null as outcome_unknown
    from tokens t
    join jsonb_to_recordset(%(references)s) as r (token_id bigint, version integer)
      on t.token_id = r.token_id and t.version = r.version
    join orders o on o.order_id = t.order_id and o.suspended_at is null
    where t.waits = 'service' and coalesce(t.server, t.node) = %(server)s and t.parked_at is null
      and t.due_at <= now() + interval '2 seconds' and (t.leased_until is null or t.leased_until < now())
    order by t.token_id limit 1
    for update of t skip locked
)
update tokens t
set leased_until = now() + make_interval(secs => %(lease_seconds)s), attempts = t.attempts + 1
from next, orders o
where t.token_id = next.token_id and o.order_id = t.order_id
returning t.token_id, t.version, t.node, t.attempts, t.data, t.entered_at, t.due_at,
          next.outcome_unknown or o.operated_at is not null as outcome_unknown, o.order_id, o.document, o.process_version_id;

-- name: park_due
-- Parked without a try. A try that was cut off stays counted, so that the next one asks the system by the key.
with due as (
    select t.token_id
    from tokens t
    join jsonb_to_recordset(%(references)s) as r (token_id bigint, version integer)
      on t.token_id = r.token_id and t.version = r.version
    join orders o on o.order_id = t.order_id and o.suspended_at is null
    where t.waits = 'service' and coalesce(t.server, t.node) = %(server)s and t.parked_at is null
      and t.due_at <= now() + interval '2 seconds' and (t.leased_until is null or t.leased_until < now())
    order by t.token_id
    for update of t skip locked
)
update tokens t
set version = t.version + 1, leased_until = null, parked_at = now(), parked_for = %(system)s
from due
where t.token_id = due.token_id
returning t.order_id, t.node, t.token_id, t.version;

-- name: release_parked
-- The longest parked tokens come first, one after the other at the rate.
with next as (
    select token_id from tokens
    where parked_for = %(system)s and parked_at is not null
    order by entered_at, token_id limit %(limit)s
    for update skip locked
), turns as (
    select t.token_id, row_number() over (order by t.entered_at, t.token_id) - 1 as turn
    from tokens t join next using (token_id)
)
update tokens t
set version = t.version + 1, parked_at = null, parked_for = null,
    due_at = %(start)s::timestamptz + make_interval(secs => turns.turn / %(rate)s::double precision)
from turns
where t.token_id = turns.token_id
returning t.token_id, t.version, t.order_id, t.node,
          greatest(extract(epoch from t.due_at - now()), 0)::double precision as due_seconds;

-- name: drain_window
-- The moment of the next released order's turn, and the number of orders whose turn comes before the next run.
select greatest(now(), coalesce(drained_until, now())) as start,
       ceil(%(rate)s::double precision * greatest(extract(epoch from now() + make_interval(secs => %(ahead_seconds)s)
           - greatest(now(), coalesce(drained_until, now()))), 0))::integer as turns
from circuits where system = %(system)s;

-- name: drained_until
update circuits set drained_until = %(start)s::timestamptz + make_interval(secs => %(released)s / %(rate)s::double precision)
where system = %(system)s;

-- name: watched_circuits
select c.system, c.state = 'open' as open,
       exists (select from tokens t where t.parked_for = c.system and t.parked_at is not null) as parked,
       coalesce(c.state = 'open' and c.next_probe_at < now() - interval '5 seconds', false) as overdue
from circuits c order by c.system;

-- name: parked_longest
select distinct on (coalesce(t.server, t.node)) t.token_id, t.version
from tokens t join orders o on o.order_id = t.order_id and o.suspended_at is null
where t.parked_for = %(system)s and t.parked_at is not null
order by coalesce(t.server, t.node), t.parked_at, t.token_id;
