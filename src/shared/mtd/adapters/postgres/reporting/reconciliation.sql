-- name: today
select (now() at time zone %(zone)s)::date as today;

-- name: issued
with documents as (
    select order_id || ':dte' as key, order_id, document_type, folio, amount, issued_at, issued_on from tax_documents
    union all
    select order_id || ':credit_note', order_id, document_type, folio, amount, issued_at, issued_on from credit_notes
    union all
    select order_id || ':' || key, order_id, document_type, folio, amount, issued_at, issued_on from further_documents
)
select key, document_type, folio, amount from documents
-- MTD writes a document a moment after its day, or much later when Paperless's answer was lost.
where (issued_at >= %(day)s::date::timestamp at time zone %(zone)s
       and issued_at < (%(day)s::date + 31)::timestamp at time zone %(zone)s
       and coalesce(issued_on, (issued_at at time zone %(zone)s)::date) = %(day)s)
   or order_id = any(%(order_ids)s::uuid[]) and key = any(%(keys)s);

-- name: per_day
select issuer, document_type, count(*) / %(days)s::double precision as per_day
from (select issuer, document_type, issued_at from tax_documents
      union all select issuer, document_type, issued_at from credit_notes
      union all select issuer, document_type, issued_at from further_documents) d
where issued_at >= now() - make_interval(days => %(days)s)
group by issuer, document_type;

-- name: store_reconciliation
insert into dte_reconciliations (day, ours, theirs, differences, folios)
values (%(day)s, %(ours)s, %(theirs)s, %(differences)s, %(folios)s)
on conflict (day) do update set ran_at = now(), ours = excluded.ours, theirs = excluded.theirs,
    differences = excluded.differences, folios = excluded.folios;

-- name: store_differences
-- A resolved difference stays resolved, unless it has vanished and come back.
insert into dte_differences as d (day, kind, key, order_id, ours, theirs)
select %(day)s, f.kind, f.key, o.order_id, f.ours, f.theirs
from jsonb_to_recordset(%(found)s) as f (kind text, key text, order_id uuid, ours jsonb, theirs jsonb)
left join orders o on o.order_id = f.order_id
on conflict (day, kind, key) do update
set ours = excluded.ours, theirs = excluded.theirs,
    status = case when d.status = 'gone' then 'open' else d.status end,
    closed_at = case when d.status = 'gone' then null else d.closed_at end;

-- name: forget_differences
update dte_differences d set status = 'gone', closed_at = now()
where d.day = %(day)s and d.status = 'open'
  and not exists (select from jsonb_to_recordset(%(found)s) as f (kind text, key text)
                  where f.kind = d.kind and f.key = d.key);

-- name: resolve_difference
update dte_differences set status = 'resolved', closed_at = now(), closed_by = %(person)s, note = %(note)s
where difference_id = %(difference_id)s and status = 'open'
returning difference_id;
