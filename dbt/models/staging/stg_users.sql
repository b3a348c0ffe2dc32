with

users as (

    select * from {{ source_rows('users') }}

),

renamed as (

    select
        cast(user_id as varchar) as user_id,
        cast(created_at as timestamp) as created_at,
        {{ business_date('cast(created_at as timestamp)') }} as created_date,
        cast(platform as varchar) as platform,
        cast(country as varchar) as country,
        coalesce(cast(is_test_user as boolean), false) as is_test_user,
        cast(username as varchar) as username,
        cast(email as varchar) as email,
        cast(_loaded_at as timestamp) as _loaded_at
    from users

)

select * from renamed
