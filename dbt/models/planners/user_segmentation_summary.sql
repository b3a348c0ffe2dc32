{%- set averages = ['prompts_per_active_day', 'swipes_per_prompt', 'conversion_rate', 'days_active'] -%}
{%- set criteria = ['prompted_and_swiped', 'created_deck', 'shared_content', 'created_multiplayer_session'] -%}

with

users as (

    select * from {{ ref('user_segmentation') }}
    where run_key = {{ run_key() }}

),

counted as (

    select
        count(*) as total_users,
        count(case when user_type = 'Planner' then 1 end) as total_planners,
        count(case when user_type = 'Passenger' then 1 end) as total_passengers,
        count(case when user_type = 'Planner' and is_activated then 1 end) as activated_planners,
        count(case when user_type = 'Passenger' and is_activated then 1 end) as activated_passengers,
        {%- for name in averages %}
        {{ exact_mean("case when user_type = 'Planner' then " ~ name ~ ' end') }} as planner_avg_{{ name }},
        {{ exact_mean("case when user_type = 'Passenger' then " ~ name ~ ' end') }} as passenger_avg_{{ name }},
        {%- endfor %}
        {%- for name in criteria %}
        count(case when has_{{ name }} then 1 end) as planners_{{ name }},
        {%- endfor %}
        count(case when criteria_count > 1 then 1 end) as planners_multiple_criteria,
        count(case when detailed_segment = 'Active Planner' then 1 end) as active_planners,
        count(case when detailed_segment = 'At-Risk Planner' then 1 end) as at_risk_planners,
        count(case when detailed_segment = 'Churned Planner' then 1 end) as churned_planners,
        count(case when is_almost_planner then 1 end) as almost_planners,
        {{ exact_mean('days_to_become_planner') }} as avg_days_to_become_planner,
        median(days_to_become_planner) as median_days_to_become_planner
    from users

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    cast(total_users as bigint) as total_users,
    cast(total_planners as bigint) as total_planners,
    cast(total_passengers as bigint) as total_passengers,
    {{ percent('total_planners', 'total_users') }} as planner_percentage,
    {{ percent('total_passengers', 'total_users') }} as passenger_percentage,
    {{ percent('activated_planners', 'total_planners') }} as planner_activation_rate,
    {{ percent('activated_passengers', 'total_passengers') }} as passenger_activation_rate,
    {%- for name in averages %}
    planner_avg_{{ name }},
    passenger_avg_{{ name }},
    planner_avg_{{ name }} / nullif(passenger_avg_{{ name }}, 0)
        as planner_vs_passenger_{{ 'conversion' if name == 'conversion_rate' else name }}_ratio,
    {%- endfor %}
    {%- for name in criteria %}
    cast(planners_{{ name }} as bigint) as planners_{{ name }},
    {%- endfor %}
    cast(planners_multiple_criteria as bigint) as planners_multiple_criteria,
    cast(active_planners as bigint) as active_planners,
    cast(at_risk_planners as bigint) as at_risk_planners,
    cast(churned_planners as bigint) as churned_planners,
    cast(almost_planners as bigint) as almost_planners,
    avg_days_to_become_planner,
    cast(median_days_to_become_planner as double) as median_days_to_become_planner
from counted
