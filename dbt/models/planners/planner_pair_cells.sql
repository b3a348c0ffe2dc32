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
{%- set anew = [('people_anew', 'decided_anew')] if same_rules('planners') else [] -%}
{%- set relations = [('people', 'user_segmentation')] + anew -%}

with

user_segmentation as (

    select * from {{ ref('user_segmentation') }}

),

{%- if same_rules('planners') %}

-- The users of earlier runs by the rules of now, from what these kept of them; the days on which they were met, they did not keep.
counted_anew as (

    select
        run_key,
        user_id,
        prompts_per_active_day,
        swipes_per_prompt,
        conversion_rate,
        days_active,
        is_activated,
        total_prompts,
        total_swipes,
        days_since_last_activity,
        has_created_deck,
        has_shared_content,
        has_created_multiplayer_session,
        total_prompts >= {{ rule_number('planner_min_prompts') }}
        and total_swipes >= {{ rule_number('planner_min_swipes') }} as has_prompted_and_swiped
    from user_segmentation
    where run_key <> {{ run_key() }}

),

typed_anew as (

    select
        *,
        {{ decided_segment(segments_of_user_types()) | indent(8) }} as user_type
    from (
        select
            *,
            case when has_prompted_and_swiped then 1 else 0 end
            + case when has_created_deck then 1 else 0 end
            + case when has_shared_content then 1 else 0 end
            + case when has_created_multiplayer_session then 1 else 0 end as criteria_count
        from counted_anew
    ) as criteria

),

decided_anew as (

    select
        *,
        cast(null as double) as days_to_become_planner,
        {{ decided_segment(segments_of_planner_segments()) | indent(8) }} as detailed_segment,
        criteria_count = 0
        and (
            total_prompts >= {{ rule_number('almost_planner_min_prompts') }}
            or total_swipes >= {{ rule_number('almost_planner_min_swipes') }}
        ) as is_almost_planner
    from typed_anew

),
{%- endif %}

{%- for relation, rows in relations %}

{{ relation }} as (

    select
        run_key,
        user_id,
        cast(user_type as varchar) as segment,
        {%- for name in quotients %}
        cast(round({{ name }} * 1000000, 0) as bigint) as {{ name }},
        {%- endfor %}
        cast(days_active as bigint) as days_active,
        {%- for name, condition in flags.items() %}
        case when {{ condition }} then 1 else 0 end as {{ name }},
        {%- endfor %}
        false as is_dormant
    from {{ rows }}

),
{%- endfor %}
{%- if same_rules('planners') %}

people_under_the_same_rules as (

    select * from people_anew

    union all

    select * from people
    where run_key = {{ run_key() }}

),
{%- endif %}

pairs as (

    {{ pairs_with_earlier_runs('planners', 'people', 'user_id', values) }}
    {{ pairs_under_the_same_rules('planners', 'people_under_the_same_rules', 'user_id', values) }}

),

all_cells as (

    {{ pair_cells_of('pairs', pair_cells_of_members('pairs', keys), values, keys) }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    {{ pair_cell_columns(keys) }}
from all_cells
