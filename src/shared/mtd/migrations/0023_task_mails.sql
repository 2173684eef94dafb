-- Mails to the people of a task's group or to its assignee, and tasks that are overdue.

-- Where the portal's user gets mails about tasks; null for no mails.
alter table portal.users add column mail text check (length(mail) between 3 and 254 and mail like '%_@_%');

alter table tasks
    -- When the people of a new task were told of it.
    add column told_at timestamptz,
    -- When the task's time had passed, so that it was escalated; and when people were told of that.
    add column overdue_at timestamptz,
    add column overdue_told_at timestamptz;
-- Nobody is told of the tasks that are there already.
update tasks set told_at = now() where status = 'open';

create index tasks_untold on tasks (task_id)
    where status = 'open' and (told_at is null or (overdue_at is not null and overdue_told_at is null));
create index tasks_due on tasks (due_at) where status = 'open' and overdue_at is null;
