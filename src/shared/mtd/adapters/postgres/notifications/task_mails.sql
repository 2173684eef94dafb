-- name: claim_task_mails
-- An overdue task concerns those who supervise, too. Nobody whose mail bounced, or who complained, is written to.
with due as (
    select task_id, told_at is not null as is_overdue
    from tasks
    where status = 'open' and (told_at is null or (overdue_at is not null and overdue_told_at is null))
    order by task_id limit %(limit)s
    for update skip locked
), claimed as (
    update tasks t
    set told_at = coalesce(t.told_at, now()), overdue_told_at = case when due.is_overdue then now() end
    from due
    where t.task_id = due.task_id
    returning t.task_id, t.order_id, t.name, t.team, t.assignee, due.is_overdue, t.due_at
)
select c.task_id, c.order_id, o.number, c.name, c.team, c.assignee, c.is_overdue, c.due_at, n.zone,
       array(select u.mail from portal.users u
             where u.tenant = o.tenant and u.mail is not null and u.disabled_at is null
               and not exists (select from suppressed_addresses s where s.address = lower(u.mail))
               and case when c.is_overdue and u.role in ('supervisor', 'administrator') then true
                        when c.assignee is not null then u.name = lower(c.assignee)
                        else exists (select from unnest(u.groups) g where lower(g) = lower(c.team)) end
             order by u.mail) as recipients
from claimed c
join orders o on o.order_id = c.order_id
join tenants n on n.code = o.tenant
order by c.task_id;

-- name: give_back
update tasks t
set told_at = case when m.is_overdue then t.told_at end, overdue_told_at = null
from jsonb_to_recordset(%(mails)s) as m (task_id bigint, is_overdue boolean)
where t.task_id = m.task_id;
