-- What became of mails after SES took them, and the addresses that get no more of them.

alter table mails add column feedback text check (feedback in ('bounced', 'complained'));
alter table mails add column feedback_at timestamptz;
alter table mails add column feedback_reason text;

create table suppressed_addresses (
    address text primary key check (address = lower(address)),
    why text not null check (why in ('bounced', 'complained')),
    order_id uuid,
    since timestamptz not null default now()
);
