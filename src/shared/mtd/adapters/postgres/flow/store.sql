-- name: plans
select process_version_id, plan from process_versions where process_version_id = any(%(ids)s);

-- name: current_tokens
select t.token_id, t.version, t.node, t.attempts, t.data, t.order_id, o.process_version_id, t.due_at,
       t.leased_until is not null as outcome_unknown, t.waits
from tokens t
join jsonb_to_recordset(%(references)s) as r (token_id bigint, version integer)
  on t.token_id = r.token_id and t.version = r.version
join orders o on o.order_id = t.order_id
where o.suspended_at is null
  -- A parked token is due only when a probe of its system is due.
  and (t.parked_at is null
       or exists (select from circuits c
                  where c.system = t.parked_for and c.state = 'open' and c.next_probe_at <= now() + interval '2 seconds'))
  and ((t.waits = 'service' and t.due_at <= now() + interval '2 seconds'
        and (t.leased_until is null or t.leased_until < now()))
       or (t.waits = 'time' and t.due_at <= now())
       -- Only a signal, or a message that came early, has a token looked at that waits for one.
       or t.waits in ('signal', 'message'));

-- name: lease_tokens
-- Returns at least one row, with the state of the system's circuit. While the circuit is open it leases no token.
with circuit as (
    select case when state = 'open' then 'open' when failing <> '{}' then 'failing' else 'closed' end as seen
    from circuits where system = %(system)s::text
), due as (
    select t.token_id, t.leased_until is not null as outcome_unknown
    from tokens t
    join jsonb_to_recordset(%(references)s) as r (token_id bigint, version integer)
      on t.token_id = r.token_id and t.version = r.version
    where t.waits = 'service' and coalesce(t.server, t.node) = %(server)s and t.parked_at is null
      and t.due_at <= now() + interval '2 seconds'
      and (t.leased_until is null or t.leased_until < now())
    order by t.token_id
    for update of t skip locked
), leased as (
    update tokens t
    set leased_until = now() + make_interval(secs => %(lease_seconds)s), attempts = t.attempts + 1
    from due, orders o
    where t.token_id = due.token_id and o.order_id = t.order_id and o.suspended_at is null
      and not exists (select from circuit where seen = 'open')
    returning t.token_id, t.version, t.node, t.attempts, t.data, t.entered_at, t.due_at,
              due.outcome_unknown or o.operated_at is not null as outcome_unknown, o.order_id, o.document, o.process_version_id
)
select coalesce((select seen from circuit), 'closed') as seen, l.token_id, l.version, l.node, l.attempts, l.data,
       l.entered_at, l.due_at, l.outcome_unknown, l.order_id, l.document, l.process_version_id
from (values (1)) as one left join leased l on true;

-- name: hold_orders
-- Locks the orders for one step and touches them. All batches lock in the same sequence, so none waits in a circle.
with held as (
    select order_id from orders where order_id = any(%(order_ids)s) order by order_id for no key update
)
update orders o set updated_at = now()
from held, tenants t
where o.order_id = held.order_id and t.code = o.tenant
returning o.order_id, o.data, o.visits, t.zone, o.suspended_at is not null as suspended,
          case when %(documents)s then o.document end as document;

-- name: held_tokens
-- A statement of its own, so that it sees the commits of the time that the locks took.
with confirmed as (
    select t.token_id
    from tokens t
    join jsonb_to_recordset(%(references)s) as r (token_id bigint, version integer, attempts integer)
      on t.token_id = r.token_id and t.version = r.version and t.attempts = r.attempts
    order by t.token_id
    for update of t
)
select t.token_id, t.version, t.order_id, t.node, t.ordinal, t.waits, t.scope, t.host, t.via, t.item, t.size,
       t.remaining, t.element, t.elements, t.own_values, t.since, t.visit, c.token_id is not null as confirmed
from tokens t
left join confirmed c on c.token_id = t.token_id
where t.order_id = any(%(order_ids)s);

-- name: order_values
select order_id, data from orders where order_id = any(%(order_ids)s);

-- name: active_tokens
select token_id, version, order_id, node, ordinal, waits, scope, host, via, item, size, remaining, element, elements,
       own_values, since, visit
from tokens where order_id = any(%(order_ids)s);

-- name: delete_outbox
delete from outbox where outbox_id = any(%(ids)s);
