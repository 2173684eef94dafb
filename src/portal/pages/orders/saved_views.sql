-- name: of_user
select view_id, name, query from portal.views where user_id = %(user_id)s order by name;

-- name: save
insert into portal.views (user_id, name, query) values (%(user_id)s, %(name)s, %(query)s)
on conflict (user_id, name) do update set query = excluded.query;

-- name: delete
delete from portal.views where user_id = %(user_id)s and view_id = %(view_id)s;
