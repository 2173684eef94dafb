-- name: list_tasks
select t.task_id, o.number, o.seller_name as seller, v.process, v.version as process_version, t.node, t.name,
       t.team as "group", t.candidate, t.assignee, t.form, v.forms -> t.form as schema, t.priority, t.due_at,
       t.follow_up_at, t.comment, t.status, t.version, t.created_at, t.ended_at, t.ended_by, t.result, t.element,
       t.element_name, t.item
from tasks t
join orders o on o.order_id = t.order_id
join process_versions v on v.process_version_id = o.process_version_id
where t.status = %(status)s and t.task_id > %(after)s
  and (%(group)s::text is null or t.team = %(group)s)
  and (%(assignee)s::text is null or t.assignee = %(assignee)s)
  and (%(number)s::text is null or o.number = %(number)s)
order by t.task_id
limit %(limit)s;

-- name: board
-- The task that is due soonest comes first. Done tasks are those that the person ended lately.
select t.task_id, t.order_id, o.number, t.name, t.team as "group", t.assignee, t.priority, t.due_at, t.status, t.version,
       t.ended_at, t.ended_by, t.status = 'open' and t.due_at < now() as overdue, t.element_name, t.item
from tasks t
join orders o on o.order_id = t.order_id
where case %(view)s::text
          when 'mine' then t.status = 'open' and t.assignee = %(person)s
          when 'groups' then t.status = 'open' and lower(t.team) = any(%(groups)s)
          when 'open' then t.status = 'open'
          when 'overdue' then t.status = 'open' and t.due_at < now()
          else t.status = 'completed' and t.ended_by = %(person)s
      end
  and (%(group)s::text is null or t.team = %(group)s)
order by t.ended_at desc, t.due_at nulls last, t.task_id
limit %(limit)s offset %(after)s;

-- name: count_views
select count(*) filter (where assignee = %(person)s) as mine, count(*) as open,
       count(*) filter (where lower(team) = any(%(groups)s)) as groups, count(*) filter (where due_at < now()) as overdue
from tasks where status = 'open';

-- name: task_groups
select distinct team from tasks where status = 'open' order by team;

-- name: known_groups
-- The groups of open tasks, and those that active processes name.
select team from tasks where status = 'open'
union
select node #>> '{work,group}' from process_versions, jsonb_array_elements(plan -> 'nodes') node
where active and node #>> '{work,group}' <> '' and node #>> '{work,group}' not like '=%%'
order by 1;

-- name: shown_task
select t.task_id, t.order_id, o.number, o.buyer_name, o.total, o.currency, o.promised_on, o.document, o.data, t.node,
       t.name, t.team as "group", t.candidate, t.assignee, t.element, t.element_name, t.item,
       v.forms -> t.form as schema, t.due_at, t.comment, t.status, t.version, t.created_at, t.ended_at, t.ended_by,
       t.result, coalesce(t.status = 'open' and t.due_at < now(), false) as overdue
from tasks t
join orders o on o.order_id = t.order_id
join process_versions v on v.process_version_id = o.process_version_id
where t.task_id = %(task_id)s;

-- name: task_comments
-- What people have said about the tasks of an order, the oldest first.
select at, detail ->> 'task' as task, detail ->> 'by' as person, detail ->> 'comment' as text
from events
where order_id = %(order_id)s and detail ->> 'task' is not null and detail ->> 'comment' is not null
order by event_id limit 500;
