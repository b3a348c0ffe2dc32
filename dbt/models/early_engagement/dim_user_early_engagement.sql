{%- set events = events_list() %}
{%- set return_days = rule_number('early_engagement_return_days') | int %}

with

users as (

    select
        user_id,
        created_date,
        nullif(lower(trim(platform)), '') as creation_app_platform
    from {{ ref('stg_users') }}
    where not is_test_user

),

daily_events as (

    select
        user_id,
        event_date,
        event_name
    from {{ ref('fct_user_event_daily') }}
    where event_date < {{ as_of_date() }}

),

features as (

    select * from {{ ref('int_users_f7d_features_usage') }}

),

seen_from as (

    select min(event_date) as first_day from daily_events

),

-- The last day of the return window is over, and somebody recorded events when the first week began.
cohort as (

    select
        users.user_id,
        users.created_date,
        users.creation_app_platform
    from users
    inner join seen_from on users.created_date >= seen_from.first_day
    where users.created_date + {{ 28 + return_days }} <= {{ as_of_date() }}

),

returned as (

    select distinct cohort.user_id
    from cohort
    inner join daily_events on cohort.user_id = daily_events.user_id
    where
        daily_events.event_date >= cohort.created_date + 28
        and daily_events.event_date < cohort.created_date + {{ 28 + return_days }}
        and {{ is_return_event('daily_events.event_name') }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    cohort.user_id,
    cohort.created_date,
    cast(cohort.creation_app_platform as varchar) as creation_app_platform,
    {%- for event in events %}
    {%- set has, days, count = event_features(event) %}
    coalesce(features.{{ has }}, false) as {{ has }},
    coalesce(features.{{ days }}, 0) as {{ days }},
    coalesce(features.{{ count }}, 0) as {{ count }},
    {%- endfor %}
    returned.user_id is not null as is_retained_4_weeks
from cohort
left join features on cohort.user_id = features.user_id
left join returned on cohort.user_id = returned.user_id
