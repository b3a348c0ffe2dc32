-- A returned row is a metric and user type whose cells do not hold this run's users of that type.
with

cells as (

    select
        metric,
        user_type,
        sum(n) as n
    from {{ ref('planner_cells') }}
    where run_key = {{ run_key() }}
    group by metric, user_type

),

users as (

    select
        user_type,
        count(*) as n
    from {{ ref('user_segmentation') }}
    where run_key = {{ run_key() }}
    group by user_type

)

select
    cells.metric,
    users.user_type,
    users.n as n_users,
    cells.n as n_in_cells
from users
left join cells on users.user_type = cells.user_type
where users.n <> coalesce(cells.n, 0)
