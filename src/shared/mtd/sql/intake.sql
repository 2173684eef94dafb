-- name: insert_rejections
insert into rejections (source, kept_at, code, reason, size)
select source, kept_at, code, reason, size
from jsonb_to_recordset(%(rejections)s) as r (source text, kept_at text, code text, reason text, size bigint)
on conflict (source) do update
set kept_at = excluded.kept_at, code = excluded.code, reason = excluded.reason, received_at = now();

-- name: record_waiting
insert into waiting_orders (message_id, number, seller_id, reason)
select message_id, number, seller_id, reason
from jsonb_to_recordset(%(waiting)s) as w (message_id text, number text, seller_id text, reason text)
on conflict (message_id) do update set pushed_at = null;

-- name: mark_pushed
update waiting_orders set pushed_at = now() where message_id = any(%(message_ids)s);

-- name: waiting_reasons
select message_id, reason from waiting_orders where pushed_at is null;
