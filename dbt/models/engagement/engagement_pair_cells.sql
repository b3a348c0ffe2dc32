{%- set keys = ['segmentation', 'comparison', 'earlier_as_of_date', 'earlier_run_key'] -%}
{%- set values = ['engagement_score', 'lifetime_revenue', 'revenue_last_90_days'] -%}
{%- set kinds = ['behavioral_segment', 'revenue_segment'] -%}
{%- set people = [('people', 'user_engagement')] -%}
{%- for which in same_rules('engagement') -%}
    {%- do people.append((which ~ '_people', which ~ '_under_the_same_rules')) -%}
{%- endfor -%}

with

user_engagement as (

    select * from {{ ref('user_engagement') }}

),

{%- for which in same_rules('engagement') %}

{{ which }}_under_the_same_rules as (

    {{ engagement_under_the_same_rules(compared_run('engagement', which)) }}

    union all

    select
        run_key,
        user_id,
        behavioral_segment,
        revenue_segment,
        engagement_score,
        lifetime_revenue,
        revenue_last_90_days
    from user_engagement
    where run_key = {{ run_key() }}

),
{%- endfor %}

{%- for segmentation in kinds %}
{%- for relation, rows in people %}

{{ segmentation }}_{{ relation }} as (

    select
        run_key,
        user_id,
        {{ segmentation }} as segment,
        cast(round(engagement_score * 1000000, 0) as bigint) as engagement_score,
        cast(lifetime_revenue * 100 as bigint) as lifetime_revenue,
        cast(revenue_last_90_days * 100 as bigint) as revenue_last_90_days,
        false as is_dormant
    from {{ rows }}

),
{%- endfor %}
{%- endfor %}

pairs as (

    {% for segmentation in kinds -%}
    {%- for which in ['previous', 'year_before'] -%}
    {%- set earlier = compared_run('engagement', which) -%}
    {%- if earlier -%}
    {{ people_of_two_runs(
        segmentation ~ '_people', 'user_id', values, earlier,
        {'segmentation': "'" ~ segmentation ~ "'", 'comparison': "'" ~ which ~ "'"}
    ) }}

    union all

    {% endif -%}
    {%- endfor -%}
    {%- for which in same_rules('engagement') -%}
    {{ people_of_two_runs(
        segmentation ~ '_' ~ which ~ '_people', 'user_id', values, compared_run('engagement', which),
        {'segmentation': "'" ~ segmentation ~ "'", 'comparison': "'" ~ which ~ "_same_rules'"}
    ) }}

    union all

    {% endfor -%}
    {%- endfor -%}
    {{ no_pairs('behavioral_segment_people', values, ['segmentation', 'comparison']) }}

),

all_cells as (

    {{ pair_cells_of('pairs', pair_cells_of_members('pairs', keys), values, keys) }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    {{ pair_cell_columns(keys) }}
from all_cells
