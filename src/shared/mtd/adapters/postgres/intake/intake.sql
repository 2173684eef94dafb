-- name: insert_rejections
insert into rejections (source, kept_at, code, reason, size, tenant)
select source, kept_at, code, reason, size, tenant
from jsonb_to_recordset(%(rejections)s) as r (source text, kept_at text, code text, reason text, size bigint, tenant text)
on conflict (source) do update
set kept_at = excluded.kept_at, code = excluded.code, reason = excluded.reason, received_at = now();

-- name: record_waiting
-- The platform tenant sees the messages that name no known tenant.
insert into waiting_orders (message_id, number, seller_id, reason, tenant)
select message_id, number, seller_id, reason, coalesce((select t.code from tenants t where t.code = w.tenant), 'main')
from jsonb_to_recordset(%(waiting)s) as w (message_id text, number text, seller_id text, reason text, tenant text)
on conflict (message_id) do update set pushed_at = null;

-- name: mark_pushed
update waiting_orders set pushed_at = now() where message_id = any(%(message_ids)s);

-- name: close_gone
update waiting_orders set pushed_at = now()
where pushed_at is null and since < now() - interval '1 hour' and not message_id = any(%(there)s);

-- name: waiting_reasons
select message_id, reason from waiting_orders where pushed_at is null;
