{%- set keys = ['segmentation', 'comparison', 'earlier_as_of_date', 'earlier_run_key'] -%}
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
{%- endfor %}

all_cells as (

    {% for segmentation, features, _ in compared -%}
    {{ pair_cells_of_people(segmentation.name ~ '_pairs', keys) }}

    union all

    {% for feature in features -%}
    {{ pair_cells(segmentation.name ~ '_pairs', feature, 'prior_' ~ feature, 'later_' ~ feature, keys) }}

    union all

    {% endfor -%}
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
    where 1 = 0

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    {{ pair_cell_columns(keys) }}
from all_cells
