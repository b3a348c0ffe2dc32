{{ config(meta={'day_column': 'activity_date'}) }}
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
        min(session_id) as session_id,
        max(session_seconds) as session_seconds,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        max(_loaded_at) as _loaded_at
    from in_scope
    group by user_id, event_date, event_id

),

-- Events outside any session are one group of these, without a session_id.
sessions as (

    select
        user_id,
        event_date,
        session_id,
        count(*) as event_count,
        cast(sum(delivery_count) as bigint) as delivery_count,
        case when session_id is not null then cast(round(max(session_seconds), 0) as bigint) end as session_seconds,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at,
        max(_loaded_at) as _loaded_at
    from events_once
    group by user_id, event_date, session_id

),

daily as (

    select
        user_id,
        event_date as activity_date,
        cast(sum(event_count) as bigint) as event_count,
        cast(sum(delivery_count) as bigint) as delivery_count,
        count(session_id) as session_count,
        cast(coalesce(sum(session_seconds), 0) as bigint) as session_seconds,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at,
        max(_loaded_at) as _loaded_at
    from sessions
    group by user_id, event_date

)

{{ rows_and_rebuilt_days(rebuild, 'daily') }}
