-- name: last_failures
select s.system, i.code, i.message, i.opened_at
from unnest(%(systems)s::text[], %(states)s::text[]) as s (system, state)
cross join lateral (
    select code, message, opened_at from incidents
    where state = s.state and opened_at > now() - interval '24 hours'
    order by opened_at desc limit 1
) i
order by i.opened_at;

-- name: read_circuits
-- All tenants share a circuit. The count of orders has those of the asking tenant only.
select c.system, c.state, c.by_hand, c.changed_at as since, c.changed_by, c.reason,
       (select count(*) from orders o where o.order_id = any(c.failing)) as failing,
       c.next_probe_at, coalesce(c.drain_rate, %(drain_rate)s)::double precision as drain_rate,
       coalesce(p.parked, 0) as parked, p.oldest
from circuits c
left join (
    select parked_for, count(*) as parked, min(parked_at) as oldest from tokens where parked_at is not null group by parked_for
) p on p.parked_for = c.system
where %(system)s::text is null or c.system = %(system)s
order by c.system;
