{%- set features = [] -%}
{%- for segmentation in segmentations() -%}
    {%- for mean in segmentation.means if mean not in features -%}
        {%- do features.append(mean) -%}
    {%- endfor -%}
{%- endfor -%}

with

members as (

    select * from {{ ref('segment_members') }}
    where run_key = {{ run_key() }}

),

user_features as (

    select * from {{ ref('user_features') }}
    where run_key = {{ run_key() }}

),

people as (

    select
        members.segmentation,
        members.segment,
        members.is_dormant,
        {%- for mean in features %}
        cast(round(user_features.{{ mean.feature }} * {{ mean.scale }}, 0) as bigint) as {{ mean.feature }},
        {%- endfor %}
        members.user_id
    from members
    inner join user_features on members.user_id = user_features.user_id

),

{%- for segmentation in segmentations() %}
{%- for mean in segmentation.means %}

{{ segmentation.name }}_{{ mean.feature }} as (

    select
        segmentation,
        segment,
        is_dormant,
        {{ mean.feature }} as amount
    from people
    where
        segmentation = '{{ segmentation.name }}'
        and {{ mean.feature }} is not null

),
{%- endfor %}
{%- endfor %}

all_cells as (

    {% for segmentation in segmentations() -%}
    {% for mean in segmentation.means -%}
    {{ cells(segmentation.name ~ '_' ~ mean.feature, mean.feature, 'amount', ['segmentation', 'segment', 'is_dormant']) }}

    union all

    {% endfor -%}
    {% endfor -%}
    select
        cast(null as varchar) as metric,
        segmentation,
        segment,
        is_dormant,
        cast(null as varchar) as bin,
        0 as n,
        {{ as_wide_integer('0') }} as s1,
        {{ as_wide_integer('0') }} as s2,
        {{ as_wide_integer('0') }} as s3
    from people
    where 1 = 0

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    segmentation,
    metric,
    segment,
    is_dormant,
    cast(bin as varchar) as bin,
    cast(n as bigint) as n,
    s1,
    s2,
    s3
from all_cells
