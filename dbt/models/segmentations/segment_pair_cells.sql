{%- set keys = ['segmentation', 'comparison', 'earlier_as_of_date', 'earlier_run_key'] -%}
{%- set moves, outcomes = ['stayed', 'moved', 'gone'], ['retained', 'ratio', 'ratio_of_all'] -%}
{#- Named wherever the family that builds them is computed, so that the model waits for them whatever is declared where
    dbt parses. -#}
{%- set purchases = ref('fct_customer_category_daily') if computes('customer_segments') -%}
{%- set activity = [ref('fct_user_activity_daily'), ref('fct_user_event_daily')] if computes('engagement') -%}
{%- set compared = [] -%}
{%- for segmentation in segmentations() -%}
    {%- set earlier = {} -%}
    {%- for which in ['previous', 'year_before'] if earlier_run_of(segmentation, which) -%}
        {%- do earlier.update({which: earlier_run_of(segmentation, which)}) -%}
    {%- endfor -%}
    {%- do compared.append((segmentation, segmentation.means | map(attribute='feature') | list, earlier)) if earlier -%}
{%- endfor -%}

with

segment_members as (

    select * from {{ ref('segment_members') }}

),

user_features as (

    select * from {{ ref('user_features') }}

),

movement as (

    select * from {{ ref('segment_movement') }}

),

backtest_cells as (

    select * from {{ ref('segment_backtest_cells') }}

),

{%- for segmentation, features, earlier in compared %}

{{ segmentation.name }}_people as (

    select
        members.run_key,
        members.user_id,
        members.segment,
        {%- for mean in segmentation.means %}
        cast(round(features.{{ mean.feature }} * {{ mean.scale }}, 0) as bigint) as {{ mean.feature }},
        {%- endfor %}
        members.is_dormant
    from segment_members as members
    inner join user_features as features
        on
            members.run_key = features.run_key
            and members.user_id = features.user_id
    where members.segmentation = '{{ segmentation.name }}'

),

{%- for which in segmentation.get('same_rules', []) %}

-- Percentiles are those among the people of one run.
{{ segmentation.name }}_{{ which }}_same_rules as (

    select
        run_key,
        user_id,
        cast({{ decided_segment(segmentation) | indent(8) }} as varchar) as segment,
        {%- for mean in segmentation.means %}
        cast(round({{ mean.feature }} * {{ mean.scale }}, 0) as bigint) as {{ mean.feature }},
        {%- endfor %}
        {{ is_dormant_in(segmentation.population) }} as is_dormant
    from user_features
    where
        run_key = {{ earlier[which].run_key }}
        and {{ is_in(segmentation.population) }}

    union all

    select * from {{ segmentation.name }}_people
    where run_key = {{ run_key() }}

),
{%- endfor %}

{{ segmentation.name }}_pairs as (

    {% for which, run in earlier.items() -%}
    {% for suffix in ['', '_same_rules'] if not suffix or which in segmentation.get('same_rules', []) -%}
    {{ people_of_two_runs(
        segmentation.name ~ ('_' ~ which ~ suffix if suffix else '_people'), 'user_id', features, run,
        {'segmentation': "'" ~ segmentation.name ~ "'", 'comparison': "'" ~ which ~ suffix ~ "'"}
    ) }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

{{ segmentation.name }}_moved as (

    {{ moved_people('segment_members', 'user_id', 'segment', 'movement', "segmentation = '" ~ segmentation.name ~ "'") }}

),

{{ segmentation.name }}_moved_pairs as (

    {% for which, run in earlier.items() -%}
    {{ people_of_two_runs(
        segmentation.name ~ '_moved', 'user_id', moves, run,
        {'segmentation': "'" ~ segmentation.name ~ "'", 'comparison': "'" ~ which ~ "'"}
    ) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),
{%- if segmentation.backtest %}

{{ segmentation.name }}_windows as (

    {{ backtest_windows('backtest_cells', "segmentation = '" ~ segmentation.name ~ "'") }}

),

{{ segmentation.name }}_since as (

    {% if segmentation.backtest == 'spend' -%}
    {{ spend_in_windows(purchases, segmentation.name ~ '_windows') }}
    {%- else -%}
    select
        windows.run_key,
        days.user_id,
        count(*) as later_value
    from {{ segmentation.name }}_windows as windows
    inner join ({{ active_days() | indent(4) }}) as days
        on
            windows.window_start <= days.activity_date
            and windows.window_end > days.activity_date
    group by windows.run_key, days.user_id
    {%- endif %}

),

{{ segmentation.name }}_before as (

    select
        members.run_key,
        members.user_id,
        members.segment,
        {% if segmentation.backtest == 'spend' -%}
        cast(coalesce(features.spend_last_90_days, 0) * 100 as bigint) as prior_value
        {%- else -%}
        cast(coalesce(features.active_days_last_90_days, 0) as bigint) as prior_value
        {%- endif %}
    from segment_members as members
    inner join user_features as features
        on
            members.run_key = features.run_key
            and members.user_id = features.user_id
    where members.segmentation = '{{ segmentation.name }}'

),

{{ segmentation.name }}_followed as (

    {{ backtested_people(
        segmentation.name ~ '_before', 'user_id', segmentation.name ~ '_windows', segmentation.name ~ '_since'
    ) }}

),

{{ segmentation.name }}_followed_pairs as (

    {% for which, run in earlier.items() -%}
    {{ people_of_two_runs(
        segmentation.name ~ '_followed', 'user_id', outcomes, run,
        {'segmentation': "'" ~ segmentation.name ~ "'", 'comparison': "'" ~ which ~ "'"}
    ) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),
{%- endif %}
{%- endfor %}

all_cells as (

    {% for segmentation, features, _ in compared -%}
    {{ pair_cells_of_people(segmentation.name ~ '_pairs', keys) }}

    union all

    {% for feature in features -%}
    {{ pair_cells(segmentation.name ~ '_pairs', feature, 'prior_' ~ feature, 'later_' ~ feature, keys) }}

    union all

    {% endfor -%}
    {{ pair_cells_of_outcomes(segmentation.name ~ '_moved_pairs', moves, keys) }}

    union all

    {% if segmentation.backtest -%}
    {{ pair_cells_of_outcomes(segmentation.name ~ '_followed_pairs', outcomes, keys) }}

    union all

    {% endif -%}
    {% endfor -%}
    select
        cast(null as varchar) as metric,
        segment_members.segmentation,
        cast(null as varchar) as comparison,
        cast(null as date) as earlier_as_of_date,
        cast(null as varchar) as earlier_run_key,
        cast(null as varchar) as from_segment,
        cast(null as varchar) as to_segment,
        cast(null as varchar) as bin,
        cast(0 as bigint) as n,
        {%- for sums in ['prior_s1', 'later_s1', 'prior_s2', 'later_s2', 'cross_s2'] %}
        {{ as_wide_integer('0') }} as {{ sums }},
        {%- endfor %}
        cast(0 as bigint) as prior_nonzero,
        cast(0 as bigint) as later_nonzero
    from segment_members
    inner join user_features on segment_members.user_id = user_features.user_id
    inner join movement on segment_members.run_key = movement.run_key
    inner join backtest_cells on segment_members.run_key = backtest_cells.run_key
    where 1 = 0

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    {{ pair_cell_columns(keys) }}
from all_cells
