-- A returned row is a metric whose cells, taken together, do not hold this run's number of customers and sum of cents.
with

cells as (

    select
        metric,
        sum(n) as n,
        sum(s1) as s1
    from {{ ref('customer_segment_cells') }}
    where run_key = {{ run_key() }}
    group by metric

),

customer_spend as (

    select * from {{ ref('customer_spend') }}
    where run_key = {{ run_key() }}

),

customers as (

    select
        'spend_last_90_days' as metric,
        count(*) as n,
        sum(spend_last_90_days_cents) as s1
    from customer_spend

    union all

    select
        'lifetime_value' as metric,
        count(*) as n,
        sum(lifetime_net_cents) as s1
    from customer_spend

)

select
    customers.metric,
    customers.n as n_customers,
    cells.n as n_in_cells,
    customers.s1 as customers_cents,
    cells.s1 as cells_cents
from customers
left join cells on customers.metric = cells.metric
where
    customers.n <> coalesce(cells.n, 0)
    or coalesce(customers.s1, 0) <> coalesce(cells.s1, 0)
