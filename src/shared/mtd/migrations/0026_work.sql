-- Workers ask for the tasks of their system, the longest due first.
create index if not exists tokens_system on tokens (server, due_at) where waits = 'service' and server is not null;
