{{ config(tags=['early_engagement']) }}
{%- set events = events_list() %}

with

users as (

    select
        user_id,
        created_date
    from {{ ref('stg_users') }}

),

daily_events as (

    select * from {{ ref('fct_user_event_daily') }}

),

-- The newest published date of this family: a date that only other families have published says nothing about events.
newest as (

    select max(as_of_date) as as_of_date
    from {{ ref('statistics_published') }}
    where family = 'early_engagement'

),

earliest as (

    select min(created_date) as first_day from users

),

-- A hundred thousand days: even an account from 1970 leaves room for two centuries.
day_numbers as (

    {{ whole_numbers(digits=5) }}

),

calendar as (

    select cast({{ dbt.dateadd('day', 'day_numbers.n', 'earliest.first_day') }} as date) as reporting_date
    from earliest
    cross join newest
    cross join day_numbers
    where day_numbers.n < newest.as_of_date - earliest.first_day

),

user_days as (

    select
        users.user_id,
        users.created_date,
        calendar.reporting_date
    from users
    inner join calendar on users.created_date <= calendar.reporting_date

),

counted as (

    select
        user_id,
        event_date,
        {%- for event in events %}
        sum(case when event_name = {{ event.literal }} then event_count else 0 end) as cnt_{{ event.slug }}_events,
        {%- endfor %}
        sum(event_count) as cnt_events
    from daily_events
    group by user_id, event_date

)

select
    user_days.user_id,
    user_days.reporting_date,
    cast(user_days.reporting_date - user_days.created_date as integer) as days_since_creation,
    {%- for event in events %}
    cast(coalesce(counted.cnt_{{ event.slug }}_events, 0) as bigint) as cnt_{{ event.slug }}_events,
    {%- endfor %}
    cast(coalesce(counted.cnt_events, 0) as bigint) as cnt_events
from user_days
left join counted
    on
        user_days.user_id = counted.user_id
        and user_days.reporting_date = counted.event_date
