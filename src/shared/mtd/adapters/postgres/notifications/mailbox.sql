-- name: claim
update mails m
set status = 'sending', claimed_at = now()
from orders o
left join tax_documents d on d.order_id = o.order_id
where o.order_id = m.order_id
  and m.mail_id in (
    select mail_id from mails
    where (order_id, kind) in (select order_id, kind from jsonb_to_recordset(%(mails)s) as w (order_id uuid, kind text))
      and (status = 'pending' or (status = 'sending' and claimed_at < now() - interval '5 minutes'))
    for update skip locked
  )
returning m.mail_id, m.order_id, m.kind, o.document,
          jsonb_build_array(jsonb_build_object('document_type', d.document_type, 'folio', d.folio)) || coalesce(
            (select jsonb_agg(jsonb_build_object('document_type', f.document_type, 'folio', f.folio) order by f.folio)
             from further_documents f where f.order_id = o.order_id and f.refers_to_type is null), '[]') as documents,
          (select s.why from suppressed_addresses s where s.address = lower(o.document -> 'buyer' ->> 'email')) as suppressed;

-- name: finish
update mails m
set status = f.status, message_id = f.message_id, reason = f.reason,
    sent_at = case when f.status = 'sent' then now() end
from jsonb_to_recordset(%(mails)s) as f (mail_id bigint, status text, message_id text, reason text)
where m.mail_id = f.mail_id;

-- name: record_feedback
-- Returns the changed rows. A message that comes twice, or names an unknown order, changes none.
update mails m
set feedback = f.what, feedback_at = f.at, feedback_reason = f.reason
from jsonb_to_recordset(%(feedback)s) as f (order_id uuid, kind text, what text, at timestamptz, reason text)
where m.order_id = f.order_id and m.kind = f.kind
  and m.feedback is distinct from f.what and m.feedback is distinct from 'complained'
returning m.order_id, m.kind;

-- name: suppress
insert into suppressed_addresses (address, why, order_id)
select distinct on (lower(address)) lower(address), what, order_id
from jsonb_to_recordset(%(suppressed)s) as f (address text, what text, order_id uuid)
order by lower(address), what desc
on conflict (address) do update set why = 'complained' where excluded.why = 'complained';
