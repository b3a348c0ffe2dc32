with

users as (

    select * from {{ source_rows('users') }}

),

renamed as (

    select
        cast(user_id as varchar) as user_id,
        cast(created_at as timestamp) as created_at,
        {{ business_date('cast(created_at as timestamp)') }} as created_date,
        nullif(trim(cast(platform as varchar)), '') as platform,
        nullif(trim(cast(country as varchar)), '') as country,
        coalesce(cast(is_test_user as boolean), false) as is_test_user,
        nullif(trim(cast(username as varchar)), '') as username,
        nullif(trim(cast(email as varchar)), '') as email,
        cast(_loaded_at as timestamp) as _loaded_at
    from users

)

select * from renamed
