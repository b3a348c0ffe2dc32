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
        count(*) as users,
        -- 1 January 1900 was a Monday.
        sum(case when mod(datediff('day', cast('1900-01-01' as date), created_date), 7) >= 5 then 1 else 0 end) as weekend_users
    from users
    group by coalesce(platform, 'unknown')

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    cast(platform as varchar) as platform,
    cast(users as bigint) as users,
    cast(weekend_users as bigint) as weekend_users
from counted
where users >= {{ rule_number('platform_min_users') }}
