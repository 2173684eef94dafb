-- name: startable_plan
select process_version_id, plan, (select zone from tenants t where t.code = v.tenant) as zone
from process_versions v
where tenant = %(tenant)s and process = %(process)s
  and case when %(version)s::integer is null then active else version = %(version)s and retired_at is null end;

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
