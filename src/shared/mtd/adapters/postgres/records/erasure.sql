-- name: orders_of
-- The search's index finds candidates; the other conditions decide.
-- An order with an open incident can be put back on its way, so it has not ended.
select order_id, number,
       ended_at is not null
       and not exists (select from incidents i where i.order_id = orders.order_id and i.resolved_at is null) as ended,
       document, source, archive_key
from orders
where search_text like '%%' || plain_text(%(value)s::text) || '%%'
  and case %(kind)s::text
          when 'rut' then %(value)s in (document #>> '{buyer,rut}', buyer_id)
          else lower(document #>> '{buyer,email}') = %(value)s
      end
order by ended, order_id limit %(limit)s;

-- name: lock_orders
select order_id, reason, data from orders where order_id = any(%(order_ids)s) order by order_id for update;

-- name: erase_orders
update orders o
set document = r.document, buyer_id = 'erased', buyer_name = 'erased', reason = r.reason, data = r.data,
    source = coalesce(r.source, o.source), updated_at = now()
from jsonb_to_recordset(%(orders)s) as r (order_id uuid, document jsonb, reason text, data jsonb, source text)
where o.order_id = r.order_id;

-- name: details
select event_id, detail from events where order_id = any(%(order_ids)s);

-- name: erase_details
select records.erase_details(%(erased)s) as details;

-- name: incidents
select incident_id as id, message, payload, resolution_reason from incidents where order_id = any(%(order_ids)s) for update;

-- name: erase_incidents
update incidents i set message = r.message, payload = r.payload, resolution_reason = r.resolution_reason
from jsonb_to_recordset(%(rows)s) as r (id bigint, message text, payload jsonb, resolution_reason text)
where i.incident_id = r.id;

-- name: tasks
select task_id as id, comment, result, element from tasks where order_id = any(%(order_ids)s) for update;

-- name: erase_tasks
update tasks t set comment = r.comment, result = r.result, element = r.element
from jsonb_to_recordset(%(rows)s) as r (id bigint, comment text, result jsonb, element jsonb)
where t.task_id = r.id;

-- name: mails
select mail_id as id, reason, feedback_reason from mails where order_id = any(%(order_ids)s) for update;

-- name: erase_mails
update mails m set reason = r.reason, feedback_reason = r.feedback_reason
from jsonb_to_recordset(%(rows)s) as r (id bigint, reason text, feedback_reason text)
where m.mail_id = r.id;

-- name: operations
select operation_id as id, reason, selection, arguments, why from operations
where operation_id in (select operation_id from operation_items where order_id = any(%(order_ids)s)) for update;

-- name: erase_operations
update operations o set reason = r.reason, selection = r.selection, arguments = r.arguments, why = r.why
from jsonb_to_recordset(%(rows)s) as r (id bigint, reason text, selection jsonb, arguments jsonb, why text)
where o.operation_id = r.id;

-- name: notes
select note_id as id, text from order_notes where order_id = any(%(order_ids)s);

-- name: erase_notes
select records.erase_notes(%(rows)s) as notes;

-- name: rejected_after
-- A row whose file vanished before it could be read has no copy; one whose file was erased has none any more.
select rejection_id, source, kept_at, reason,
       exists (select from orders o where o.source = r.source) as overwritten
from rejections r
where rejection_id > %(after)s and kept_at <> 'erased' and code <> 'vanished'
order by rejection_id limit %(limit)s;

-- name: erase_rejections
update rejections r set kept_at = 'erased', reason = e.reason
from jsonb_to_recordset(%(rows)s) as e (id bigint, reason text)
where r.rejection_id = e.id;

-- name: forget_stamps
-- A stamp names the receiver; Paperless keeps the document for as long as the law asks.
with first as (update tax_documents set stamp = null where order_id = any(%(order_ids)s) and stamp is not null),
     notes as (update credit_notes set stamp = null where order_id = any(%(order_ids)s) and stamp is not null)
update further_documents set stamp = null where order_id = any(%(order_ids)s) and stamp is not null;

-- name: messages
select m.message_id as id, m.data
from messages m join orders o on o.tenant = m.tenant and o.number = m.number
where o.order_id = any(%(order_ids)s) for update of m;

-- name: erase_messages
update messages m set data = r.data
from jsonb_to_recordset(%(rows)s) as r (id bigint, data jsonb)
where m.message_id = r.id;

-- name: erase_items
update operation_items set message = null where order_id = any(%(order_ids)s) and message is not null;

-- name: forget_addresses
delete from suppressed_addresses where order_id = any(%(order_ids)s) or address = any(%(addresses)s);

-- name: move_archive
with moved as (
    delete from archives where archive_key = %(old)s returning orders, events, archived_at
), placed as (
    insert into archives (archive_key, sha256, bytes, orders, events, archived_at)
    select %(new)s, %(sha256)s, %(bytes)s, orders, events, archived_at from moved
), pointed as (
    update orders set archive_key = %(new)s where archive_key = %(old)s
)
select orders from moved;

-- name: discard
insert into discarded_objects (bucket, key)
select bucket, key from jsonb_to_recordset(%(objects)s) as r (bucket text, key text)
on conflict do nothing;

-- name: discarded
select bucket, key from discarded_objects order by since limit 1000;

-- name: forget_discarded
delete from discarded_objects d
using jsonb_to_recordset(%(objects)s) as r (bucket text, key text)
where d.bucket = r.bucket and d.key = r.key;

-- name: insert_erasure
insert into erasures (asked_by, reason, orders, objects) values (%(person)s, %(reason)s, %(orders)s, %(objects)s);
