-- name: noted_orders
-- By number alone, an order that came under a taken number is not meant: name it by its id.
select order_id, seller_name from orders
where number = %(number)s and (%(seller)s::text is null or seller_id = %(seller)s)
  and case when %(order_id)s::uuid is null then conflicts_with is null else order_id = %(order_id)s end
order by received_at, order_id;

-- name: insert_note
insert into order_notes (order_id, person, text) values (%(order_id)s, %(person)s, %(text)s)
returning note_id, at;
