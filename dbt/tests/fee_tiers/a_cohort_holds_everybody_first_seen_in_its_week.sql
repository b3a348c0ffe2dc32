-- A returned row is a fee week whose newcomers in the weekly summary are not the users first seen in it, or not those
-- of the cohorts' week 0: nobody may join, leave or double on the way. Weeks that have no cohort are compared with
-- nobody.
with

summary as (

    select * from {{ ref('fct_weekly_summary_final') }}
    where run_key = {{ run_key() }}

),

first_seen as (

    select
        first_seen_week,
        count(*) as n_users
    from {{ ref('int_user_first_seen') }}
    where run_key = {{ run_key() }}
    group by first_seen_week

),

cohorts as (

    select
        first_seen_week,
        count(*) as n_users,
        sum(retained_flag) as retained
    from {{ ref('fct_user_cohorts') }}
    where
        run_key = {{ run_key() }}
        and k = 0
    group by first_seen_week

)

select
    summary.week_number,
    summary.new_swappers,
    first_seen.n_users as first_seen_users,
    cohorts.n_users as cohort_users
from summary
left join first_seen on summary.week_number = first_seen.first_seen_week
left join cohorts on summary.week_number = cohorts.first_seen_week
where
    summary.new_swappers <> coalesce(first_seen.n_users, 0)
    or coalesce(cohorts.n_users, 0) <> coalesce(cohorts.retained, 0)
    or coalesce(cohorts.n_users, 0) <> case
        when summary.final_fee_bps is null or summary.exclusion_reason is not null then 0
        else summary.new_swappers
    end
