with

events as (

    select * from {{ source_rows('events') }}

),

renamed as (

    select
        cast(event_id as varchar) as event_id,
        cast(user_id as varchar) as user_id,
        cast(event_name as varchar) as event_name,
        cast(event_at as timestamp) as event_at,
        {{ business_date('cast(event_at as timestamp)') }} as event_date,
        nullif(trim(cast(session_id as varchar)), '') as session_id,
        case
            when session_seconds >= 0 and cast(session_seconds as double) < cast('inf' as double)
                then cast(session_seconds as double)
        end as session_seconds,
        cast(_loaded_at as timestamp) as _loaded_at
    from events

)

select * from renamed
