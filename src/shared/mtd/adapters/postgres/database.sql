-- name: act_for
-- Set role and tenant of the session; 'none' is the role that has logged in.
select set_config('role', %(role)s, false), set_config('mtd.tenant', %(tenant)s, false);
