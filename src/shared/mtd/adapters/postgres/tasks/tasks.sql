-- name: task
select t.task_id, t.status, t.version, t.assignee, t.name, t.team, t.candidate, t.form, v.forms -> t.form as schema, t.token_id,
       t.order_id, o.process_version_id, t.node, k.version as token_version, k.attempts, k.due_at, k.data
from tasks t
join orders o on o.order_id = t.order_id
join process_versions v on v.process_version_id = o.process_version_id
left join tokens k on k.token_id = t.token_id
where t.task_id = %(task_id)s;

-- name: groups_of
select case when disabled_at is null then groups else '{}' end as groups
from portal.users where name = lower(%(person)s) and tenant = coalesce(acting_tenant(), 'main');

-- name: change_task
-- The order's history keeps every comment; the task shows the latest.
with changed as (
    update tasks
    set assignee = case when %(assigns)s then %(assignee)s::text else assignee end,
        comment = coalesce(%(comment)s::text, comment),
        version = version + 1
    where task_id = %(task_id)s and version = %(version)s and status = 'open'
    returning order_id, node, name, assignee, version
), told as (
    insert into events (order_id, at, who, source, what, from_state, detail)
    select order_id, clock_timestamp(), %(function)s, 'PostgreSQL', %(what)s, node,
           jsonb_strip_nulls(jsonb_build_object('task', name, 'by', %(person)s::text, 'assignee', assignee,
                                                'comment', %(comment)s::text))
    from changed
)
select version from changed;

-- name: overdue
select t.task_id, t.name, t.due_at as due, k.token_id, k.version, k.node, k.attempts, k.data, k.order_id,
       o.process_version_id, k.due_at
from tasks t
join orders o on o.order_id = t.order_id and o.suspended_at is null
join tokens k on k.token_id = t.token_id
where t.status = 'open' and t.overdue_at is null and t.due_at < now()
order by t.due_at limit %(limit)s;
