-- name: noted_orders
-- A number alone does not select an order that came under a taken number. Its id does.
select order_id, seller_name from orders
where number = %(number)s and (%(seller)s::text is null or seller_id = %(seller)s)
  and case when %(order_id)s::uuid is null then conflicts_with is null else order_id = %(order_id)s end
order by received_at, order_id;

-- name: insert_note
insert into order_notes (order_id, person, text) values (%(order_id)s, %(person)s, %(text)s)
returning note_id, at;
