-- name: insert_tokens
insert into tokens (order_id, node, ordinal, waits, server, scope, host, via, item, size, remaining, element, elements,
    own_values, message, due_at, since, data, visit)
select order_id, node, ordinal, waits, server, scope, host, via, item, size, remaining, element, elements, own_values,
       message, coalesce(due_at, now()), since, coalesce(data, '{}'), visit
from jsonb_to_recordset(%(tokens)s) as t (order_id uuid, node text, ordinal integer, waits text, server text,
     scope integer, host integer, via text, item integer, size integer, remaining integer, element jsonb,
     elements jsonb, own_values jsonb, message text, due_at timestamptz, since timestamptz, data jsonb, visit text)
returning order_id, ordinal, token_id, version;

-- name: move_tokens
update tokens t
set node = m.node, version = t.version + 1, attempts = 0, leased_until = null, due_at = coalesce(m.due_at, now()),
    entered_at = now(), data = coalesce(m.data, '{}'), waits = m.waits, server = m.server, scope = m.scope,
    host = m.host, via = m.via, item = m.item, size = m.size, remaining = m.remaining, element = m.element,
    elements = m.elements, own_values = m.own_values, message = m.message, since = m.since, visit = m.visit,
    parked_at = null, parked_for = null
from jsonb_to_recordset(%(moves)s) as m (token_id bigint, version integer, node text, data jsonb, waits text,
     server text, scope integer, host integer, via text, item integer, size integer, remaining integer, element jsonb,
     elements jsonb, own_values jsonb, message text, due_at timestamptz, since timestamptz, visit text)
where t.token_id = m.token_id and t.version = m.version;

-- name: retry_tokens
update tokens t
set version = t.version + 1, leased_until = null, due_at = now() + make_interval(secs => m.delay_seconds)
from jsonb_to_recordset(%(retries)s) as m (token_id bigint, version integer, delay_seconds double precision)
where t.token_id = m.token_id and t.version = m.version;

-- name: postpone_tokens
-- The token gets its try back: nothing was tried.
update tokens t
set version = t.version + 1, leased_until = null, attempts = greatest(t.attempts - 1, 0),
    due_at = now() + make_interval(secs => m.delay_seconds)
from jsonb_to_recordset(%(postponed)s) as m (token_id bigint, version integer, delay_seconds double precision)
where t.token_id = m.token_id and t.version = m.version;

-- name: park_tokens
-- The token gets its try back, except for the first: after a first try MTD asks the system by the key before a repeat.
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

-- name: mark_overdue
update tasks t set overdue_at = now()
from jsonb_to_recordset(%(overdue)s) as o (task_id bigint)
where t.task_id = o.task_id;

-- name: cancel_tasks
update tasks t set status = 'cancelled', ended_at = now(), version = t.version + 1
from jsonb_to_recordset(%(left)s) as l (token_id bigint)
where t.token_id = l.token_id and t.status = 'open';

-- name: insert_tasks
insert into tasks (order_id, token_id, node, name, team, candidate, form, priority, due_at, follow_up_at, element,
    element_name, item)
select w.order_id, t.token_id, w.node, w.name, w.team, w.candidate, w.form, coalesce(w.priority, 'normal'), w.due_at,
       w.follow_up_at, w.element, w.element_name, w.item
from jsonb_to_recordset(%(tasks)s) as w (order_id uuid, ordinal integer, node text, name text, team text,
     candidate text, form text, priority text, due_at timestamptz, follow_up_at timestamptz, element jsonb,
     element_name text, item integer)
join tokens t on t.order_id = w.order_id and t.ordinal = w.ordinal;

-- name: set_values
update orders o set data = o.data || v.data
from jsonb_to_recordset(%(values)s) as v (order_id uuid, data jsonb)
where o.order_id = v.order_id;

-- name: set_visits
update orders o set visits = o.visits || v.visits
from jsonb_to_recordset(%(visits)s) as v (order_id uuid, visits jsonb)
where o.order_id = v.order_id;

-- name: set_totals
update orders o set total = s.total
from jsonb_to_recordset(%(totals)s) as s (order_id uuid, total numeric)
where o.order_id = s.order_id;

-- name: insert_events
-- All commits insert in the same sequence of orders: each event locks the end of its order's chain.
insert into events (order_id, at, who, source, what, from_state, to_state, ms, request_id, detail)
select order_id, clock_timestamp(), who, source, what, from_state, to_state, ms, request_id, coalesce(detail, '{}')
from rows from (jsonb_to_recordset(%(events)s) as (order_id uuid, who text, source text, what text, from_state text,
     to_state text, ms numeric, request_id text, detail jsonb)) with ordinality as e
order by order_id, ordinality;

-- name: insert_tax_documents
insert into tax_documents (order_id, document_type, folio, amount, currency, issuer, issued_on, stamp, track_id)
select order_id, document_type, folio, amount, currency, issuer, issued_on, stamp, track_id
from jsonb_to_recordset(%(documents)s) as d (order_id uuid, document_type smallint, folio bigint, amount numeric,
     currency text, issuer text, issued_on date, stamp text, track_id text)
on conflict (order_id) do nothing;

-- name: insert_credit_notes
insert into credit_notes (order_id, document_type, folio, refers_to_type, refers_to_folio, amount, currency, issuer,
    issued_on, stamp, track_id)
select order_id, document_type, folio, refers_to_type, refers_to_folio, amount, currency, issuer, issued_on, stamp, track_id
from jsonb_to_recordset(%(credit_notes)s) as d (order_id uuid, document_type smallint, folio bigint,
     refers_to_type smallint, refers_to_folio bigint, amount numeric, currency text, issuer text, issued_on date,
     stamp text, track_id text)
on conflict (order_id) do nothing;

-- name: insert_further_documents
insert into further_documents (order_id, key, document_type, folio, refers_to_type, refers_to_folio, amount, currency,
    issuer, issued_on, stamp, track_id)
select order_id, key, document_type, folio, refers_to_type, refers_to_folio, amount, currency, issuer, issued_on, stamp,
       track_id
from jsonb_to_recordset(%(further_documents)s) as d (order_id uuid, key text, document_type smallint, folio bigint,
     refers_to_type smallint, refers_to_folio bigint, amount numeric, currency text, issuer text, issued_on date,
     stamp text, track_id text)
on conflict (order_id, key) do nothing;

-- name: insert_mails
insert into mails (order_id, kind)
select order_id, kind from jsonb_to_recordset(%(mails)s) as m (order_id uuid, kind text)
on conflict (order_id, kind) do nothing;

-- name: insert_incidents
-- An incident without a token takes an id that no token gets.
insert into incidents (order_id, token_id, version, state, code, message, fingerprint, attempts, kind, payload, stood)
select order_id, coalesce(token_id, nextval(pg_get_serial_sequence('tokens', 'token_id'))), version, state, code, message, fingerprint, attempts, kind, payload, stood
from jsonb_to_recordset(%(incidents)s) as i (order_id uuid, token_id bigint, version integer, state text, code text,
     message text, fingerprint text, attempts integer, kind text, payload jsonb, stood jsonb)
on conflict (token_id, version) do nothing;

-- name: keep_lost
update incidents i set stood = l.stood
from jsonb_to_recordset(%(lost)s) as l (token_id bigint, stood jsonb)
where i.token_id = l.token_id and i.resolved_at is null;

-- name: signal_listeners
-- The tokens of other orders of the tenant that wait for the signals. A suspended order does not hear them.
select distinct t.token_id, t.version
from jsonb_to_recordset(%(signals)s) as s (order_id uuid, signal text)
join orders o on o.order_id = s.order_id
join tokens t on t.waits = 'signal' and t.message = s.signal and t.order_id <> s.order_id
join orders other on other.order_id = t.order_id and other.tenant = o.tenant and other.suspended_at is null;

-- name: expected_messages
-- Of these tokens those that wait for a message which came before them.
select distinct t.token_id, t.version
from tokens t
join orders o on o.order_id = t.order_id
join messages m on m.tenant = o.tenant and m.name = t.message and m.kind = 'message' and m.taken_at is null
    and m.expires_at > now() and (m.number is null or m.number = o.number)
    and (m.seller_id is null or m.seller_id = o.seller_id)
where t.waits = 'message' and (t.token_id = any(%(token_ids)s::bigint[]) or t.order_id = any(%(order_ids)s::uuid[]));

-- name: insert_outbox
insert into outbox (destination, body, delay_seconds)
select destination, body, delay_seconds
from jsonb_to_recordset(%(messages)s) as m (destination text, body jsonb, delay_seconds integer)
returning outbox_id, destination, body, delay_seconds;
