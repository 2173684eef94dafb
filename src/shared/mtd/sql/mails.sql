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
returning m.mail_id, m.order_id, m.kind, o.document, d.document_type, d.folio;

-- name: finish
update mails m
set status = f.status, message_id = f.message_id, reason = f.reason,
    sent_at = case when f.status = 'sent' then now() end
from jsonb_to_recordset(%(mails)s) as f (mail_id bigint, status text, message_id text, reason text)
where m.mail_id = f.mail_id;
