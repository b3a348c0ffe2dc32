{#- Quotients are kept as whole millionths, so that their sums are exact; days and yes-or-no are whole already. -#}
{%- set keys = ['comparison', 'earlier_as_of_date', 'earlier_run_key'] -%}
{%- set quotients = ['prompts_per_active_day', 'swipes_per_prompt', 'conversion_rate', 'days_to_become_planner'] -%}
{%- set flags = {
    'is_activated': 'is_activated',
    'is_almost_planner': 'is_almost_planner',
    'prompted_and_swiped': 'has_prompted_and_swiped',
    'created_deck': 'has_created_deck',
    'shared_content': 'has_shared_content',
    'created_multiplayer_session': 'has_created_multiplayer_session',
    'more_than_one': 'criteria_count > 1',
    'active_planner': "detailed_segment = 'Active Planner'",
    'at_risk_planner': "detailed_segment = 'At-Risk Planner'",
    'churned_planner': "detailed_segment = 'Churned Planner'",
} -%}
{%- set values = quotients + ['days_active'] + flags.keys() | list -%}

with

user_segmentation as (

    select * from {{ ref('user_segmentation') }}

),

people as (

    select
        run_key,
        user_id,
        user_type as segment,
        {%- for name in quotients %}
        cast(round({{ name }} * 1000000, 0) as bigint) as {{ name }},
        {%- endfor %}
        cast(days_active as bigint) as days_active,
        {%- for name, condition in flags.items() %}
        case when {{ condition }} then 1 else 0 end as {{ name }},
        {%- endfor %}
        false as is_dormant
    from user_segmentation

),

pairs as (

    {{ pairs_with_earlier_runs('planners', 'people', 'user_id', values) }}

),

all_cells as (

    {{ pair_cells_of('pairs', pair_cells_of_members('pairs', keys), values, keys) }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    {{ pair_cell_columns(keys) }}
from all_cells
