-- name: list_reconciliations
select r.day, r.ran_at, r.ours, r.theirs, r.differences, r.folios,
       (select count(*) from dte_differences d where d.day = r.day and d.status = 'open') as open
from dte_reconciliations r
where %(day)s::date is null or r.day = %(day)s
order by r.day desc limit 31;

-- name: list_differences
select d.difference_id, d.day, d.kind, d.key, d.order_id, o.number, d.ours, d.theirs, d.status, d.found_at, d.closed_at,
       d.closed_by, d.note
from dte_differences d left join orders o on o.order_id = d.order_id
where case when %(day)s::date is null then d.status = 'open' else d.day = %(day)s end
order by d.day desc, d.difference_id limit 500;
