-- name: list_systems
-- All tenants share a system. The count of parked orders has those of the asking tenant only.
select s.system, s.declaration, s.declared_at, s.declared_by, coalesce(c.state, 'closed') as circuit,
       coalesce(c.by_hand, false) as by_hand, c.reason, coalesce(p.parked, 0) as parked,
       coalesce(l.calls, 0) as calls, coalesce(l.unanswered, 0) as unanswered, coalesce(l.refused, 0) as refused,
       round((l.ms / nullif(l.calls, 0))::numeric, 1)::double precision as mean_ms,
       round(l.longest_ms::numeric, 1)::double precision as longest_ms
from systems s
left join circuits c on c.system = s.system
left join (
    select parked_for, count(*) as parked from tokens where parked_at is not null group by parked_for
) p on p.parked_for = s.system
left join lateral (
    select sum(calls)::integer as calls, sum(unanswered)::integer as unanswered, sum(refused)::integer as refused,
           sum(ms) as ms, max(longest_ms) as longest_ms
    from system_calls k
    where k.system = s.system and k.minute > now() - make_interval(secs => %(seconds)s)
) l on true
order by s.system;

-- name: served_tasks
select split_part(substr(node ->> 'binding', 8), '/', 1) as system, v.process, v.version, node ->> 'id' as task,
       node ->> 'name' as name
from process_versions v
cross join lateral jsonb_array_elements(v.plan -> 'nodes') as node
where v.active and node ->> 'binding' like 'system:%%'
order by v.process, node ->> 'id';
