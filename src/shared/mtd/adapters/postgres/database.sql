-- name: act_for
-- Role and tenant of the session, until it says otherwise; 'none' is the role that has logged in.
select set_config('role', %(role)s, false), set_config('mtd.tenant', %(tenant)s, false);
