-- A returned row is an account that is no tester's and signed up before the as-of date, and has no row in this run; or
-- the other way round.
with

users as (

    select user_id from {{ ref('stg_users') }}
    where
        not is_test_user
        and created_date < {{ as_of_date() }}

),

user_engagement as (

    select user_id from {{ ref('user_engagement') }}
    where run_key = {{ run_key() }}

)

select
    users.user_id as in_users,
    user_engagement.user_id as scored
from users
full outer join user_engagement on users.user_id = user_engagement.user_id
where users.user_id is null or user_engagement.user_id is null
