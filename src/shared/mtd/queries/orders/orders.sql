-- name: list_orders
-- One page of orders, rejected files and waiting messages, newest first. Each of the three gives a page of its own (the
-- query "page") along its index: a page of their union would cost more with every order that ever came.
select number, state, ended, reason, seller, buyer, currency, total, received_at, updated_at, id
from (
    (select * from (
        select o.number,
               coalesce(o.outcome, (select string_agg(distinct p.node, ',') from places p where p.order_id = o.order_id))
                   as state,
               o.outcome is not null as ended, o.reason, o.seller_name as seller, o.buyer_name as buyer, o.currency,
               o.total, o.received_at, o.updated_at, o.order_id::text as id
        from orders o) known $page)
    union all
    (select * from (
        select r.source as number, 'rejected' as state, true, r.code || ': ' || r.reason, null, null, null, null::numeric,
               r.received_at, r.received_at as updated_at, 'rejection-' || r.rejection_id as id
        from rejections r) rejected $page)
    union all
    (select * from (
        select coalesce(w.number, w.message_id) as number, 'waiting' as state, false, w.reason, w.seller_id, null, null,
               null::numeric, w.since as received_at, w.since as updated_at, 'waiting-' || w.message_id as id
        from waiting_orders w where w.pushed_at is null) waiting $page)
) everything
order by received_at desc, id desc
limit %(limit)s;

-- name: page
where (%(state)s::text is null or state = %(state)s)
  and (%(number)s::text is null or number = %(number)s)
  and (%(after_at)s::timestamptz is null or (received_at, id) < (%(after_at)s::timestamptz, %(after_id)s::text))
order by received_at desc, id desc limit %(limit)s

-- name: find_orders
select o.order_id, o.number, o.seller_id, o.seller_name, o.outcome, o.reason, o.conflicts_with, o.received_at,
       o.archived_at, o.archive_key, d.document_type, d.folio,
       (select jsonb_agg(jsonb_build_object('document_type', f.document_type, 'folio', f.folio) order by f.folio)
        from further_documents f where f.order_id = o.order_id and f.refers_to_type is null) as further_documents,
       (select string_agg(distinct p.node, ',') from places p where p.order_id = o.order_id) as nodes
from orders o
left join tax_documents d on d.order_id = o.order_id
where o.number = %(number)s
order by o.received_at, o.order_id;

-- name: events
select event_id, order_id, at, who, source, what, from_state, to_state, ms, request_id, detail
from events where order_id = any(%(order_ids)s) order by event_id;

-- name: notes
select order_id, at, person, text from order_notes where order_id = any(%(order_ids)s) order by note_id;

-- name: waiting_or_rejected
select 'waiting' as state, since as at, reason from waiting_orders
where pushed_at is null and (number = %(number)s or message_id = %(number)s)
union all
select 'rejected', received_at, code || ': ' || reason from rejections where source = %(number)s;

-- name: count_by_state
select state, count(*) as orders from (
    select coalesce(o.outcome, (select min(t.node) from tokens t where t.order_id = o.order_id and t.host is null and t.waits <> 'done')) as state from orders o
    union all select 'rejected' from rejections
    union all select 'waiting' from waiting_orders where pushed_at is null
) s group by state order by state;
