-- name: systems
select system, declaration from systems where %(system)s::text is null or system = %(system)s order by system;

-- name: declare_system
insert into systems (system, declaration, declared_by) values (%(system)s, %(declaration)s, %(person)s)
on conflict (system) do update
set declaration = excluded.declaration, declared_by = excluded.declared_by, declared_at = now()
returning (xmax = 0) as new;

-- name: keep_circuit
insert into circuits (system) values (%(system)s) on conflict (system) do nothing;

-- name: reserve_turns
-- Batches that run at the same time get turns one after the other: the row's lock puts them in sequence.
with locked as (
    select system, greatest(clock_timestamp(), coalesce(called_until, clock_timestamp())) as start
    from systems where system = %(system)s for update
), reserved as (
    select system, start, extract(epoch from start - clock_timestamp())::double precision as starts_in
    from locked
), granted as (
    select *, greatest(0, least(%(calls)s::integer,
        floor((%(within_seconds)s::double precision - starts_in) * %(rate)s::double precision)::integer + 1)) as turns
    from reserved
)
update systems s
set called_until = g.start + make_interval(secs => g.turns / %(rate)s::double precision)
from granted g
where s.system = g.system
returning g.starts_in, g.turns as granted;

-- name: record_calls
insert into system_calls (system, minute, calls, unanswered, refused, ms, longest_ms)
values (%(system)s, date_trunc('minute', now()), %(calls)s, %(unanswered)s, %(refused)s, %(ms)s, %(longest_ms)s)
on conflict (system, minute) do update
set calls = system_calls.calls + excluded.calls, unanswered = system_calls.unanswered + excluded.unanswered,
    refused = system_calls.refused + excluded.refused, ms = system_calls.ms + excluded.ms,
    longest_ms = greatest(system_calls.longest_ms, excluded.longest_ms);
