-- A returned row is a user of this run who should not be there: a tester, no user any more, or somebody whose return
-- window is not over at the as-of date.
with

engagement as (

    select
        user_id,
        created_date
    from {{ ref('dim_user_early_engagement') }}
    where run_key = {{ run_key() }}

),

people as (

    select user_id from {{ ref('stg_users') }}
    where not is_test_user

)

select
    engagement.user_id,
    engagement.created_date
from engagement
left join people on engagement.user_id = people.user_id
where
    people.user_id is null
    or {{ as_of_date() }} - engagement.created_date < 28 + {{ rule_number('early_engagement_return_days') }}
