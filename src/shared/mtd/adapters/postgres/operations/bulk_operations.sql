-- name: operated_orders
select order_id, number, document, data, visits, revision, outcome, process_version_id,
       suspended_at is not null as suspended, archived_at is not null as archived,
       (select zone from tenants t where t.code = orders.tenant) as zone
from orders where order_id = any(%(order_ids)s)
order by order_id for no key update;

-- name: operated_tokens
-- Locks the tokens, so that no function leases one.
select token_id, version, order_id, node, ordinal, waits, scope, host, via, item, size, remaining, element,
       elements, own_values, since, visit, entered_at,
       coalesce(leased_until > now(), false) as leased,
       extract(epoch from due_at - now())::double precision as due_seconds
from tokens where order_id = any(%(order_ids)s)
order by token_id for update;

-- name: unresolved_incidents
select incident_id, order_id, state, stood from incidents
where order_id = any(%(order_ids)s) and resolved_at is null
order by incident_id;

-- name: operate_orders
update orders o
set revision = o.revision + 1, operated_at = now(), updated_at = now(),
    ended_at = case when p.reopens then null else o.ended_at end,
    outcome = case when p.reopens then null else o.outcome end,
    reason = case when p.reopens then null else o.reason end,
    suspended_at = case p.suspends when true then now() when false then null else o.suspended_at end,
    -- content_hash stays: it is the hash of the content that came, and recognises copies of it.
    process_version_id = coalesce(p.process_version_id, o.process_version_id),
    document = coalesce(p.document, o.document),
    buyer_id = coalesce(p.buyer_id, o.buyer_id),
    buyer_name = coalesce(p.buyer_name, o.buyer_name),
    currency = coalesce(p.currency, o.currency),
    total = case when p.document is null then o.total else p.total end,
    promised_on = case when p.document is null then o.promised_on else p.promised_on end
from jsonb_to_recordset(%(orders)s) as p (order_id uuid, reopens boolean, suspends boolean, document jsonb, buyer_id text,
     buyer_name text, currency text, total numeric, promised_on date, process_version_id bigint)
where o.order_id = p.order_id;

-- name: migrate_tokens
-- Tries, leases that ran out and data stay; only the columns of the new version's place change. A parked token becomes
-- due, and is parked again if its new step's system still does not answer.
update tokens t
set node = m.node, version = t.version + 1, server = m.server, message = m.message, via = m.via,
    parked_at = null, parked_for = null,
    due_at = coalesce(m.due_at, t.due_at)
from jsonb_to_recordset(%(tokens)s) as m (token_id bigint, version integer, node text, server text, message text, via text,
     due_at timestamptz)
where t.token_id = m.token_id and t.version = m.version;

-- name: carry_tasks
-- A task that goes to another team loses its assignee.
update tasks t
set node = c.node, name = c.name, team = c.team, form = c.form, version = t.version + 1,
    assignee = case when t.team = c.team then t.assignee end
from jsonb_to_recordset(%(tasks)s) as c (token_id bigint, node text, name text, team text, form text)
where t.token_id = c.token_id and t.status = 'open';

-- name: resolve_incidents
update incidents i
set resolved_at = now(), resolved_by = r.person, resolution = r.action, resolution_reason = r.reason
from jsonb_to_recordset(%(resolved)s) as r (incident_id bigint, person text, action text, reason text)
where i.incident_id = r.incident_id and i.resolved_at is null;

-- name: insert_operation
insert into operations (action, person, reason, selection, arguments, dry_run, canary, rate, stop_at)
values (%(action)s, %(person)s, %(reason)s, %(selection)s, %(arguments)s, %(dry_run)s, %(canary)s, %(rate)s, %(stop_at)s)
returning operation_id;

-- name: freeze_items
-- A number does not select an order that came under a taken number. Its id does.
insert into operation_items (operation_id, position, order_id, number, revision)
select %(operation_id)s, row_number() over (order by o.received_at, o.order_id), o.order_id, o.number, o.revision
from orders o
where o.order_id in (
    select order_id from orders where number = any(%(numbers)s) and conflicts_with is null
    union select unnest(%(order_ids)s::uuid[])
    union select order_id from incidents where fingerprint = %(fingerprint)s and resolved_at is null
    union select order_id from tokens where node = %(state)s
    union select order_id from orders where outcome = %(state)s and outcome <> 'completed'
)
  and (%(numbers)s::text[] is null or (o.number = any(%(numbers)s) and o.conflicts_with is null))
  and (%(order_ids)s::uuid[] is null or o.order_id = any(%(order_ids)s))
  and (%(seller)s::text is null or o.seller_id = %(seller)s)
  and (%(fingerprint)s::text is null or exists (
        select from incidents i
        where i.order_id = o.order_id and i.resolved_at is null and i.fingerprint = %(fingerprint)s))
  and (%(state)s::text is null or o.outcome = %(state)s
       or (o.outcome is null and exists (select from places p where p.order_id = o.order_id and p.node = %(state)s)))
order by o.received_at, o.order_id
limit %(limit)s
returning number, order_id;

-- name: freeze_in_flight
insert into operation_items (operation_id, position, order_id, number, revision)
select %(operation_id)s, row_number() over (order by o.received_at, o.order_id), o.order_id, o.number, o.revision
from orders o
where o.process_version_id = %(version)s and o.ended_at is null
order by o.received_at, o.order_id
limit %(limit)s
returning number, order_id;

-- name: freeze_migrated
insert into operation_items (operation_id, position, order_id, number, revision, stood)
select %(operation_id)s, i.position, i.order_id, i.number, o.revision, i.stood
from operation_items i
join orders o on o.order_id = i.order_id
where i.operation_id = %(migrated_by)s and i.status = 'done'
order by i.position
limit %(limit)s
returning number, order_id;

-- name: freeze_tried
-- Takes the revisions of the trial, so that an order that somebody has changed since is refused.
insert into operation_items (operation_id, position, order_id, number, revision)
select %(operation_id)s, i.position, i.order_id, i.number, i.revision
from operation_items i
where i.operation_id = %(tried)s and i.status = 'done'
order by i.position
limit %(limit)s
returning number, order_id;

-- name: lease_operation
update operations set leased_until = now() + interval '60 seconds'
where operation_id = %(operation_id)s and status = 'running' and due_at < now() + interval '1 second'
  and (leased_until is null or leased_until < now())
returning operation_id, action, person, reason, arguments, dry_run, canary, rate, stop_at;

-- name: pending_items
select position, order_id, number, revision, tries, stood from operation_items
where operation_id = %(operation_id)s and status = 'pending'
order by tries, position limit %(limit)s;

-- name: finish_items
update operation_items i
set status = f.status, code = f.code, message = f.message, rests = f.rests, places = f.places, tries = i.tries + 1,
    stood = coalesce(f.stood, i.stood),
    ended_at = case when f.status = 'pending' then null else clock_timestamp() end
from jsonb_to_recordset(%(items)s) as f (position integer, status text, code text, message text, rests jsonb,
     places text, stood jsonb)
where i.operation_id = %(operation_id)s and i.position = f.position;

-- name: release_operation
update operations
set leased_until = null, due_at = now() + make_interval(secs => %(delay_seconds)s), status = %(status)s,
    why = %(why)s, ended_at = case when %(status)s <> 'running' then now() end
where operation_id = %(operation_id)s and status = 'running';

-- name: stop_operation
update operations set status = 'stopped', why = 'stopped by ' || %(person)s, stopped_by = %(person)s, ended_at = now()
where operation_id = %(operation_id)s and status = 'running'
returning operation_id;
