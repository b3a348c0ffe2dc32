-- A returned row is a user with an account before the as-of date, no test user, who is missing from this run, or a row
-- of this run that is no such user. Nobody is lost for having no activity or for being new.
with

expected as (

    select user_id
    from {{ ref('stg_users') }}
    where
        created_date < {{ as_of_date() }}
        and not is_test_user

),

found as (

    select user_id
    from {{ ref('user_segmentation') }}
    where run_key = {{ run_key() }}

)

select
    expected.user_id as expected_user_id,
    found.user_id as found_user_id
from expected
full outer join found on expected.user_id = found.user_id
where
    expected.user_id is null
    or found.user_id is null
