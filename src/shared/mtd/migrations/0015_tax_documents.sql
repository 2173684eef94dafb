-- Several tax documents of one order, each with its issuer, its day and its stamp.

alter table tax_documents
    -- RUT of the issuer; null in documents of earlier releases.
    add column issuer text,
    -- The contable date, in Chile.
    add column issued_on date,
    -- The TED as it came, XML in which ISO-8859-1 suffices.
    add column stamp text,
    -- What the SII knows the sending by.
    add column track_id text;
alter table credit_notes
    add column issuer text, add column issued_on date, add column stamp text, add column track_id text;

-- Folios are the issuer's: two issuers may have the same.
create unique index tax_documents_folio on tax_documents (coalesce(issuer, ''), document_type, folio);
create unique index credit_notes_folio on credit_notes (coalesce(issuer, ''), document_type, folio);
-- contracts: the code of before has on conflict (order_id) only, and the indexes above keep what these kept.
alter table tax_documents drop constraint tax_documents_document_type_folio_key;
-- contracts: as above.
alter table credit_notes drop constraint credit_notes_document_type_folio_key;

-- The second and later documents of an order of more lines than one may hold, and what credits them. The first of each
-- stays in tax_documents and credit_notes, whose one row an order the code of before counts on.
create table further_documents (
    order_id uuid not null references orders,
    -- The end of its idempotency key: 'dte:2', 'credit_note:2'.
    key text not null,
    document_type smallint not null,
    folio bigint not null,
    issued_at timestamptz not null default now(),
    amount numeric not null,
    currency text not null,
    issuer text,
    issued_on date,
    stamp text,
    track_id text,
    -- What a credit note cancels.
    refers_to_type smallint,
    refers_to_folio bigint,
    primary key (order_id, key)
);
create unique index further_documents_folio on further_documents (coalesce(issuer, ''), document_type, folio);
create index further_documents_issued on further_documents (issued_at);

call keep_behind_order('further_documents');
