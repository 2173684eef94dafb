-- Orders that go over to another version of their process.

-- Where a migration has found and left an order's tokens: {"before": {token: node}, "after": {token: node}}.
alter table operation_items add column stood jsonb;
create index orders_in_flight on orders (process_version_id) where ended_at is null;
