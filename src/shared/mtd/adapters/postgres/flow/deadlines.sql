-- name: coming_timers
select token_id, version, due_at, extract(epoch from due_at - now())::double precision as due_seconds
from tokens
where waits = 'time' and not exists (select from orders o where o.order_id = tokens.order_id and o.suspended_at is not null)
  and due_at < now() + make_interval(secs => %(ahead_seconds)s)
  and (%(after_at)s::timestamptz is null or (due_at, token_id) > (%(after_at)s::timestamptz, %(after_id)s::bigint))
order by due_at, token_id
limit %(limit)s;
