-- name: open
insert into portal.sessions (token_hash, user_id, csrf, address, agent)
values (%(token_hash)s, %(user_id)s, %(csrf)s, %(address)s, %(agent)s);

-- name: find
select session_id, csrf, stale, tenant_name, (person).user_id, (person).tenant, (person).name, (person).role,
       (person).groups
from portal.session_of(%(token_hash)s, %(idle_seconds)s, %(longest_seconds)s);

-- name: touch
update portal.sessions set seen_at = now() where session_id = %(session_id)s and closed_at is null;

-- name: close
update portal.sessions set closed_at = now(), closed_by = %(closed_by)s
where session_id = %(session_id)s and closed_at is null
returning user_id;

-- name: close_all
update portal.sessions set closed_at = now(), closed_by = %(closed_by)s
where user_id = %(user_id)s and closed_at is null;

-- name: listed
select s.session_id, s.user_id, u.name, u.role, s.address, s.agent, s.opened_at, s.seen_at, s.closed_at, s.closed_by,
       case when s.closed_at is not null then s.closed_at
            else least(s.seen_at + make_interval(secs => %(idle_seconds)s),
                       s.opened_at + make_interval(secs => %(longest_seconds)s)) end as ends_at
from portal.sessions s join portal.users u using (user_id)
order by s.seen_at desc limit 100;
