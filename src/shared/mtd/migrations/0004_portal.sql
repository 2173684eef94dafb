-- The portal: its own schema, the two roles it connects as, and the indexes that its pages read by.

do $$
declare wanted text;
begin
    foreach wanted in array array['mtd_reader', 'mtd_portal'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I nologin', wanted);
        end if;
    end loop;
exception when insufficient_privilege then
    raise exception 'an administrator of PostgreSQL must first make the roles mtd_reader and mtd_portal';
end $$;

grant usage on schema public to mtd_reader;
grant select on all tables in schema public to mtd_reader;
alter default privileges in schema public grant select on tables to mtd_reader;

create schema portal;
grant usage on schema portal to mtd_portal;

create table portal.users (
    user_id bigint generated always as identity primary key,
    name text not null check (name = lower(name) and name ~ '^[a-z0-9][a-z0-9._@-]{0,79}$'),
    -- Argon2id, in its own text form.
    password_hash text not null,
    role text not null check (role in ('viewer', 'operator', 'supervisor', 'administrator')),
    created_at timestamptz not null default now(),
    disabled_at timestamptz,
    unique (name)
);

create table portal.sessions (
    session_id bigint generated always as identity primary key,
    -- SHA-256 of what the cookie holds: who reads this table cannot take a session over.
    token_hash bytea not null unique,
    user_id bigint not null references portal.users,
    csrf text not null,
    address text not null,
    agent text not null,
    opened_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    closed_at timestamptz,
    closed_by text
);
create index sessions_user on portal.sessions (user_id, opened_at desc);
create index sessions_open on portal.sessions (seen_at desc) where closed_at is null;

create table portal.failed_logins (
    at timestamptz not null default now(),
    name text not null,
    address text not null
);
create index failed_logins_at on portal.failed_logins (at);

-- Who did what: append-only, and its role may not even try to change it.
create table portal.audit (
    audit_id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    user_name text not null,
    address text not null,
    action text not null,
    subject text not null,
    outcome text not null,
    detail jsonb not null default '{}'
);
create index audit_at on portal.audit (at desc);
create trigger audit_append_only before update or delete or truncate on portal.audit
    for each statement execute function refuse_change();

create table portal.views (
    view_id bigint generated always as identity primary key,
    user_id bigint not null references portal.users,
    name text not null check (length(name) between 1 and 60),
    query text not null check (length(query) <= 2000),
    unique (user_id, name)
);

grant select, insert, update on portal.users, portal.sessions to mtd_portal;
grant select, insert, delete on portal.failed_logins to mtd_portal;
grant select, insert on portal.audit to mtd_portal;
grant select, insert, update, delete on portal.views to mtd_portal;

-- What a person may type to find an order, in one text without case and accents.
create extension if not exists pg_trgm;

create function plain_text(said text) returns text language sql immutable parallel safe
return translate(lower(said), 'áéíóúüñàèìòùâêîôûäëïö', 'aeiouunaeiouaeiouaeio');

create function order_search_text(number text, seller_id text, seller_name text, buyer_id text, buyer_name text,
                                  total numeric, document jsonb)
returns text language sql immutable parallel safe
return plain_text(concat_ws(' ', number, seller_id, seller_name, buyer_id, buyer_name, trim_scale(total)::text,
    document #>> '{buyer,rut}', document #>> '{seller,rut}', document #>> '{buyer,email}',
    jsonb_path_query_array(document, '$.lines[*].sku')::text));

create index orders_search on orders using gin
    (order_search_text(number, seller_id, seller_name, buyer_id, buyer_name, total, document) gin_trgm_ops);
create index orders_total on orders ((coalesce(total, 0)), order_id);
create index orders_ended on orders (ended_at desc) where ended_at is not null;
create index tokens_node on tokens (node);
create index incidents_opened on incidents (opened_at desc) where resolved_at is null;
