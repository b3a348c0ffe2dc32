{#- Ephemeral: a step of dim_user_early_engagement, not a table of its own. -#}
{{ config(materialized='ephemeral') }}
{%- set events = events_list() %}

with

users as (

    select
        user_id,
        created_date
    from {{ ref('stg_users') }}

),

daily_events as (

    select
        user_id,
        event_date,
        event_name,
        event_count
    from {{ ref('fct_user_event_daily') }}
    where event_name in ({{ events | map(attribute='literal') | join(', ') }})

),

-- Days, not moments, after the one of sign-up: a phone's clock may date the first events before the account.
first_week as (

    select
        daily_events.user_id,
        daily_events.event_name,
        daily_events.event_count
    from daily_events
    inner join users on daily_events.user_id = users.user_id
    where
        daily_events.event_date >= users.created_date
        and daily_events.event_date < users.created_date + 7

)

select
    {%- for event in events %}
    {%- set has, days, count = event_features(event) %}
    count(case when event_name = {{ event.literal }} then 1 end) > 0 as {{ has }},
    cast(count(case when event_name = {{ event.literal }} then 1 end) as integer) as {{ days }},
    cast(coalesce(sum(case when event_name = {{ event.literal }} then event_count end), 0) as bigint) as {{ count }},
    {%- endfor %}
    user_id
from first_week
group by user_id
