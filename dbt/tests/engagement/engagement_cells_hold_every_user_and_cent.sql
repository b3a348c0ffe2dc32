-- A returned row is a metric whose cells, taken together, do not hold this run's number of users, or its sum of cents.
with

cells as (

    select
        metric,
        sum(n) as n,
        sum(s1) as s1
    from {{ ref('engagement_cells') }}
    where run_key = {{ run_key() }}
    group by metric

),

users as (

    select
        count(*) as n,
        sum(cast(lifetime_revenue * 100 as bigint)) as lifetime_cents,
        sum(cast(revenue_last_90_days * 100 as bigint)) as window_cents
    from {{ ref('user_engagement') }}
    where run_key = {{ run_key() }}

)

select
    cells.metric,
    cells.n as n_in_cells,
    users.n
from users
left join cells on 1 = 1
where
    users.n > 0
    and (
        cells.metric is null
        or cells.n <> users.n
        or (cells.metric = 'lifetime_revenue' and cells.s1 <> users.lifetime_cents)
        or (cells.metric = 'revenue_last_90_days' and cells.s1 <> users.window_cents)
    )
