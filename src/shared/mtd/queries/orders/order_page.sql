-- name: order
select o.order_id, o.number, o.seller_id, o.seller_name, o.buyer_id, o.buyer_name, o.currency, o.total, o.document,
       o.source, o.promised_on, o.received_at, o.updated_at, o.ended_at, o.outcome, o.reason, o.conflicts_with,
       c.number as conflicting_number, o.process_version_id, p.process, p.version, p.plan,
       d.document_type, d.folio, d.issued_at, d.amount as document_amount, d.currency as document_currency,
       n.document_type as note_type, n.folio as note_folio, n.issued_at as note_issued_at, n.amount as note_amount,
       n.currency as note_currency, o.suspended_at, o.archived_at, d.issued_on, d.stamp, n.issued_on as note_issued_on,
       n.stamp as note_stamp,
       (select jsonb_agg(to_jsonb(f) - 'order_id' order by f.key) from further_documents f
        where f.order_id = o.order_id) as further_documents
from orders o
join process_versions p using (process_version_id)
left join orders c on c.order_id = o.conflicts_with
left join tax_documents d on d.order_id = o.order_id
left join credit_notes n on n.order_id = o.order_id
where o.order_id = %(order_id)s;

-- name: stamp
select concat_ws(' ', extract(epoch from o.updated_at),
                 (select max(event_id) from events e where e.order_id = o.order_id),
                 (select max(note_id) from order_notes n where n.order_id = o.order_id),
                 (select max(coalesce(sent_at, created_at)) from mails m where m.order_id = o.order_id)) as stamp
from orders o where o.order_id = %(order_id)s;

-- name: tokens
select token_id, node, version, attempts, leased_until, due_at, entered_at, parked_for
from tokens where order_id = %(order_id)s and waits <> 'done' order by token_id;

-- name: order_events
select event_id, order_id, at, who, source, what, from_state, to_state, ms, request_id, detail
from events where order_id = %(order_id)s order by event_id limit 2000;

-- name: order_mails
select kind, status, created_at, sent_at, message_id, reason
from mails where order_id = %(order_id)s order by mail_id;

-- name: order_incidents
select incident_id, state, code, message, fingerprint, attempts, opened_at, resolved_at
from incidents where order_id = %(order_id)s order by incident_id desc;

-- name: order_notes
select note_id, order_id, at, person, text from order_notes where order_id = %(order_id)s order by note_id;

-- name: order_operations
select o.operation_id, o.action, o.person, o.reason, o.dry_run, o.created_at, i.status, i.code, i.message,
       i.places, i.ended_at
from operation_items i join operations o using (operation_id)
where i.order_id = %(order_id)s and not o.dry_run
order by operation_id desc limit 100;

-- name: diagram
select diagram from process_versions where process_version_id = %(process_version_id)s;

-- name: with_number
select order_id from orders where number = %(number)s order by received_at desc, order_id limit 1;
