-- name: record
insert into portal.audit (user_name, address, action, subject, outcome, detail)
values (%(user_name)s, %(address)s, %(action)s, %(subject)s, %(outcome)s, %(detail)s);

-- name: latest
select at, user_name, address, action, subject, outcome, detail from portal.audit order by at desc limit 100;
