-- A returned row is an install cohort whose number of users differs from the accounts of that day, for one of its days.
with

cohorts as (

    select * from {{ ref('install_cohort_retention') }}
    where run_key = {{ run_key() }}

),

users as (

    select
        created_date,
        count(*) as user_count
    from {{ ref('user_engagement') }}
    where
        run_key = {{ run_key() }}
        and created_date >= {{ first_cohort_date() }}
    group by created_date

)

select
    users.created_date,
    cohorts.day_number,
    users.user_count,
    cohorts.user_count as users_in_cohort
from users
left join cohorts on users.created_date = cohorts.cohort_date
where cohorts.user_count is null or cohorts.user_count <> users.user_count
