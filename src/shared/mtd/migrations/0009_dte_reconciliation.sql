-- Our tax documents against Paperless's, day by day, and how long the folios will last.

create table dte_reconciliations (
    day date primary key,
    ran_at timestamptz not null default now(),
    ours integer not null,
    theirs integer not null,
    differences integer not null,
    -- [{document_type, left, per_day, days_left, expires_on, lasts_days}]
    folios jsonb not null
);

create table dte_differences (
    difference_id bigint generated always as identity primary key,
    day date not null,
    kind text not null check (kind in ('missing_here', 'missing_there', 'type', 'folio', 'amount')),
    -- Paperless's idempotency key: the order's id and what the document is, if it is one of ours.
    key text not null,
    order_id uuid references orders,
    ours jsonb,
    theirs jsonb,
    -- gone: a later reconciliation of that day has not found it any more.
    status text not null default 'open' check (status in ('open', 'resolved', 'gone')),
    found_at timestamptz not null default now(),
    closed_at timestamptz,
    closed_by text,
    note text,
    unique (day, kind, key)
);
create index dte_differences_open on dte_differences (difference_id) where status = 'open';
create index tax_documents_issued on tax_documents (issued_at);
create index credit_notes_issued on credit_notes (issued_at);
