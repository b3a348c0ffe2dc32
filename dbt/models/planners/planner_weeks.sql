with

users as (

    select * from {{ ref('user_segmentation') }}
    where run_key = {{ run_key() }}

),

signups as (

    select
        signup_week as week_start,
        count(*) as new_users,
        count(case when user_type = 'Planner' then 1 end) as new_users_planners
    from users
    group by signup_week

),

planners as (

    select cast(date_trunc('week', {{ business_date('became_planner_at') }}) as date) as week_start
    from users
    where became_planner_at is not null

),

conversions as (

    select
        week_start,
        count(*) as became_planners
    from planners
    group by week_start

),

first_week as (

    select min(week_start) as week_start
    from (
        select week_start from signups
        union all
        select week_start from conversions
    ) as known_weeks

),

-- Ten thousand weeks: even an account from 1970 leaves room for a century.
week_numbers as (

    {{ whole_numbers(digits=4) }}

),

-- A week in which nothing happened is in the series, too.
weeks as (

    select first_week.week_start + 7 * week_numbers.n as week_start
    from first_week
    cross join week_numbers
    where first_week.week_start + 7 * week_numbers.n < {{ as_of_date() }}

),

joined as (

    select
        weeks.week_start,
        coalesce(signups.new_users, 0) as new_users,
        coalesce(signups.new_users_planners, 0) as new_users_planners,
        coalesce(conversions.became_planners, 0) as became_planners
    from weeks
    left join signups on weeks.week_start = signups.week_start
    left join conversions on weeks.week_start = conversions.week_start

),

-- Cumulative counts up to the end of each week: who was there, and who had met a criterion by then.
cumulated as (

    select
        *,
        sum(new_users) over (order by week_start rows unbounded preceding) as users_to_date,
        sum(became_planners) over (order by week_start rows unbounded preceding) as planners_to_date
    from joined

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    week_start,
    cast(new_users as bigint) as new_users,
    cast(new_users_planners as bigint) as new_users_planners,
    cast(became_planners as bigint) as became_planners,
    cast(users_to_date as bigint) as users_to_date,
    cast(planners_to_date as bigint) as planners_to_date,
    datediff('day', week_start, {{ as_of_date() }}) >= 7 as is_complete
from cumulated
