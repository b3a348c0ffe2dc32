{{ config(tags=['early_engagement']) }}

with

deliveries as (

    select
        *,
        -- By user first: a filter on the user reaches the source.
        row_number() over (
            partition by user_id, event_id
            order by _loaded_at desc nulls last, event_at desc nulls last, event_name asc nulls last
        ) as recency
    from {{ ref('stg_events') }}

)

select
    event_id,
    user_id,
    event_name,
    event_at,
    event_date,
    session_id,
    session_seconds
from deliveries
where recency = 1
