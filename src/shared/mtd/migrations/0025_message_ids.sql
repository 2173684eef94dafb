-- A sender may number the messages of each order from one: the same id for another order is another message.

drop index messages_id;
create unique index messages_id on messages (tenant, kind, name, number, id) nulls not distinct where id is not null;
