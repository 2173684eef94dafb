-- Instances of multi-instance activities with elements and values of their own; tokens that wait for a signal, for a
-- condition, or for nothing because their activity is done.

alter table tokens
    -- The instance's element of its list; the list of a sequential activity; the values that the instance has left.
    add column element jsonb,
    add column elements jsonb,
    add column own_values jsonb;

-- The new check allows all that the old one allowed, so the rows that are there keep it.
alter table tokens
    drop constraint tokens_waits_check,
    add constraint tokens_waits_check check
        (waits in ('service', 'person', 'message', 'signal', 'condition', 'time', 'join', 'inside', 'done')) not valid;
alter table tokens validate constraint tokens_waits_check;

-- A signal looks for all tokens that wait for it.
create index tokens_signal on tokens (message) where waits = 'signal';

-- A token whose activity is done is no place: nothing happens there any more.
create or replace view places with (security_invoker = true) as
select t.order_id, t.node
from tokens t
where t.host is null
  and t.waits <> 'done'
  and not exists (select from tokens i where i.order_id = t.order_id and i.scope = t.ordinal);
