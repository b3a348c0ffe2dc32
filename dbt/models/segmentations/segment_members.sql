with

user_features as (

    select * from {{ ref('user_features') }}
    where run_key = {{ run_key() }}

),

members as (

    {% for segmentation in segmentations() -%}
    select
        cast('{{ segmentation.name }}' as varchar) as segmentation,
        user_id,
        {{ decided_segment(segmentation) | indent(8) }} as segment,
        {{ is_dormant_in(segmentation.population) }} as is_dormant
    from user_features
    where {{ is_in(segmentation.population) }}
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        cast(null as varchar) as segmentation,
        user_id,
        cast(null as varchar) as segment,
        false as is_dormant
    from user_features
    where 1 = 0
    {% endfor %}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    segmentation,
    user_id,
    cast(segment as varchar) as segment,
    is_dormant
from members
