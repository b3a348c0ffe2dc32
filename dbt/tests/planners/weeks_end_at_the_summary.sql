-- A returned row is a run whose weekly series does not end at the users and planners of its summary.
with

weeks as (

    select
        max(users_to_date) as users_by_week,
        max(planners_to_date) as planners_by_week,
        sum(new_users_planners) as planners_by_signup
    from {{ ref('planner_weeks') }}
    where run_key = {{ run_key() }}

),

summary as (

    select * from {{ ref('user_segmentation_summary') }}
    where run_key = {{ run_key() }}

)

select
    weeks.users_by_week,
    summary.total_users,
    weeks.planners_by_week,
    summary.total_planners
from summary
cross join weeks
where
    coalesce(weeks.users_by_week, 0) <> summary.total_users
    or coalesce(weeks.planners_by_week, 0) <> summary.total_planners
    or coalesce(weeks.planners_by_signup, 0) <> summary.total_planners
