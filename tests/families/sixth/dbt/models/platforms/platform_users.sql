with

users as (

    select * from {{ ref('stg_users') }}
    where
        created_date < {{ as_of_date() }}
        and not is_test_user

),

counted as (

    select
        coalesce(platform, 'unknown') as platform,
        count(*) as users
    from users
    group by coalesce(platform, 'unknown')

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    cast(platform as varchar) as platform,
    cast(users as bigint) as users
from counted
where users >= {{ rule_number('platform_min_users') }}
