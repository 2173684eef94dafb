-- name: search_orders
-- Names with a dollar stand for texts of fixed lists in queries/orders/search.py, and for the queries below.
select $shown
from ($branches) o
order by $column $direction, o.order_id $direction
limit %(limit)s;

-- name: search_and_count
-- Page and count share one search for the words, which takes most of the time.
with found as materialized ($branches limit %(most)s)
select $shown, (select count(*) from found) as found
from found o
order by $column $direction, o.order_id $direction
limit %(limit)s;

-- name: shown
o.order_id, o.number, o.seller_name, o.buyer_name, o.currency, o.total, o.received_at, o.updated_at, o.ended_at,
o.promised_on, o.reason, o.outcome, ($column)::text as sort_key,
(select string_agg(t.node, ',' order by t.node) from tokens t where t.order_id = o.order_id and t.waits <> 'done') as nodes

-- name: page
(select o.* from own_orders o
 where $filter
   and (%(after_key)s::text is null or ($column, o.order_id) $beyond (%(after_key)s::$type, %(after_id)s::uuid))
 order by $column $direction, o.order_id $direction
 limit %(limit)s)

-- name: count_orders
-- Counts up to the limit only: a full count would cost more than a page.
select count(*) as orders from ($branches limit %(limit)s) found;

-- name: counted
select from own_orders o where $filter

-- name: found
select o.order_id, o.number, o.seller_name, o.buyer_name, o.currency, o.total, o.received_at, o.updated_at, o.ended_at,
       o.promised_on, o.reason, o.outcome
from own_orders o where $filter

-- name: has_outcome
o.outcome = %(state)s

-- name: stands_at
exists (select from tokens t where t.order_id = o.order_id and t.node = %(state)s and t.waits <> 'done')

-- name: filter
(%(text)s::text is null or o.search_text like '%%' || plain_text(%(text)s::text) || '%%'
 or o.search_text like '%%' || plain_text(%(rut)s::text) || '%%')
and (not %(in_process)s or o.outcome is null)
and (%(ended_from)s::timestamptz is null or o.ended_at >= %(ended_from)s)
and (%(promised_until)s::date is null or o.promised_on <= %(promised_until)s)
and (%(process)s::text is null or exists (
     select from orders p join process_versions v using (process_version_id)
     where p.order_id = o.order_id and v.process = %(process)s and v.version = %(version)s))
and (%(seller)s::text is null or o.seller_name = %(seller)s)
and (%(received_from)s::timestamptz is null or o.received_at >= %(received_from)s)
and (%(received_until)s::timestamptz is null or o.received_at < %(received_until)s)
and (%(at_least)s::numeric is null or o.total >= %(at_least)s)
and (%(at_most)s::numeric is null or o.total <= %(at_most)s)

-- name: sellers
-- Jumps from one seller to the next along the index instead of reading every order.
with recursive sellers as (
    (select seller_id, seller_name from own_orders where conflicts_with is null order by seller_id limit 1)
    union all
    select following.seller_id, following.seller_name
    from sellers s
    cross join lateral (
        select o.seller_id, o.seller_name from own_orders o
        where o.conflicts_with is null and o.seller_id > s.seller_id order by o.seller_id limit 1
    ) following
)
select distinct seller_name from sellers order by seller_name limit 200;
