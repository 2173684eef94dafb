-- name: startable_plan
select process_version_id, plan from process_versions
where tenant = %(tenant)s and process = %(process)s
  and case when %(version)s::integer is null then active else version = %(version)s and retired_at is null end;

-- name: plans
select process_version_id, plan from process_versions where process_version_id = any(%(ids)s);

-- name: insert_orders
insert into orders (order_id, tenant, number, seller_id, seller_name, buyer_id, buyer_name, currency, total, document,
                    content_hash, process_version_id, source, promised_on, outcome, ended_at, reason)
select order_id, tenant, number, seller_id, seller_name, buyer_id, buyer_name, currency, total, document,
       content_hash, process_version_id, source, promised_on, outcome,
       case when outcome is not null then now() end, reason
from jsonb_to_recordset(%(orders)s) as o (order_id uuid, tenant text, number text, seller_id text, seller_name text,
     buyer_id text, buyer_name text, currency text, total numeric, document jsonb, content_hash text, process_version_id bigint, source text,
     promised_on date, outcome text, reason text)
on conflict do nothing
returning order_id;

-- name: insert_conflicts
insert into orders (order_id, tenant, number, seller_id, seller_name, buyer_id, buyer_name, currency, total, document,
                    content_hash, conflicts_with, process_version_id, source, promised_on, outcome, ended_at, reason)
select order_id, tenant, number, seller_id, seller_name, buyer_id, buyer_name, currency, total, document,
       content_hash, conflicts_with, process_version_id, source, promised_on, 'exception', now(), reason
from jsonb_to_recordset(%(orders)s) as o (order_id uuid, tenant text, number text, seller_id text, seller_name text,
     buyer_id text, buyer_name text, currency text, total numeric, document jsonb, content_hash text, conflicts_with uuid,
     process_version_id bigint, source text, promised_on date, reason text)
on conflict (order_id) do nothing
returning order_id;

-- name: orders_with_numbers
select o.order_id, o.tenant, o.seller_id, o.number, o.content_hash
from orders o
join jsonb_to_recordset(%(keys)s) as k (tenant text, seller_id text, number text)
  on o.tenant = k.tenant and o.seller_id = k.seller_id and o.number = k.number
where o.conflicts_with is null;

-- name: insert_tokens
insert into tokens (order_id, node, ordinal, waits, server, scope, host, via, item, size, remaining, message, due_at, data)
select order_id, node, ordinal, waits, server, scope, host, via, item, size, remaining, message, coalesce(due_at, now()),
       coalesce(data, '{}')
from jsonb_to_recordset(%(tokens)s) as t (order_id uuid, node text, ordinal integer, waits text, server text,
     scope integer, host integer, via text, item integer, size integer, remaining integer, message text,
     due_at timestamptz, data jsonb)
returning token_id, version, waits, extract(epoch from due_at - now())::double precision as due_seconds;

-- name: current_tokens
select t.token_id, t.version, t.node, t.attempts, t.data, t.order_id, o.process_version_id, t.due_at,
       t.leased_until is not null as interrupted, t.waits
from tokens t
join jsonb_to_recordset(%(references)s) as r (token_id bigint, version integer)
  on t.token_id = r.token_id and t.version = r.version
join orders o on o.order_id = t.order_id
where o.suspended_at is null
  -- A parked token is looked at only when it is time to probe its system.
  and (t.parked_at is null
       or exists (select from circuits c
                  where c.system = t.parked_for and c.state = 'open' and c.next_probe_at <= now() + interval '2 seconds'))
  and ((t.waits = 'service' and t.due_at <= now() + interval '2 seconds'
        and (t.leased_until is null or t.leased_until < now()))
       or (t.waits = 'time' and t.due_at <= now()));

-- name: lease_tokens
-- One row at least: how the circuit of the system is, where the state calls one. While it is open nothing is leased.
with circuit as (
    select case when state = 'open' then 'open' when failing <> '{}' then 'failing' else 'closed' end as seen
    from circuits where system = %(system)s::text
), due as (
    select t.token_id, t.leased_until is not null as interrupted
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
              due.interrupted or o.operated_at is not null as interrupted, o.order_id, o.document, o.process_version_id
)
select coalesce((select seen from circuit), 'closed') as seen, l.token_id, l.version, l.node, l.attempts, l.data,
       l.entered_at, l.due_at, l.interrupted, l.order_id, l.document, l.process_version_id
from (values (1)) as one left join leased l on true;

-- name: hold_orders
-- Locks the orders for one step and touches them, in one order for all, so that two batches never wait for each other.
with held as (
    select order_id from orders where order_id = any(%(order_ids)s) order by order_id for no key update
)
update orders o set updated_at = now()
from held
where o.order_id = held.order_id
returning o.order_id, o.data, o.suspended_at is not null as suspended, case when %(documents)s then o.document end as document;

-- name: held_tokens
-- A statement of its own, so that it sees what was committed while the orders' locks were waited for.
with confirmed as (
    select t.token_id
    from tokens t
    join jsonb_to_recordset(%(references)s) as r (token_id bigint, version integer, attempts integer)
      on t.token_id = r.token_id and t.version = r.version and t.attempts = r.attempts
    order by t.token_id
    for update of t
)
select t.token_id, t.version, t.order_id, t.node, t.ordinal, t.waits, t.scope, t.host, t.via, t.item, t.size,
       t.remaining, c.token_id is not null as confirmed
from tokens t
left join confirmed c on c.token_id = t.token_id
where t.order_id = any(%(order_ids)s);

-- name: move_tokens
update tokens t
set node = m.node, version = t.version + 1, attempts = 0, leased_until = null, due_at = coalesce(m.due_at, now()),
    entered_at = now(), data = coalesce(m.data, '{}'), waits = m.waits, server = m.server, scope = m.scope,
    host = m.host, via = m.via, item = m.item, size = m.size, remaining = m.remaining, message = m.message,
    parked_at = null, parked_for = null
from jsonb_to_recordset(%(moves)s) as m (token_id bigint, version integer, node text, data jsonb, waits text,
     server text, scope integer, host integer, via text, item integer, size integer, remaining integer, message text,
     due_at timestamptz)
where t.token_id = m.token_id and t.version = m.version;

-- name: retry_tokens
update tokens t
set version = t.version + 1, leased_until = null, due_at = now() + make_interval(secs => m.delay_seconds)
from jsonb_to_recordset(%(retries)s) as m (token_id bigint, version integer, delay_seconds double precision)
where t.token_id = m.token_id and t.version = m.version;

-- name: park_tokens
-- The try is given back, but for the first: after it a system is asked what it has done before it is asked again.
update tokens t
set version = t.version + 1, leased_until = null, attempts = greatest(t.attempts - 1, 1), parked_at = now(),
    parked_for = p.system
from jsonb_to_recordset(%(parks)s) as p (token_id bigint, version integer, system text)
where t.token_id = p.token_id and t.version = p.version;

-- name: release_tokens
update tokens t
set leased_until = null
from jsonb_to_recordset(%(releases)s) as m (token_id bigint, version integer)
where t.token_id = m.token_id and t.version = m.version;

-- name: end_tokens
delete from tokens t
using jsonb_to_recordset(%(ends)s) as m (token_id bigint, version integer)
where t.token_id = m.token_id and t.version = m.version;

-- name: end_orders
with ended as (
    select order_id, outcome, reason from jsonb_to_recordset(%(ends)s) as e (order_id uuid, outcome text, reason text)
), gone as (
    delete from tokens where order_id in (select order_id from ended)
), cancelled as (
    update tasks set status = 'cancelled', ended_at = now(), version = version + 1
    where status = 'open' and order_id in (select order_id from ended)
)
update orders o
set outcome = e.outcome, ended_at = now(), updated_at = now(), reason = e.reason, suspended_at = null
from ended e
where o.order_id = e.order_id;

-- name: complete_tasks
update tasks t
set status = 'completed', ended_at = now(), ended_by = c.person, result = c.result, version = t.version + 1,
    comment = coalesce(c.comment, t.comment)
from jsonb_to_recordset(%(completed)s) as c (task_id bigint, person text, result jsonb, comment text)
where t.task_id = c.task_id and t.status = 'open';

-- name: cancel_tasks
update tasks t set status = 'cancelled', ended_at = now(), version = t.version + 1
from jsonb_to_recordset(%(left)s) as l (token_id bigint)
where t.token_id = l.token_id and t.status = 'open';

-- name: insert_tasks
insert into tasks (order_id, token_id, node, name, team, candidate, form, priority, due_at, follow_up_at)
select w.order_id, t.token_id, w.node, w.name, w.team, w.candidate, w.form, coalesce(w.priority, 'normal'), w.due_at,
       w.follow_up_at
from jsonb_to_recordset(%(tasks)s) as w (order_id uuid, ordinal integer, node text, name text, team text,
     candidate text, form text, priority text, due_at timestamptz, follow_up_at timestamptz)
join tokens t on t.order_id = w.order_id and t.ordinal = w.ordinal;

-- name: set_values
update orders o set data = o.data || v.data
from jsonb_to_recordset(%(values)s) as v (order_id uuid, data jsonb)
where o.order_id = v.order_id;

-- name: set_totals
update orders o set total = s.total
from jsonb_to_recordset(%(totals)s) as s (order_id uuid, total numeric)
where o.order_id = s.order_id;

-- name: insert_events
-- In one order for all: each locks the end of its order's chain.
insert into events (order_id, at, who, source, what, from_state, to_state, ms, request_id, detail)
select order_id, clock_timestamp(), who, source, what, from_state, to_state, ms, request_id, coalesce(detail, '{}')
from rows from (jsonb_to_recordset(%(events)s) as (order_id uuid, who text, source text, what text, from_state text,
     to_state text, ms numeric, request_id text, detail jsonb)) with ordinality as e
order by order_id, ordinality;

-- name: insert_tax_documents
insert into tax_documents (order_id, document_type, folio, amount, currency)
select order_id, document_type, folio, amount, currency
from jsonb_to_recordset(%(documents)s) as d (order_id uuid, document_type smallint, folio bigint, amount numeric,
     currency text)
on conflict (order_id) do nothing;

-- name: insert_credit_notes
insert into credit_notes (order_id, document_type, folio, refers_to_type, refers_to_folio, amount, currency)
select order_id, document_type, folio, refers_to_type, refers_to_folio, amount, currency
from jsonb_to_recordset(%(credit_notes)s) as d (order_id uuid, document_type smallint, folio bigint,
     refers_to_type smallint, refers_to_folio bigint, amount numeric, currency text)
on conflict (order_id) do nothing;

-- name: insert_mails
insert into mails (order_id, kind)
select order_id, kind from jsonb_to_recordset(%(mails)s) as m (order_id uuid, kind text)
on conflict (order_id, kind) do nothing;

-- name: insert_incidents
insert into incidents (order_id, token_id, version, state, code, message, fingerprint, attempts, kind, payload, stood)
select order_id, token_id, version, state, code, message, fingerprint, attempts, kind, payload, stood
from jsonb_to_recordset(%(incidents)s) as i (order_id uuid, token_id bigint, version integer, state text, code text,
     message text, fingerprint text, attempts integer, kind text, payload jsonb, stood jsonb)
on conflict (token_id, version) do nothing;

-- name: keep_lost
update incidents i set stood = l.stood
from jsonb_to_recordset(%(lost)s) as l (token_id bigint, stood jsonb)
where i.token_id = l.token_id and i.resolved_at is null;

-- name: insert_outbox
insert into outbox (destination, body, delay_seconds)
select destination, body, delay_seconds
from jsonb_to_recordset(%(messages)s) as m (destination text, body jsonb, delay_seconds integer)
returning outbox_id, destination, body, delay_seconds;

-- name: delete_outbox
delete from outbox where outbox_id = any(%(ids)s);
