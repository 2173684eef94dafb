-- What people write down about an order: append-only, as what happened to it is.

create table order_notes (
    note_id bigint generated always as identity primary key,
    order_id uuid not null references orders,
    at timestamptz not null default now(),
    person text not null,
    text text not null check (length(text) between 1 and 2000)
);
create index order_notes_order on order_notes (order_id, note_id);
create trigger order_notes_append_only before update or delete or truncate on order_notes
    for each statement execute function refuse_change();

call keep_behind_order('order_notes');
