-- name: list_warnings
select w.warning_id, w.order_id, o.number, o.seller_name as seller, w.kind, w.state, w.due_at, w.predicted_at, w.created_at,
       w.acknowledged_by, w.acknowledged_at, o.ended_at, o.outcome
from warnings w join orders o on o.order_id = w.order_id
where (%(all)s or (w.acknowledged_at is null and o.ended_at is null))
  and (%(after)s::bigint is null or w.warning_id < %(after)s)
order by w.warning_id desc limit %(limit)s;
