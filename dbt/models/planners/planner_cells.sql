{#- Quotients are kept as whole millionths, so that their sums are exact; days and yes-or-no are whole already. -#}
{%- set quotients = ['prompts_per_active_day', 'swipes_per_prompt', 'conversion_rate', 'days_to_become_planner'] -%}

with

users as (

    select * from {{ ref('user_segmentation') }}
    where run_key = {{ run_key() }}

),

scaled as (

    select
        user_type,
        {%- for name in quotients %}
        cast(round({{ name }} * 1000000, 0) as bigint) as {{ name }},
        {%- endfor %}
        days_active,
        case when is_activated then 1 else 0 end as is_activated
    from users

),

planners as (

    select * from scaled
    where user_type = 'Planner'

),

all_cells as (

    {% for name in quotients[:3] + ['days_active', 'is_activated'] %}
    {{ cells('scaled', name, name, ['user_type']) }}

    union all

    {% endfor %}
    {{ cells('planners', 'days_to_become_planner', 'days_to_become_planner', ['user_type']) }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    metric,
    user_type,
    cast(bin as varchar) as bin,
    cast(n as bigint) as n,
    s1,
    s2,
    s3
from all_cells
