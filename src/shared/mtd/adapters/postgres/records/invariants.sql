-- Each query is an invariant of that name. Its rows break it: `tenant`, `subject`, `says`. The limit keeps out what is
-- still on its way between two commits, or waits for its message.

-- name: order_without_token
select o.tenant, o.number as subject, 'the order is on its way and has no token: no message will move it' as says
from orders o
where o.outcome is null and not exists (select from tokens t where t.order_id = o.order_id)
limit %(rows)s;

-- name: ended_order_with_token
select o.tenant, o.number as subject, 'the order has ended as ' || o.outcome || ' and has a token at ' || t.node as says
from tokens t
join orders o on o.order_id = t.order_id
where o.outcome is not null
limit %(rows)s;

-- name: exception_without_incident
-- An order under a taken number names the first one instead.
select o.tenant, o.number as subject, 'the order is an exception without an open incident: no list of causes has it' as says
from orders o
where o.outcome = 'exception' and o.conflicts_with is null and o.archived_at is null
  and not exists (select from incidents i where i.order_id = o.order_id and i.resolved_at is null)
limit %(rows)s;

-- name: incident_of_no_exception
select o.tenant, o.number as subject, 'the incident at ' || i.state || ' is open and the order is no exception' as says
from incidents i
join orders o on o.order_id = i.order_id
where i.resolved_at is null and o.outcome is distinct from 'exception' and o.suspended_at is null
  and i.opened_at < now() - make_interval(secs => %(limit)s)
limit %(rows)s;

-- name: service_stands
select o.tenant, o.number as subject,
       'the order has been due at ' || t.node || ' since ' || to_char(t.due_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"')
       || ' after ' || t.attempts || ' tries, and nothing holds it' as says
from tokens t
join orders o on o.order_id = t.order_id
where t.waits = 'service' and t.parked_at is null and o.suspended_at is null
  and t.due_at < now() - make_interval(secs => %(limit)s)
  and (t.leased_until is null or t.leased_until < now() - make_interval(secs => %(limit)s))
limit %(rows)s;

-- name: timer_stands
select o.tenant, o.number as subject,
       'the timer ' || t.node || ' was due ' || to_char(t.due_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') as says
from tokens t
join orders o on o.order_id = t.order_id
where t.waits = 'time' and o.suspended_at is null and t.due_at < now() - make_interval(secs => %(limit)s)
limit %(rows)s;

-- name: parked_for_a_closed_circuit
-- A release of many orders takes a while; a day is more than a hundred thousand need.
select o.tenant, o.number as subject, 'the order is parked, and the circuit of ' || c.system || ' is closed' as says
from tokens t
join orders o on o.order_id = t.order_id
join circuits c on c.system = t.parked_for
where t.parked_at is not null and o.suspended_at is null and c.state = 'closed'
  and greatest(t.parked_at, c.changed_at) < now() - greatest(make_interval(secs => %(limit)s), interval '1 day')
limit %(rows)s;

-- name: person_without_task
select o.tenant, o.number as subject, 'the order waits for a person at ' || t.node || ' and has no open task there' as says
from tokens t
join orders o on o.order_id = t.order_id
where t.waits = 'person' and not exists (select from tasks k where k.token_id = t.token_id and k.status = 'open')
limit %(rows)s;

-- name: task_without_token
select k.tenant, o.number as subject, 'the task ' || k.task_id || ' is open and its order waits for it no more' as says
from tasks k
join orders o on o.order_id = k.order_id
where k.status = 'open' and not exists (select from tokens t where t.token_id = k.token_id and t.waits = 'person')
limit %(rows)s;

-- name: mail_stands
select o.tenant, o.number as subject, 'the mail ' || m.kind || ' is ' || m.status || ' since ' || m.created_at as says
from mails m
join orders o on o.order_id = m.order_id
where m.status in ('pending', 'sending')
  and coalesce(m.claimed_at, m.created_at) < now() - make_interval(secs => %(limit)s)
limit %(rows)s;

-- name: message_unsent
select 'main' as tenant, 'outbox ' || outbox_id as subject, 'the message to ' || destination || ' has not been sent' as says
from outbox
where created_at < now() - make_interval(secs => %(limit)s)
limit %(rows)s;

-- name: operation_stands
select tenant, 'operation ' || operation_id as subject, 'it runs, and nothing has taken its next slice up' as says
from operations
where status = 'running' and due_at < now() - make_interval(secs => %(limit)s)
  and (leased_until is null or leased_until < now() - make_interval(secs => %(limit)s))
limit %(rows)s;

-- name: issued_without_document
-- Of the orders that ended within the last two days: older ones were checked then.
select o.tenant, o.number as subject, 'the order has passed emission_dte and has no tax document' as says
from orders o
where o.ended_at > now() - interval '2 days'
  and exists (select from events e where e.order_id = o.order_id and e.from_state = 'emission_dte' and e.what = 'done')
  and not exists (select from tax_documents d where d.order_id = o.order_id)
limit %(rows)s;

-- name: rows_of_two_tenants
select o.tenant, o.number as subject, 'its ' || r.kind || ' is a row of the tenant ' || r.tenant as says
from (
    select 'token' as kind, order_id, tenant from tokens
    union all select 'task', order_id, tenant from tasks where status = 'open'
    union all select 'incident', order_id, tenant from incidents where resolved_at is null
    union all select 'operation', i.order_id, p.tenant
    from operations p
    join operation_items i on i.operation_id = p.operation_id
    where p.created_at > now() - interval '2 days'
    union all select 'process version', w.order_id, v.tenant
    from orders w
    join process_versions v on v.process_version_id = w.process_version_id
    where w.outcome is null
) r
join orders o on o.order_id = r.order_id
where o.tenant <> r.tenant
limit %(rows)s;

-- name: active_versions
select tenant, process, version, plan from process_versions where active;
