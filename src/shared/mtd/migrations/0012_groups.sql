-- The groups of people whose tasks a user does, as the processes' diagrams name them.
alter table portal.users add column groups text[] not null default '{}';
