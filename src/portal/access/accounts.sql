-- name: user_by_name
select user_id, tenant, name, password_hash, role, disabled_at from portal.user_named(%(name)s);

-- name: users
select u.user_id, u.name, u.role, u.groups, u.mail, u.created_at, u.disabled_at,
       (select max(s.seen_at) from portal.sessions s where s.user_id = u.user_id) as seen_at
from portal.users u order by u.disabled_at nulls first, u.name;

-- name: add_user
insert into portal.users (name, password_hash, role) values (%(name)s, %(password_hash)s, %(role)s)
on conflict (name) do nothing
returning user_id;

-- name: add_first_user
insert into portal.users (name, password_hash, role)
select %(name)s, %(password_hash)s, 'administrator' where not exists (select from portal.users)
on conflict (name) do nothing;

-- name: any_user
select exists (select from portal.users) as any;

-- name: change_role
update portal.users set role = %(role)s where user_id = %(user_id)s returning name;

-- name: change_groups
update portal.users set groups = %(groups)s where user_id = %(user_id)s returning name;

-- name: change_mail
update portal.users set mail = %(mail)s where user_id = %(user_id)s returning name;

-- name: change_password
update portal.users set password_hash = %(password_hash)s where user_id = %(user_id)s returning name;

-- name: disable
update portal.users set disabled_at = case when %(disabled)s then now() end where user_id = %(user_id)s returning name;

-- name: other_administrators
select count(*) as administrators from portal.users
where role = 'administrator' and disabled_at is null and user_id <> %(user_id)s;

-- name: begin_try
-- Before its password is verified, so that tries at the same moment count each other.
insert into portal.failed_logins (name, address) values (%(name)s, %(address)s) returning ctid::text as place;

-- name: tries
select count(*) filter (where name = %(name)s and address = %(address)s) as here,
       count(*) filter (where name = %(name)s) as of_name,
       count(*) filter (where address = %(address)s) as of_address
from portal.failed_logins
where at > now() - interval '15 minutes' and (name = %(name)s or address = %(address)s);

-- name: withdraw_try
-- A try whose password was not verified does not prolong the wait. A row is never changed, so its place stays its own.
delete from portal.failed_logins where ctid = %(place)s::tid;

-- name: known_address
select exists (select from portal.sessions
               where user_id = %(user_id)s and address = %(address)s and opened_at > now() - interval '30 days') as known;

-- name: forget_tries
delete from portal.failed_logins
where (name = %(name)s and address = %(address)s) or at < now() - interval '1 day';

-- name: tenants
select code, name from tenants order by code;
