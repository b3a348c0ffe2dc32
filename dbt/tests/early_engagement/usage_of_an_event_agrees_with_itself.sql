-- A returned row is a user of this run whose three features of one event contradict each other: done at all, on how
-- many of the seven days, how often.
{%- set events = events_list() %}

with

users as (

    select * from {{ ref('dim_user_early_engagement') }}
    where run_key = {{ run_key() }}

)

select
    user_id,
    {%- for event in events %}
    {%- for feature in event_features(event) %}
    {{ feature }},
    {%- endfor %}
    {%- endfor %}
    created_date
from users
where
    1 = 0
    {%- for event in events %}
    {%- set has, days, count = event_features(event) %}
    or not coalesce({{ has }} = ({{ days }} > 0) and {{ has }} = ({{ count }} > 0), false)
    or not coalesce({{ days }} between 0 and 7 and {{ count }} >= {{ days }}, false)
    {%- endfor %}
