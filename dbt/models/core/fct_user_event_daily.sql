{{ config(meta={'day_column': 'event_date'}) }}
{% set rebuild = days_to_rebuild(
    ref('stg_events'), day='event_date', at='event_at', lookback='lookback_window_days',
    held_here='delivery_count', held_there='1'
) %}

with

{{ rows_in_scope(rebuild) }}

-- A redelivered event is a repeated event_id.
events_once as (

    select
        user_id,
        event_date,
        event_id,
        count(*) as delivery_count,
        min(event_name) as event_name,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        max(_loaded_at) as _loaded_at
    from in_scope
    group by user_id, event_date, event_id

),

daily as (

    select
        user_id,
        event_date,
        event_name,
        count(*) as event_count,
        cast(sum(delivery_count) as bigint) as delivery_count,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at,
        max(_loaded_at) as _loaded_at
    from events_once
    group by user_id, event_date, event_name

)

{{ rows_and_rebuilt_days(rebuild, 'daily') }}
