{%- set window = rule_days('journey_window_days') -%}

with

all_users as (

    {{ users_before_as_of() }}

),

-- Users who have had their whole window: day `window` lies before the as-of date.
users as (

    select
        user_id,
        created_date,
        {% if rule_choice('journey_funnel_group', ['install_month', 'platform']) == 'platform' -%}
        coalesce(platform, 'unknown') as group_name
        {%- else -%}
        cast(extract(year from created_date) as varchar)
        || '-' || lpad(cast(extract(month from created_date) as varchar), 2, '0') as group_name
        {%- endif %}
    from all_users
    where
        created_date >= {{ first_cohort_date() }}
        and {{ as_of_date() }} - created_date > {{ window }}

),

stage_dates as (

    {{ stage_dates('users') }}

),

steps as (

    select
        user_id,
        group_name,
        created_date,
        0 as stage_number,
        0 as days_taken
    from users

    union all

    select
        users.user_id,
        users.group_name,
        users.created_date,
        stage_dates.stage_number,
        stage_dates.completed_date - users.created_date as days_taken
    from stage_dates
    inner join users on stage_dates.user_id = users.user_id
    where stage_dates.is_in_order

),

times as (

    select
        group_name,
        created_date,
        stage_number,
        days_taken,
        count(*) as user_count
    from steps
    where days_taken <= {{ window }}
    group by group_name, created_date, stage_number, days_taken

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    cast(group_name as varchar) as group_name,
    cast(stage_number as integer) as stage_number,
    cast({{ stage_name('stage_number') }} as varchar) as stage_name,
    cast(days_taken as integer) as days_taken,
    cast(user_count as bigint) as user_count,
    created_date as cohort_date
from times
