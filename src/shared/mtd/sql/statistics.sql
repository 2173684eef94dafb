-- name: per_step
select date_trunc(%(step)s, received_at, %(zone)s) as since, count(*) as received,
       count(*) filter (where outcome = 'completed') as completed,
       count(*) filter (where outcome = 'exception') as exceptions,
       percentile_cont(0.5) within group (order by extract(epoch from ended_at - received_at)) as p50
from orders
where received_at >= %(since)s and received_at < %(until)s
group by 1 order by 1;

-- name: per_seller
select seller_name, currency, count(*) as orders, sum(total) as amount,
       count(*) filter (where outcome = 'exception') as exceptions
from orders
where received_at >= %(since)s and received_at < %(until)s
group by 1, 2 order by orders desc, seller_name limit 50;

-- name: per_cause
select code, state, count(*) as incidents from incidents
where opened_at >= %(since)s and opened_at < %(until)s
group by 1, 2 order by incidents desc limit 50;
